// Owns looking the addresses around the name up in the lists that a person gave. Asks nobody, judges nothing.
import { type AddressRanges } from '../../src/model/address-ranges.ts';
import type { DnsName, IpAddress } from '../../src/model/text.ts';
import type { Lookup } from '../../src/model/trace.ts';
import type { NetworkEvidence, ZoneEvidence } from './evidence.ts';

/** Addresses of the name, and of name servers, that are looked up. */
const MAX_ADDRESSES = 64;

/** The addresses of the name first, then those of the servers of its zones, each once. */
export function networksOf(ranges: AddressRanges, lookup: Lookup, zones: readonly ZoneEvidence[]): NetworkEvidence[] {
  const addresses = lookup.addresses.map(({ address }) => ({ address, of: 'address' as const, zone: null }));
  const servers = zones.flatMap(({ zone, nameservers }) => {
    const all = new Set(nameservers.flatMap((nameserver) => nameserver.addresses));
    return [...all].map((address) => ({ address, of: 'name-server' as const, zone }));
  });
  return [...addresses.slice(0, MAX_ADDRESSES), ...servers.slice(0, MAX_ADDRESSES)].map((one) => looked(ranges, one));
}

interface Asked {
  readonly address: IpAddress;
  readonly of: NetworkEvidence['of'];
  readonly zone: DnsName | null;
}

function looked(ranges: AddressRanges, asked: Asked): NetworkEvidence {
  const { prefix, place, autonomousSystem } = ranges.find(asked.address);
  return {
    ...asked,
    prefix,
    operator: place?.operator ?? null,
    service: place?.service ?? null,
    region: place?.region ?? null,
    localZone: place?.zone ?? null,
    asn: autonomousSystem?.asn ?? null,
    asName: autonomousSystem?.name ?? null,
  };
}
