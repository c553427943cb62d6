// Owns asking for a name that nobody has made: what a misspelt name is answered with, and by whom. Judges nothing.
import { randomBytes } from 'node:crypto';
import type { DnsReply } from '../../../src/contract/net.ts';
import { type DnsName, dnsName, type IpAddress } from '../../../src/model/text.ts';
import { formatServer } from '../../../src/net/dns/server-text.ts';
import { ask, type Context, ofType } from '../ask.ts';
import type { ZoneEvidence } from '../evidence.ts';
import type { MadeUpEvidence } from '../evidence-safety.ts';
import { askBriefly } from '../walk-bounds.ts';

/** Resolvers that are asked; as many as a system has. */
const MAX_RESOLVERS = 3;
/** Addresses kept of one answer. */
const MAX_ADDRESSES = 8;

/** One question to an authority and, when it has no such name, one to each resolver. Null when no authority answered. */
export async function askForMadeUp(
  context: Context,
  zone: ZoneEvidence,
  name: DnsName,
): Promise<MadeUpEvidence | null> {
  const server = zone.nameservers.flatMap(({ byAddress }) => byAddress).find((one) => one.authoritative);
  const made = dnsName(`outrider-${randomBytes(6).toString('hex')}.${besideOf(name, zone.zone)}`);
  if (server === undefined || made === null) return null;
  const { reply } = await askBriefly(context, server.address, { name: made, type: 'A', recursionDesired: false });
  if (reply === null || !reply.authoritative) return null;
  const answers = reply.answers.filter(({ type }) => type === 'A' || type === 'CNAME').length;
  const authority = { address: server.address, rcode: reply.rcode, answers, addresses: addressesOf(reply) };
  const resolvers = answers > 0 ? [] : context.net.dns.resolvers.slice(0, MAX_RESOLVERS);
  const told = await Promise.all(
    resolvers.map(async (resolver) => {
      const { reply: one } = await ask(context, resolver, { name: made, type: 'A', recursionDesired: true });
      if (one === null) return [];
      return [{ resolver: formatServer(resolver), rcode: one.rcode, addresses: addressesOf(one) }];
    }),
  );
  return { name: made, authority, resolvers: told.flat() };
}

/** Where a neighbour of the name would be, within its zone. */
function besideOf(name: DnsName, zone: DnsName): string {
  return name === zone ? zone : name.slice(name.indexOf('.') + 1);
}

export function topLevelOf(name: DnsName): DnsName {
  return dnsName(name.slice(name.lastIndexOf('.') + 1)) ?? name;
}

function addressesOf({ answers }: DnsReply): IpAddress[] {
  const addresses = ofType(answers, 'A').map(({ address }) => address as IpAddress);
  return [...new Set(addresses)].slice(0, MAX_ADDRESSES);
}
