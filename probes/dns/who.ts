// Owns the words and facts for who runs the zone and where the name leads. Pure; concludes no more than names can tell.
import type { Json } from '../../src/model/json.ts';
import { leafZone } from './derive.ts';
import type { DnsEvidence, TargetEvidence } from './evidence.ts';
import { hostingOf } from './hosting.ts';
import { operatorOfMailbox } from './provider.ts';

/** Links of the chain named in the answer. */
const MAX_NAMED = 3;
/** Time that ALIAS-like records of Route 53 take over from load balancers and CloudFront, s. */
const ALIAS_TTL_SECONDS = 60;

/** `AWS Network Load Balancer`; `Heroku` where operator and product have one name. */
export function productWords({ operator, product }: Pick<TargetEvidence, 'operator' | 'product'>): string {
  return product.startsWith(operator) ? product : `${operator} ${product}`;
}

function placeWords({ region, zone }: TargetEvidence): string {
  if (zone !== null) return ` in zone ${zone}`;
  return region === null ? '' : ` in ${region}`;
}

/** The part of the answer that says where the name leads; empty when no name tells. */
export function leadsTo({ targets = [] }: DnsEvidence): string {
  const words = (from: TargetEvidence['from']) => [
    ...new Set(targets.filter((one) => one.from === from).map((one) => productWords(one) + placeWords(one))),
  ];
  const chain = words('chain');
  if (chain.length > 0) return `; its name leads to ${chain.slice(0, MAX_NAMED).join(', then ')}`;
  const reverse = words('reverse');
  return reverse.length === 0 ? '' : `; its addresses carry names of ${reverse.slice(0, MAX_NAMED).join(' and ')}`;
}

export function whoFacts(dns: DnsEvidence): { readonly [name: string]: Json } {
  const leaf = leafZone(dns);
  const hosting = leaf === undefined ? null : hostingOf(leaf);
  const flattened = flattening(dns);
  return {
    operators: [...(hosting?.operators ?? [])],
    soaOperator: dns.soa === null ? null : operatorOfMailbox(dns.soa.mailbox),
    nameServerTopLevelDomains: [...(hosting?.topLevelDomains ?? [])],
    nameServerNetworks: [...(hosting?.networks ?? [])],
    targets: (dns.targets ?? []).map(({ name, operator, product, region, zone, from }) => ({
      ...{ name, operator, product, region, zone, from },
    })),
    flattenedTo: flattened?.to ?? null,
    ...(dns.externalDns === undefined ? {} : { externalDns: dns.externalDns.map((one) => ({ ...one })) }),
    ...(flattened === null ? {} : { flattenedBecause: [...flattened.signals], flattenedConfidence: 'inferred' }),
  };
}

export interface Flattening {
  readonly to: string;
  readonly signals: readonly string[];
}

/** Services whose addresses nobody but the service itself uses: an AWS list calls them so. */
const OWN_SERVICES: Readonly<Record<string, string>> = {
  CLOUDFRONT: 'AWS CloudFront',
  GLOBALACCELERATOR: 'AWS Global Accelerator',
};

/**
 * An apex cannot be an alias (RFC 1034 3.6.2), so providers copy the target's addresses instead; Route 53 does so for any name. The
 * target shows only in the names of those addresses, or in the list of their owner, and only where these are a product's own
 * (CloudFront, not the machines below a load balancer). Inferred: null where the signals do not agree.
 */
export function flattening(dns: DnsEvidence): Flattening | null {
  const { targets = [], networks = [], records } = dns;
  const addresses = records.filter(({ type }) => type === 'A' || type === 'AAAA');
  const isApex = leafZone(dns)?.zone === dns.name;
  if (dns.aliases.length > 0 || addresses.length === 0 || !(isApex || dns.provider === 'Route 53')) return null;
  if (addresses.some((one) => one.authoritativeTtlSeconds !== ALIAS_TTL_SECONDS)) return null;
  const carried = targets.filter(({ from, kind }) => from === 'reverse' && kind !== 'address');
  const own = networks
    .filter(({ of, operator }) => of === 'address' && operator !== null)
    .map(({ service }) => OWN_SERVICES[service ?? ''] ?? null);
  const products = new Set([...carried.map(productWords), ...own]);
  const [to] = products;
  if (products.size !== 1 || to == null) return null;
  const signals = [
    `no alias${isApex ? ' at the top of the zone' : ''}, and the TTL of ${ALIAS_TTL_SECONDS} s that such copies have`,
    ...(carried.length > 0 ? [`the addresses carry names of ${to}`] : []),
    ...(own.length > 0 ? [`the addresses are of ${to}’s own range`] : []),
  ];
  return { to, signals };
}
