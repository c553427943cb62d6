// Owns how the networks of addresses and name servers are told: the spread over operators and regions, the systems. Pure.
import type { Block } from '../../src/contract/section.ts';
import type { Json } from '../../src/model/json.ts';
import type { DnsEvidence, NetworkEvidence } from './evidence.ts';

/** Places named in the sentence. */
const SHOWN = 4;

interface Spread {
  readonly operator: string | null;
  readonly region: string | null;
  readonly localZone: string | null;
  readonly addresses: number;
}

/** How many addresses of the name stand where, the most first. Addresses that no list holds are a place of their own. */
function spreadOf({ networks = [] }: DnsEvidence): readonly Spread[] {
  const own = networks.filter(({ of }) => of === 'address');
  const places = Map.groupBy(own, ({ operator, region, localZone }) => JSON.stringify([operator, region, localZone]));
  return [...places.values()]
    .flatMap((same) => {
      const [first] = same;
      return first === undefined ? [] : [{ ...placeOf(first), addresses: same.length }];
    })
    .toSorted((a, b) => b.addresses - a.addresses);
}

function placeOf({ operator, region, localZone }: NetworkEvidence): Omit<Spread, 'addresses'> {
  return { operator, region, localZone };
}

/** The part of the answer that says whose the addresses are and where; empty when no list holds any of them. */
export function standsIn(dns: DnsEvidence): string {
  const known = spreadOf(dns).filter(({ operator }) => operator !== null);
  if (known.length === 0) return '';
  const words = known.map((one) => `${placeWords(one)} (${one.addresses})`);
  const more = words.length > SHOWN ? ` and ${words.length - SHOWN} more places` : '';
  return `; its addresses are of ${words.slice(0, SHOWN).join(', ')}${more}`;
}

function placeWords({ operator, region, localZone }: Pick<Spread, 'operator' | 'region' | 'localZone'>): string {
  return [operator, localZone ?? region].filter((part) => part !== null).join(' ');
}

/** The autonomous systems of a zone's servers; null where the list does not know one of them, or none was given. */
export function systemsOf({ networks = [] }: DnsEvidence, zone: string): ReadonlySet<number> | null {
  const servers = networks.filter((one) => one.of === 'name-server' && one.zone === zone);
  const known = servers.flatMap(({ asn }) => asn ?? []);
  return servers.length === 0 || known.length < servers.length ? null : new Set(known);
}

export function networkFacts(dns: DnsEvidence): { readonly [name: string]: Json } {
  if (dns.networks === undefined) return {};
  const servers = dns.networks.filter(({ of }) => of === 'name-server');
  const systems = [...new Set(servers.flatMap(({ asn }) => asn ?? []))].toSorted((a, b) => a - b);
  return {
    addressSpread: spreadOf(dns).map((one) => ({ ...one })),
    nameServerOperators: [...new Set(servers.flatMap(({ operator }) => operator ?? []))],
    nameServerAutonomousSystems: systems,
  };
}

export function networkBlocks({ networks = [] }: DnsEvidence): readonly Block[] {
  if (networks.length === 0) return [];
  const columns = ['address', 'of', 'network', 'operator', 'service', 'region', 'zone', 'AS', 'AS name'];
  const rows = networks.map((one) => [
    one.address,
    one.of === 'address' ? 'the name' : `name server of ${one.zone ?? ''}`,
    one.prefix,
    one.operator,
    one.service,
    one.region,
    one.localZone,
    one.asn,
    one.asName,
  ]);
  return [{ kind: 'table', columns, rows }];
}
