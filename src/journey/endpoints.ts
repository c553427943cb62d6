// Owns the step from a lookup (or addresses given by hand) to the endpoints that are ridden. Sends nothing.

import type { ZoneTold } from '../contract/probe.ts';
import { type Endpoint, endpointId, familyOf, type Target } from '../model/target.ts';
import { readTargetName } from '../model/target-names.ts';
import type { IpAddress } from '../model/text.ts';
import type { Lookup } from '../model/trace.ts';
import { MAX_ENDPOINTS, type NamedZone, type PinnedAddress, type RideSettings } from './settings.ts';

/** What decides which addresses are gone to. */
export type EndpointSettings = Pick<RideSettings, 'target' | 'connect' | 'families' | 'zones' | 'networks'>;

export interface Endpoints {
  readonly ridden: readonly Endpoint[];
  /** How many more there were. */
  readonly leftOut: number;
}

/** Every address once, IPv4 first, each family in the order of its text so that two journeys list alike. */
export function endpointsOf(settings: EndpointSettings, lookup: Lookup | null): Endpoints {
  const found = settings.connect.length > 0 ? settings.connect.map(pinned) : fromTarget(settings.target, lookup);
  const told = zoneOfName(settings.connect.length > 0 ? null : lookup);
  const unique = new Map<string, Endpoint>();
  for (const { address, port, zone, ttlSeconds } of found) {
    const id = endpointId(address, port ?? settings.target.port);
    const named =
      zone === null
        ? (zoneOf(address, settings.zones) ?? told ?? zoneOfNetwork(address, settings))
        : { zone, zoneSource: 'flag' as const };
    const endpoint = {
      id,
      address,
      port: port ?? settings.target.port,
      family: familyOf(address),
      ...named,
      ttlSeconds,
    };
    if (!unique.has(id)) unique.set(id, endpoint);
  }
  const wanted = [...unique.values()].filter((endpoint) => settings.families.includes(endpoint.family));
  if (settings.connect.length === 0) wanted.sort(byFamilyThenAddress);
  return { ridden: wanted.slice(0, MAX_ENDPOINTS), leftOut: Math.max(0, wanted.length - MAX_ENDPOINTS) };
}

type Found = PinnedAddress & { readonly ttlSeconds: number | null };

function pinned(address: PinnedAddress): Found {
  return { ...address, ttlSeconds: null };
}

function fromTarget(target: Target, lookup: Lookup | null): readonly Found[] {
  if (target.isAddress) return [{ address: target.host as IpAddress, port: null, zone: null, ttlSeconds: null }];
  return (lookup?.addresses ?? []).map(({ address, ttlSeconds }) => ({ address, port: null, zone: null, ttlSeconds }));
}

type OfZone = Pick<Endpoint, 'zone' | 'zoneSource'>;

function zoneOf(address: IpAddress, zones: readonly NamedZone[]): OfZone | null {
  const zone = zones.find((candidate) => candidate.addresses.includes(address));
  return zone === undefined ? null : { zone: zone.name, zoneSource: zone.source };
}

/** The zone that a name of the chain leads to, for all its addresses: such a name has those of one zone only. */
function zoneOfName(lookup: Lookup | null): OfZone | null {
  const names = lookup === null ? [] : [...lookup.aliases.map(({ name }) => name), lookup.canonicalName];
  const zone = names.map((name) => readTargetName(name)?.zone ?? null).findLast((found) => found !== null) ?? null;
  return zone === null ? null : { zone, zoneSource: 'dns-name' };
}

/** Only a zone whose addresses are its own: those of a region's other zones are not told apart by any list. */
function zoneOfNetwork(address: IpAddress, { networks }: EndpointSettings): OfZone {
  const zone = networks?.find(address).place?.zone ?? null;
  return zone === null ? { zone: null, zoneSource: null } : { zone, zoneSource: 'network' };
}

/** The weakest source: an endpoint whose zone is known keeps it. */
export function withZones(endpoints: readonly Endpoint[], told: readonly ZoneTold[]): readonly Endpoint[] {
  return endpoints.map((endpoint) => {
    const zone = endpoint.zone ?? told.find(({ address }) => address === endpoint.address)?.zone ?? null;
    return zone === endpoint.zone ? endpoint : { ...endpoint, zone, zoneSource: 'reverse-name' };
  });
}

function byFamilyThenAddress(a: Endpoint, b: Endpoint): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.address.localeCompare(b.address, 'en', { numeric: true });
}
