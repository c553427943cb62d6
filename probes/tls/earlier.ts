// Owns what is taken over from earlier journeys: the server certificate of each endpoint. Pure; judges nothing.
import type { Observation } from '../../src/model/journey.ts';
import type { TlsEvidence } from './evidence.ts';
import type { EarlierTls } from './evidence-earlier.ts';

const MAX_ENDPOINTS = 64;

/** Journeys that did not look at TLS are left out. Their evidence was held against its schema when they were read. */
export function earlierOf(before: readonly Observation[]): EarlierTls[] {
  return before.flatMap(({ id, startedAt, evidence }) => {
    const tls = (evidence['tls'] ?? null) as unknown as TlsEvidence | null;
    return tls === null ? [] : [{ id, startedAt, ...shownIn(tls) }];
  });
}

/** What this journey will say of itself when it is an earlier one. */
export function shownIn({ byEndpoint, certificates }: TlsEvidence): Pick<EarlierTls, 'endpoints' | 'certificates'> {
  const endpoints = byEndpoint
    .slice(0, MAX_ENDPOINTS)
    .flatMap(({ endpoint, zone, chainSent, otherChains, verdict }) => {
      const [leaf] = chainSent;
      if (leaf === undefined) return [];
      const others = otherChains.flatMap((chain) => chain.chainSent.slice(0, 1)).filter((other) => other !== leaf);
      return [{ endpoint, zone, leaf, others, root: verdict?.paths[0]?.certificates.at(-1) ?? null }];
    });
  const leaves = new Set(endpoints.flatMap(({ leaf, others }) => [leaf, ...others]));
  const kept = Object.entries(certificates).filter(([fingerprint]) => leaves.has(fingerprint));
  return { endpoints, certificates: Object.fromEntries(kept) };
}
