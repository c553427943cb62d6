// Owns reading what an authority says about a name below its zone: data, a referral downwards, or a way that leads nowhere. Sends nothing.
import type { DnsReply } from '../../src/contract/net.ts';
import type { IpAddress, WireText } from '../../src/model/text.ts';
import { compareText, type DnsName, dnsName, interpret, ROOT, sameText } from '../../src/model/text.ts';
import { ofType } from './ask.ts';

/** Name servers of one zone that are kept; more do not fit into a referral without truncation. */
export const MAX_NAMES = 16;
/** Addresses kept with them. */
const MAX_GLUE = 64;

/** The NS set of the zone below, with the addresses that came along. */
export interface Referral {
  readonly kind: 'referral';
  readonly zone: DnsName;
  readonly names: readonly WireText[];
  readonly ttlSeconds: number;
  readonly glue: readonly { readonly name: WireText; readonly address: IpAddress }[];
}

/** `end`: the server has the name's own zone; `astray`: it points at its own zone or above; `nothing`: not a word of use. */
export type Direction =
  | Referral
  | { readonly kind: 'end'; readonly zone: DnsName }
  | { readonly kind: 'astray'; readonly because: 'upward-referral' | 'referral-loop' }
  | { readonly kind: 'nothing' };

/** What the reply of a server of `zone` to the question for the SOA of `name` says about the way. */
export function directionOf(reply: DnsReply, zone: DnsName, name: DnsName): Direction {
  const soa = [...ofType(reply.answers, 'SOA'), ...ofType(reply.authorities, 'SOA')][0];
  if (soa !== undefined) {
    const owner = zoneName(soa.name);
    const serves = reply.authoritative && owner !== null && encloses(owner, name) && encloses(zone, owner);
    return serves ? { kind: 'end', zone: owner } : { kind: 'nothing' };
  }
  const set = ofType(reply.authorities, 'NS');
  const below = set[0] === undefined ? null : zoneName(set[0].name);
  if (below === null || reply.answers.length > 0) return { kind: 'nothing' };
  if (below === zone) return { kind: 'astray', because: 'referral-loop' };
  if (encloses(below, zone)) return { kind: 'astray', because: 'upward-referral' };
  if (!encloses(zone, below) || !encloses(below, name)) return { kind: 'nothing' };
  const told = set.filter((record) => sameText(record.name, below));
  const names = told
    .map((record) => record.target)
    .toSorted(compareText)
    .slice(0, MAX_NAMES);
  const ttlSeconds = Math.max(...told.map((record) => record.ttlSeconds));
  return { kind: 'referral', zone: below, names, ttlSeconds, glue: glueOf(reply, names) };
}

/** Addresses of these names, and of no others: a referral may carry what was not asked for. */
export function glueOf(reply: DnsReply, names: readonly WireText[]): Referral['glue'] {
  return [...ofType(reply.additionals, 'A'), ...ofType(reply.additionals, 'AAAA')]
    .filter((record) => names.some((name) => sameText(name, record.name)))
    .map(({ name, address }) => ({ name, address }))
    .toSorted((a, b) => compareText(a.name, b.name) || a.address.localeCompare(b.address, 'en'))
    .slice(0, MAX_GLUE);
}

/** True when the name is the zone's apex or below it. */
export function encloses(zone: string, name: DnsName): boolean {
  return zone === ROOT || name === zone || name.endsWith(`.${zone}`);
}

function zoneName(owner: WireText): DnsName | null {
  return sameText(owner, ROOT) ? ROOT : interpret(owner, dnsName);
}
