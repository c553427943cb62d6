// Owns which part of the callers DNS sends to each endpoint: by weights as they were counted, else each address alike. Pure.
import type { Endpoint } from '../../src/model/target.ts';
import type { IpAddress } from '../../src/model/text.ts';
import { wilsonInterval } from '../../src/stats/proportion.ts';
import type { DnsEvidence } from '../dns/evidence.ts';
import type { Share } from './evidence.ts';

type Policy = NonNullable<DnsEvidence['policy']>;

/** Null for an address that no answer of DNS gave (`--connect`). */
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
  const addresses = alike.size;
  const policy = dns?.policy;
  if (policy?.kind === 'weighted' && policy.setsSeen === policy.sets.length && policy.type === typeOf(family)) {
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
