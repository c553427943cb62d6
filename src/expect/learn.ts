// Owns turning what a journey saw into expectations: only what is steady and was seen everywhere. Pure.
import type { Given } from '../contract/check.ts';
import type { AnyFact, Expected, Sight } from '../contract/fact.ts';
import type { Observation } from '../model/journey.ts';
import type { Json } from '../model/json.ts';
import type { FactSection } from './drift.ts';
import { asWritten, type Contract, isList } from './expected.ts';
import { firmZone, placed, toExpect } from './places.ts';

export interface Learned {
  readonly contract: Contract;
  /** Facts that were not taken up, and why. */
  readonly left: readonly { readonly section: string; readonly key: string; readonly because: string }[];
}

export function learn(observation: Observation, sections: readonly FactSection[], given: Given<unknown>): Learned {
  const contract: Record<string, Record<string, Json>> = {};
  const left: { section: string; key: string; because: string }[] = [];
  const looked = sections.flatMap(({ section, probe, facts }) =>
    facts
      .filter((fact) => fact.learned !== false)
      .map((fact) => ({ section, fact, seen: lookAt(fact, probe, observation, given) })),
  );
  const fixed = hasFixedPlaces(looked, given);
  for (const { section, fact, seen } of looked) {
    const value = 'unseen' in seen ? seen.unseen : expectationOf(fact, seen.sights, given, fixed);
    if (typeof value === 'object') (contract[section] ??= {})[fact.key] = value.value;
    else left.push({ section, key: fact.key, because: value });
  }
  return { contract, left };
}

type LookedAt = { readonly sights: readonly Sight[] } | { readonly unseen: string };

export function lookAt(fact: AnyFact, probe: string | null, observation: Observation, given: Given<unknown>): LookedAt {
  const evidence = probe === null ? null : (observation.evidence[probe] ?? null);
  if (probe !== null && evidence === null) return { unseen: `probe ${probe} did not look` };
  const seen = fact.look(evidence, given);
  return 'unseen' in seen ? seen : { sights: seen };
}

/** Whether an address may stand as a place: where DNS may give others tomorrow, nothing is said of one. */
function hasFixedPlaces(looked: readonly { readonly fact: AnyFact; readonly seen: LookedAt }[], given: Given<unknown>) {
  if (given.target.isAddress || given.endpoints.every(({ ttlSeconds }) => ttlSeconds === null)) return true;
  const addresses = looked.filter(({ fact }) => fact.rule === 'addresses');
  return addresses.some(({ seen }) => 'sights' in seen && seen.sights.every(({ expect }) => expect === undefined));
}

/** Or why there is none. */
function expectationOf(
  fact: AnyFact,
  sights: readonly Sight[],
  given: Given<unknown>,
  fixed: boolean,
): { readonly value: Json } | string {
  const blind = sights.find(({ value }) => value === null);
  if (blind !== undefined) return blind.because ?? 'not seen everywhere';
  const isZoned = given.endpoints.every((endpoint) => firmZone(endpoint) !== null);
  const groups = isZoned || fixed ? placed(sights, given.endpoints) : [{ place: null, sights }];
  const expected = groups.map(({ place, sights: same }) => [place, toExpect(fact.rule, same)] as const);
  const known = expected.flatMap(([place, each]) => (each === null ? [] : [[place, each] as const]));
  if (known.length < expected.length || known.length === 0) return 'not steady enough, or too small, to be held to';
  return { value: collapsed(fact, known) };
}

/** One value where all places have the same. */
function collapsed(fact: AnyFact, byPlace: readonly (readonly [string | null, Expected])[]): Json {
  const values = byPlace.map(([, expected]) => asWritten(fact.rule, sorted(expected)));
  const [first = null] = values;
  const isAlike = values.every((value) => JSON.stringify(value) === JSON.stringify(first));
  if (isAlike && (fact.rule !== 'addresses' || byPlace.length === 1)) return first;
  return Object.fromEntries(byPlace.map(([place], at) => [place ?? 'elsewhere', values[at] ?? null]));
}

function sorted(expected: Expected): Expected {
  return isList(expected) ? expected.toSorted() : expected;
}
