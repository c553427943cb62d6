// Owns what is taken over from earlier journeys: the addresses of the name, and how each did there. Pure; judges nothing.

import type { Observation } from '../../src/model/journey.ts';
import type { Hop } from '../../src/model/latency.ts';
import { type Endpoint, ipAddress } from '../../src/model/target.ts';
import { type IpAddress, interpret } from '../../src/model/text.ts';
import { leafZone } from './derive.ts';
import type { DnsEvidence, EarlierEvidence } from './evidence.ts';

/** Addresses written down of each journey, and their share in the comparison. */
const MAX_ADDRESSES = 64;

/** Journeys that did not ask DNS are left out. Their evidence was held against its schema when they were read. */
export function earlierOf(before: readonly Observation[]): EarlierEvidence[] {
  return before.flatMap(({ id, startedAt, endpoints, hops, evidence }) => {
    const dns = (evidence['dns'] ?? null) as unknown as DnsEvidence | null;
    if (dns === null) return [];
    const all = addressesIn(dns);
    const health = healthOf(endpoints, hops);
    const policy = dns.policy === undefined ? null : { kind: dns.policy.kind, setsSeen: dns.policy.setsSeen };
    return {
      id,
      startedAt,
      canonicalName: dns.canonicalName,
      addresses: all.slice(0, MAX_ADDRESSES).map((address) => ({ address, ...health(address) })),
      addressesSeen: all.length,
      policy,
    };
  });
}

export interface Health {
  readonly requests: number;
  readonly failures: number;
}

/** How the requests to an address went, all ports together; what was under way at the end of the ride counts for nothing. */
export function healthOf(endpoints: readonly Endpoint[], hops: readonly Hop[]): (address: IpAddress) => Health {
  return (address) => {
    const ids = new Set(endpoints.filter((endpoint) => endpoint.address === address).map(({ id }) => id));
    const totals = hops.filter((hop) => hop.id === 'total' && hop.endpoint !== null && ids.has(hop.endpoint));
    const cancelled = totals.reduce((sum, { errors }) => sum + (errors.cancelled ?? 0), 0);
    const requests = totals.reduce((sum, { attempts }) => sum + attempts, 0) - cancelled;
    const failures = totals.reduce((sum, hop) => sum + hop.failures, 0) - cancelled;
    return { requests, failures };
  };
}

/** Every address that was given for the canonical name, sorted: by the resolver, by its zone's servers, and to the questions for the policy. */
export function addressesIn(dns: DnsEvidence): readonly IpAddress[] {
  const isAddress = ({ type }: { readonly type: string }) => type === 'A' || type === 'AAAA';
  const servers = leafZone(dns)?.nameservers.flatMap(({ byAddress }) => byAddress) ?? [];
  const told = [...dns.records, ...servers.flatMap(({ answers }) => answers)].filter(isAddress);
  const drawn = dns.policy?.sets.flatMap(({ addresses }) => addresses) ?? [];
  const found = [...told.map(({ data }) => interpret(data, ipAddress)), ...drawn.map((member) => ipAddress(member))];
  return [...new Set(found.filter((address) => address !== null))].toSorted();
}
