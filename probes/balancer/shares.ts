// Owns which part of the callers DNS sends to each endpoint: by weights as they were counted, else each address alike. Pure.
import type { Endpoint } from '../../src/model/target.ts';
import type { IpAddress } from '../../src/model/text.ts';
import { wilsonInterval } from '../../src/stats/proportion.ts';
import type { DnsEvidence } from '../dns/evidence.ts';
import type { Share } from './evidence.ts';

type Policy = NonNullable<DnsEvidence['policy']>;

/** Of these kinds other callers are sent to addresses that were not seen here: no share can be told. */
const ELSEWHERE: ReadonlySet<Policy['kind']> = new Set(['client-dependent']);

/** Null for an address that no answer of DNS gave (`--connect`), and where answers depend on who asks or on what an alias was drawn. */
export function shareOf(
  endpoint: Endpoint,
  endpoints: readonly Endpoint[],
  dns: DnsEvidence | undefined,
): Share | null {
  if (endpoint.ttlSeconds === null) return null;
  const { address, family } = endpoint;
  const alike = new Set(
    endpoints.filter((one) => one.family === family && one.ttlSeconds !== null).map((one) => one.address),
  );
  const policy = dns?.policy;
  if (dns?.aliasPolicy?.kind === 'weighted' || (policy !== undefined && ELSEWHERE.has(policy.kind))) return null;
  const isOfFamily = policy?.type === typeOf(family);
  // Each answer holds a few of a pool.
  const pool = policy?.kind === 'multivalue' && isOfFamily ? (policy.pool ?? 0) : 0;
  const addresses = Math.max(alike.size, pool);
  if (policy?.kind === 'weighted' && policy.setsSeen === policy.sets.length && isOfFamily) {
    const counted = countedShare(address, policy);
    if (counted !== null) return { by: 'weights', ...counted, addresses, family };
  }
  return { by: 'addresses', share: 1 / addresses, interval: null, addresses, family };
}

const typeOf = (family: 4 | 6): Policy['type'] => (family === 4 ? 'A' : 'AAAA');

/** Callers take any address of the answer that they get. A part of an answer varies less than a whole one: the interval is on the safe side. */
function countedShare(address: IpAddress, { sets, queries }: Policy): Pick<Share, 'share' | 'interval'> | null {
  const holding = sets.filter(({ addresses }) => addresses.includes(address));
  const parts = holding.reduce((sum, { n, addresses }) => sum + n / addresses.length, 0);
  if (parts === 0 || parts > queries) return null;
  const [low, high] = wilsonInterval(parts, queries);
  return { share: parts / queries, interval: [low, high] };
}
