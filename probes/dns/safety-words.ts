// Owns what checks and the answer conclude from the record of safety: names at providers that anybody may claim, and the facts. Pure.
import type { Json } from '../../src/model/json.ts';
import { leafZone } from './derive.ts';
import type { DnsEvidence } from './evidence.ts';
import { operatorOf } from './provider.ts';

/** For a part of the record that is not there. */
export const NOT_LOOKED = {
  outcome: 'not-applicable',
  because: 'the journey did not look for this',
} as const;

/**
 * Suffixes below which a provider's customers choose their own names, and where "does not exist" proves that the name is free to
 * choose: github.com/EdOverflow/can-i-take-over-xyz, fingerprints.json of 2025-02-08, rows "vulnerable" with "nxdomain".
 */
const claimable: readonly (readonly [suffix: string, provider: string])[] = [
  ['elasticbeanstalk.com', 'AWS Elastic Beanstalk'],
  ['trydiscourse.com', 'Discourse'],
  ...[
    'azure-api.net',
    'azurecontainer.io',
    'azurecr.io',
    'azuredatalakestore.net',
    'azureedge.net',
    'azurehdinsight.net',
    'azurewebsites.net',
    'blob.core.windows.net',
    'cloudapp.azure.com',
    'cloudapp.net',
    'database.windows.net',
    'redis.cache.windows.net',
    'search.windows.net',
    'servicebus.windows.net',
    'visualstudio.com',
  ].map((suffix) => [suffix, 'Microsoft Azure'] as const),
];

/** The provider whose customers may claim the name; null where that is not known. */
export function claimableAt(name: string): string | null {
  return claimable.find(([suffix]) => name.endsWith(`.${suffix}`))?.[1] ?? null;
}

/** A missing target whose own domain is missing: a registration is all that it takes to own the name. */
export function unregisteredDomain({ lookup, safety }: DnsEvidence): string | null {
  if (lookup.problem?.code !== 'nxdomain' || safety?.missing?.registration !== 'absent') return null;
  return safety.missing.domain;
}

/** What a misspelt name beside this one is answered with; null when no authority told. */
function wildcardOf({ safety }: DnsEvidence): boolean | null {
  return safety?.madeUp === undefined ? null : safety.madeUp.authority.answers > 0;
}

export function safetyFacts(dns: DnsEvidence): { readonly [name: string]: Json } {
  if (dns.safety === undefined) return {};
  const { recursion = [], madeUp } = dns.safety;
  const addresses = (leafZone(dns)?.nameservers ?? []).flatMap((one) => one.addresses);
  const families = [...new Set(addresses.map((address) => (address.includes(':') ? 'IPv6' : 'IPv4')))].toSorted();
  return {
    wildcard: wildcardOf(dns),
    wildcardAddresses: [...(madeUp?.authority.addresses ?? [])],
    recursionOfferedBy: recursion.map(({ address }) => address),
    nameServerFamilies: families,
    aliasLinks: aliasLinks(dns),
  };
}

/** Links of the chain, by the operator of the zone they stand in where that is known. */
function aliasLinks({ aliases, aliasZones, delegation }: DnsEvidence): Json {
  const zones = [...aliasZones, ...delegation.slice(-1)].toSorted((a, b) => b.zone.length - a.zone.length);
  const operators = aliases.map(({ name }) => {
    const zone = zones.find((one) => name === one.zone || name.endsWith(`.${one.zone}`));
    const known = (zone?.nameservers ?? []).flatMap((one) => operatorOf(one.name) ?? []);
    return known[0] ?? 'unknown';
  });
  return Object.fromEntries([...Map.groupBy(operators, (one) => one)].map(([one, all]) => [one, all.length]));
}

/** What a misspelt name beside this one meets, as a row of facts; nothing where it was not asked for. */
export function madeUpRows(dns: DnsEvidence): readonly (readonly [string, string])[] {
  const wildcard = wildcardOf(dns);
  if (wildcard === null) return [];
  const to = dns.safety?.madeUp?.authority.addresses.join(', ') ?? '';
  return [
    ['a misspelt name beside it', wildcard ? `is answered too (wildcard)${to === '' ? '' : `: ${to}`}` : 'is denied'],
  ];
}
