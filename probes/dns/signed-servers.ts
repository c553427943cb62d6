// Owns what several checks conclude about the servers of the name's zone as those who validate see them. Pure.
import { enumeration, type Phrase, type Pointer, pointer } from '../../src/model/finding.ts';
import { leafZone, placedZones } from './derive.ts';
import { notLooked } from './dnssec-words.ts';
import type { DnsEvidence } from './evidence.ts';
import type { DnssecZoneEvidence, SignedServerEvidence } from './evidence-dnssec.ts';

/** A server with its place in the journey, and how it is called in a sentence. */
export interface PlacedSigned {
  readonly server: SignedServerEvidence;
  readonly name: Phrase;
  readonly at: Pointer;
}

export interface Unasked {
  readonly outcome: 'not-applicable' | 'not-judged';
  readonly because: string;
}

/** In the order asked, or why none was. */
export function signedServers(dns: DnsEvidence): readonly PlacedSigned[] | Unasked {
  const nothing = notLooked(dns);
  const servers = dns.dnssecDetail?.servers;
  if (servers === undefined) {
    const signed =
      dns.dnssec === 'secure' ? 'the servers of the zone were not asked for signatures' : 'the zone is not signed';
    return { outcome: 'not-applicable', because: nothing ?? signed };
  }
  if (servers.length === 0) return { outcome: 'not-judged', because: 'no server of the zone answered with authority' };
  return servers.map((server, index) => ({
    server,
    name: nameOf(dns, server),
    at: pointer('evidence', 'dns', 'dnssecDetail', 'servers', index),
  }));
}

/** `ns1.kms.example (192.0.2.1, node fra2)`. */
function nameOf(dns: DnsEvidence, signed: SignedServerEvidence): Phrase {
  const { name, nsid } = calledAs(dns, signed);
  const node = nsid === undefined ? [] : [', node ', nsid];
  return name === null ? [signed.address] : [name, ` (${signed.address}`, ...node, ')'];
}

/** What the server is called where it was met first; null where it was not met. */
export function calledAs(dns: DnsEvidence, { address }: SignedServerEvidence) {
  const all = placedZones(dns).flatMap(({ servers }) => servers);
  const found = all.find(({ server }) => server.address === address);
  return { name: found?.nameserver.name ?? null, nsid: found?.server.nsid };
}

/** The zone of the canonical name on the way of signatures. */
export function signedLeaf(dns: DnsEvidence): DnssecZoneEvidence | undefined {
  const zone = leafZone(dns)?.zone;
  return dns.dnssecDetail?.zones.find((one) => one.zone === zone);
}

/** `key 1`, `keys 1, 2 and 3`, `no key`. */
export function keyWords(tags: readonly number[]): string {
  const sorted = [...new Set(tags)].toSorted((a, b) => a - b);
  if (sorted.length < 2) return sorted.length === 0 ? 'no key' : `key ${sorted[0]}`;
  return `keys ${enumeration(sorted).join('')}`;
}
