// Owns who runs a zone's name servers, told from their names. Never concludes from part of a name set.
import { matches, type WireText } from '../../src/model/text.ts';

/** Anchored: a name that only contains a provider's name proves nothing. Source of each: the provider's own naming scheme. */
const patterns: readonly (readonly [provider: string, pattern: RegExp])[] = [
  ['Route 53', /^ns-\d{1,4}\.awsdns-\d\d\.(com|net|org|co\.uk)$/],
  // Also serves zones that moved from Google Domains to Squarespace, so this names the servers, not a cloud customer.
  ['Google Cloud DNS', /^ns-cloud-[a-e][1-4]\.googledomains\.com$/],
  ['Azure DNS', /^ns[1-4]-\d\d\.azure-dns\.(com|net|org|info)$/],
  ['Cloudflare', /^[a-z]+\.ns\.cloudflare\.com$/],
  ['NS1', /^dns[1-4]\.p\d\d\.nsone\.net$/],
  ['Akamai Edge DNS', /^a\d{1,2}-\d{2,3}\.akam\.net$/],
  ['UltraDNS', /^[pu]dns\d+\.ultradns\.(com|net|org|info|biz|co\.uk)$/],
  ['Dyn', /^ns[1-4]\.p\d\d\.dynect\.net$/],
  ['DNSimple', /^(ns[13]\.dnsimple\.com|ns2\.dnsimple-edge\.net|ns4\.dnsimple-edge\.org)$/],
  ['MarkMonitor', /^ns[1-7]\.markmonitor\.com$/],
];

/** The provider, several joined by "and", or null when one of the names is nobody's that is known here. */
export function providerOf(nameservers: readonly WireText[]): string | null {
  const ofName = (name: WireText) => patterns.find(([, pattern]) => matches(name, pattern))?.[0];
  if (nameservers.length === 0 || nameservers.some((name) => ofName(name) === undefined)) return null;
  const found = new Set(nameservers.map(ofName));
  return patterns.flatMap(([provider]) => (found.has(provider) ? [provider] : [])).join(' and ');
}
