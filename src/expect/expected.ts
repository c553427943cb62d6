// Owns the words of an expectation as a person writes them: by rule a list, a number, or bounds; for all places alike or place by place.
// Pure; knows no file.
import type { Bounds, Expected, Rule } from '../contract/fact.ts';
import type { Json } from '../model/json.ts';

/** Expectations by section (a probe, or a part of the ride) and key, as written. */
export interface Contract {
  readonly [section: string]: { readonly [key: string]: Json };
}

/** By place; the key `null` holds everywhere. */
export type Expectation = ReadonlyMap<string | null, Expected>;

/** What is wrong with one, and where below its key. */
export interface Misfit {
  readonly path: readonly string[];
  readonly says: string;
}

export const isMisfit = (value: Expectation | Misfit): value is Misfit => 'says' in value;

/** Longer than any list a person reads. */
const MOST_ITEMS = 1000;

export function readExpectation(rule: Rule, written: Json): Expectation | Misfit {
  const isByPlace = isMapping(written) && !(isNumeric(rule) && isBounds(written));
  if (!isByPlace) return readFor(rule, [[null, written]], []);
  const entries = Object.entries(written);
  if (entries.length === 0) return { path: [], says: 'names no place' };
  return readFor(rule, entries, entries);
}

function readFor(
  rule: Rule,
  entries: readonly (readonly [string | null, Json])[],
  named: readonly (readonly [string, Json])[],
): Expectation | Misfit {
  const read = new Map<string | null, Expected>();
  for (const [place, value] of entries) {
    const expected = isNumeric(rule) ? boundsOf(rule, value) : listOf(value);
    if (typeof expected === 'string') return { path: named.length === 0 ? [] : [String(place)], says: expected };
    read.set(place, expected);
  }
  return read;
}

export function isNumeric(rule: Rule): rule is 'between' | 'at-least' | 'at-most' {
  return rule === 'between' || rule === 'at-least' || rule === 'at-most';
}

function isMapping(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBounds(value: { readonly [name: string]: Json }): boolean {
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => name === 'atLeast' || name === 'atMost');
}

/** Or what is wrong. */
function listOf(value: Json): readonly string[] | string {
  const items = Array.isArray(value) ? (value as readonly Json[]) : [value];
  if (items.length > MOST_ITEMS) return `has more than ${MOST_ITEMS} items`;
  const isText = (item: Json) => typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean';
  if (items.length === 0 || !items.every(isText)) return 'wants a text, or a list of texts';
  return items.map(String);
}

function boundsOf(rule: 'between' | 'at-least' | 'at-most', value: Json): Bounds | string {
  if (isNumber(value)) {
    if (rule === 'at-least') return { atLeast: value };
    return rule === 'at-most' ? { atMost: value } : { atLeast: value, atMost: value };
  }
  const wanted = rule === 'between' ? 'wants a number, or { atLeast: N, atMost: N }' : 'wants a number';
  if (!isMapping(value) || !isBounds(value)) return wanted;
  const { atLeast, atMost } = value as { readonly atLeast?: Json; readonly atMost?: Json };
  if ([atLeast, atMost].some((bound) => bound !== undefined && !isNumber(bound))) return wanted;
  const bounds = value as Bounds;
  if ((bounds.atLeast ?? 0) > (bounds.atMost ?? Number.POSITIVE_INFINITY)) return 'has atLeast above atMost';
  return bounds;
}

function isNumber(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** As a person would write it: one thing without a list, one number without bounds. */
export function asWritten(rule: Rule, expected: Expected): Json {
  if (isList(expected)) {
    const items = expected.map((item) => (/^(0|[1-9]\d{0,8})$/.test(item) ? Number(item) : item));
    return items.length === 1 && rule === 'nothing-but' ? (items[0] ?? null) : items;
  }
  const { atLeast, atMost } = expected;
  if (rule === 'at-least') return atLeast ?? 0;
  if (rule === 'at-most') return atMost ?? 0;
  return atLeast === atMost ? (atLeast ?? 0) : { ...expected };
}

export function isList(expected: Expected): expected is readonly string[] {
  return Array.isArray(expected);
}
