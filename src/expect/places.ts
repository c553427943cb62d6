// Owns where a sight stands: the zone of its endpoint, else its address; and what all sights of one place say together. Pure.
import type { Expected, Rule, Sight } from '../contract/fact.ts';
import type { Endpoint } from '../model/target.ts';
import { visible } from '../model/text.ts';
import { isList } from './expected.ts';

export interface Placed {
  /** Null: of no endpoint. */
  readonly place: string | null;
  readonly sights: readonly Sight[];
}

/** The zone that a service is held to. That in the name of an address is a hint, which may be missing the next time. */
export function firmZone({ zone, zoneSource }: Endpoint): string | null {
  return zone === null || zoneSource === 'reverse-name' ? null : visible(zone);
}

export function placeName(endpoint: Endpoint): string {
  return firmZone(endpoint) ?? endpoint.address;
}

/** In the order seen. */
export function placed(sights: readonly Sight[], endpoints: readonly Endpoint[]): readonly Placed[] {
  const byPlace = Map.groupBy(sights, ({ endpoint }) => {
    const known = endpoints.find(({ id }) => id === endpoint);
    return known === undefined ? (endpoint as string | null) : placeName(known);
  });
  return [...byPlace].map(([place, same]) => ({ place, sights: same }));
}

/** Every item once; with `at-least-these`, those that all have. */
export function union(rule: Rule, lists: readonly (readonly string[])[]): readonly string[] {
  const all = [...new Set(lists.flat())];
  return rule === 'at-least-these' ? all.filter((item) => lists.every((list) => list.includes(item))) : all;
}

/** What to expect of a place, or of several as one; null where something is missing or unsteady. */
export function toExpect(rule: Rule, sights: readonly Sight[]): Expected | null {
  const each = sights.map(({ value, expect }): Expected | null => {
    if (value === null || expect === null) return null;
    if (expect !== undefined) return expect;
    if (typeof value !== 'number') return value;
    if (rule === 'at-least') return { atLeast: value };
    return rule === 'at-most' ? { atMost: value } : { atLeast: value, atMost: value };
  });
  const known = each.filter((expected) => expected !== null);
  if (known.length === 0 || known.length < each.length) return null;
  const lists = known.filter(isList);
  if (lists.length > 0) {
    const items = union(rule, lists);
    return items.length === 0 ? null : items;
  }
  const bounds = known.flatMap((expected) => (isList(expected) ? [] : [expected]));
  const least = bounds.flatMap(({ atLeast }) => atLeast ?? []);
  const most = bounds.flatMap(({ atMost }) => atMost ?? []);
  return {
    ...(least.length > 0 ? { atLeast: Math.min(...least) } : {}),
    ...(most.length > 0 ? { atMost: Math.max(...most) } : {}),
  };
}
