// Owns holding what was seen in one place to what is expected there, and saying both. Pure.
import type { Bounds, Expected, Rule, Sight, Weight } from '../contract/fact.ts';
import { isInNetwork } from '../model/address-scope.ts';
import { ipAddress } from '../model/target.ts';
import { isList } from './expected.ts';
import { union } from './places.ts';

/** `before` and `after` are what was expected and what is, in words. */
export type Held =
  | { readonly held: 'yes' }
  | { readonly held: 'no'; readonly before: string; readonly after: string }
  | { readonly held: 'unknown'; readonly because: string };

const YES: Held = { held: 'yes' };
/** Items told of a list; more are counted. */
const MOST_TOLD = 12;

/** @param sights of one place; none of them without a value */
export function compare(rule: Rule, expected: Expected, sights: readonly Sight[]): Held {
  if (!isList(expected)) return compareNumbers(expected, sights);
  const seen = union(
    rule,
    sights.map(({ value }) => (Array.isArray(value) ? (value as readonly string[]) : [String(value)])),
  );
  const { gone, added } = differences(rule, expected, seen);
  if (gone.length === 0 && added.length === 0) return YES;
  const changes = [
    ...(gone.length > 0 && rule !== 'nothing-but' ? [`gone: ${told(gone)}`] : []),
    ...(added.length > 0 && rule !== 'nothing-but' ? [`new: ${told(added)}`] : []),
  ];
  const after = rule === 'at-least-these' ? changes.join('; ') : [told(seen), ...changes].join('; ');
  return { held: 'no', before: told(expected), after };
}

/** What is expected and is not there, and what is there and is not expected. */
export function differences(
  rule: Rule,
  expected: readonly string[],
  seen: readonly string[],
): { readonly gone: readonly string[]; readonly added: readonly string[] } {
  const missing = expected.filter((item) => !seen.includes(item));
  const strange = seen.filter((item) => !expected.includes(item));
  switch (rule) {
    case 'nothing-but':
      return { gone: [], added: strange };
    case 'at-least-these':
      return { gone: missing, added: [] };
    case 'addresses':
      return {
        gone: missing.filter((item) => !item.includes('/')),
        added: strange.filter((item) => !expected.some((range) => isWithin(item, range))),
      };
    default:
      return { gone: missing, added: strange };
  }
}

function isWithin(address: string, range: string): boolean {
  const known = ipAddress(address);
  return known !== null && isInNetwork(known, range) === true;
}

export function told(items: readonly string[]): string {
  if (items.length === 0) return 'none';
  const more = items.length - MOST_TOLD;
  const shown = items.slice(0, MOST_TOLD).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function compareNumbers(bounds: Bounds, sights: readonly Sight[]): Held {
  const outside = sights.flatMap((sight) => {
    const bound = boundBroken(bounds, Number(sight.value));
    return bound === null ? [] : [{ sight, bound, weight: sight.weigh?.(bound) ?? ('drift' as Weight) }];
  });
  const drifted = outside.find(({ weight }) => weight === 'drift');
  if (drifted !== undefined) {
    return { held: 'no', before: boundsWords(bounds), after: numberWords(Number(drifted.sight.value)) };
  }
  const open = outside.map(({ weight }) => weight).find((weight) => typeof weight === 'object');
  return open === undefined ? YES : { held: 'unknown', because: open.because };
}

function boundBroken({ atLeast, atMost }: Bounds, value: number): number | null {
  if (atLeast !== undefined && value < atLeast) return atLeast;
  return atMost !== undefined && value > atMost ? atMost : null;
}

function boundsWords({ atLeast, atMost }: Bounds): string {
  if (atLeast === atMost) return numberWords(atLeast ?? 0);
  return [
    ...(atLeast === undefined ? [] : [`at least ${numberWords(atLeast)}`]),
    ...(atMost === undefined ? [] : [`at most ${numberWords(atMost)}`]),
  ].join(', ');
}

/** Three digits are what anybody reads; whole numbers as they are. */
function numberWords(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}
