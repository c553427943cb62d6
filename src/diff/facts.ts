// Owns which facts differ between two journeys. Pure; what is unsteady by itself, or more hosts or fewer by chance, is no difference.
import type { AnyFact, Sight } from '../contract/fact.ts';
import { told } from '../expect/compare.ts';
import type { FactSection } from '../expect/drift.ts';
import { lookAt } from '../expect/learn.ts';
import { type Placed, placed, union } from '../expect/places.ts';
import type { FactChange, NotCompared } from '../model/diff.ts';
import type { Journey } from '../model/journey.ts';

export interface FactDifferences {
  readonly facts: readonly FactChange[];
  readonly notCompared: readonly NotCompared[];
}

export function factDifferences(before: Journey, after: Journey, sections: readonly FactSection[]): FactDifferences {
  const facts: FactChange[] = [];
  const notCompared: NotCompared[] = [];
  // Times are compared sample by sample, elsewhere.
  const compared = sections.flatMap((section) =>
    section.facts.filter(({ rule }) => rule !== 'at-most').map((fact) => ({ ...section, fact })),
  );
  for (const { section, probe, fact } of compared) {
    const [was, is] = [seenIn(before, probe, fact), seenIn(after, probe, fact)];
    const what = `${section}.${fact.key}`;
    const isOnceSeen = (was.length === 0) !== (is.length === 0);
    if (isOnceSeen) notCompared.push({ what, place: null, because: because(was.length > 0) });
    else if (was.length > 0) {
      for (const [place, one, other] of pairs(was, is)) {
        const change = one === null || other === null ? null : changeOf(fact, one, other);
        if (change !== null) facts.push({ section, key: fact.key, title: fact.title, place, ...change });
        const isHalf = one !== other && (one === null || other === null);
        // An endpoint that came or went is told by its zone or address.
        if (isHalf && hasPlace(before, place) && hasPlace(after, place))
          notCompared.push({ what, place, because: because(one !== null) });
      }
    }
  }
  return { facts, notCompared };
}

function because(wasSeen: boolean): string {
  return wasSeen ? 'seen before, not seen now' : 'not seen before, seen now';
}

/** Places where all sights have a value. */
function seenIn(journey: Journey, probe: string | null, fact: AnyFact): readonly Placed[] {
  const { target, endpoints, hops } = journey;
  const given = { policy: {}, asOfMs: Date.parse(journey.judgedWith.asOf), target, endpoints, hops };
  const seen = lookAt(fact, probe, journey, given);
  if ('unseen' in seen) return [];
  return placed(seen.sights, endpoints).filter(({ sights }) => sights.every(({ value }) => value !== null));
}

function pairs(was: readonly Placed[], is: readonly Placed[]) {
  const places = new Set([...was, ...is].map(({ place }) => place));
  const find = (list: readonly Placed[], place: string | null) =>
    list.find((each) => each.place === place)?.sights ?? null;
  return [...places].map((place) => [place, find(was, place), find(is, place)] as const);
}

function hasPlace({ endpoints }: Journey, place: string | null): boolean {
  return place === null || endpoints.some(({ zone, address }) => zone === place || address === place);
}

/** Both in words, or null where they are the same. */
function changeOf(
  fact: AnyFact,
  was: readonly Sight[],
  is: readonly Sight[],
): Pick<FactChange, 'before' | 'after' | 'gone' | 'added'> | null {
  if (fact.learned !== false && [...was, ...is].some(({ expect }) => expect === null)) return null;
  const [before, after] = [valuesOf(fact, was), valuesOf(fact, is)];
  if (before.toSorted().join('\n') === after.toSorted().join('\n')) return null;
  const weighed = [...was, ...is].some(({ weigh }) => weigh !== undefined);
  if (weighed && !isMoreThanChance(was, is) && !isMoreThanChance(is, was)) return null;
  const isList = fact.rule !== 'between' && fact.rule !== 'at-least';
  return {
    ...{ before: told(before), after: told(after) },
    gone: isList ? before.filter((item) => !after.includes(item)) : [],
    added: isList ? after.filter((item) => !before.includes(item)) : [],
  };
}

function valuesOf(fact: AnyFact, sights: readonly Sight[]): readonly string[] {
  return union(
    fact.rule,
    sights.map(({ value }) => (Array.isArray(value) ? (value as readonly string[]) : [String(value)])),
  );
}

/** Whether what one journey saw, had it to be promised, would be missed by the other. */
function isMoreThanChance(one: readonly Sight[], other: readonly Sight[]): boolean {
  const bounds = one.flatMap(({ expect }) => (expect != null && 'atLeast' in expect ? (expect.atLeast ?? []) : []));
  const bound = Math.min(...bounds);
  return other.some(({ value, weigh }) => Number(value) < bound && weigh?.(bound) === 'drift');
}
