// Owns which zone an address belongs to, as far as somebody knows: the module's own list, the name that leads to one zone alone, the clouds' lists.
// Pure: asks nobody.

import type { AddressRanges } from '../model/address-ranges.ts';
import { isInNetwork } from '../model/address-scope.ts';
import { ipAddress } from '../model/target.ts';
import { readTargetName } from '../model/target-names.ts';
import { dnsName } from '../model/text.ts';

/** By zone: addresses and networks. */
export type Zones = ReadonlyMap<string, readonly string[]>;

/** @param host that was asked for @returns null where nobody knows */
export function zoneOf(address: string, host: string, zones: Zones, networks: AddressRanges | null): string | null {
  // An interface behind it names no other address.
  const ip = ipAddress(address.replace(/%.*$/, ''));
  if (ip === null) return null;
  for (const [zone, places] of zones)
    if (places.some((place) => (place.includes('/') ? isInNetwork(ip, place) === true : ipAddress(place) === ip)))
      return zone;
  const name = dnsName(host);
  const told = name === null ? null : (readTargetName(name)?.zone ?? null);
  return told ?? networks?.find(ip).place?.zone ?? null;
}
