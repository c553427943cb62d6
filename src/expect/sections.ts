// Owns the list of all facts: those of the ride, then those of each probe that has some. Knows no probe by name.
import type { AnyProbe } from '../contract/probe.ts';
import type { FactSection } from './drift.ts';
import { rideSections } from './ride-facts.ts';

export async function sectionsOf(probes: readonly AnyProbe[]): Promise<readonly FactSection[]> {
  const own = await Promise.all(
    probes.map(async (probe): Promise<readonly FactSection[]> => {
      const facts = (await probe.facts?.()) ?? [];
      return facts.length === 0 ? [] : [{ section: probe.id, title: probe.title, probe: probe.id, facts }];
    }),
  );
  return [...rideSections, ...own.flat()];
}
