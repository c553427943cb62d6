// Owns what aliases may not do: stand beside other records (RFC 2181 10.1), and be where mail is sent to (10.3). Judges nothing.
import type { DnsRecord } from '../../../src/contract/net.ts';
import { type DnsName, dnsName, interpret, sameText } from '../../../src/model/text.ts';
import type { Lookup } from '../../../src/model/trace.ts';
import { askResolvers, type Context, ofType } from '../ask.ts';
import type { ZoneEvidence } from '../evidence.ts';
import type { AliasOwnerEvidence, MailExchangeEvidence } from '../evidence-safety.ts';
import { askBriefly } from '../walk-bounds.ts';
import { serversOf } from './name-servers.ts';

/** Mail exchanges of one name that are looked at. */
const MAX_EXCHANGES = 4;

/** Two questions to one server of each zone whose first name on the chain is an alias by a record of its own. */
export async function lookBesideAliases(
  context: Context,
  { aliases }: Lookup,
  zones: readonly ZoneEvidence[],
): Promise<AliasOwnerEvidence[]> {
  const owned = zones.filter(({ entry }) => aliases.some(({ name, dname }) => name === entry && dname === undefined));
  const told = await Promise.all(owned.map((zone) => lookBeside(context, zone)));
  return told.flatMap((one) => one ?? []);
}

async function lookBeside(context: Context, zone: ZoneEvidence): Promise<AliasOwnerEvidence | null> {
  const { entry: name, nameservers } = zone;
  const serving = new Set(
    nameservers.flatMap(({ byAddress }) => byAddress.flatMap((one) => (one.authoritative ? [one.address] : []))),
  );
  const server = serversOf(zone).find(({ address }) => serving.has(address));
  if (server === undefined) return null;
  const types = ['NS', 'MX'] as const;
  const asked = types.map((type) => askBriefly(context, server.address, { name, type, recursionDesired: false }));
  const replies = (await Promise.all(asked)).map(({ reply }) => reply);
  const [ns] = replies;
  if (replies.every((reply) => reply === null)) return null;
  const owns = (records: readonly DnsRecord[], type: string) =>
    records.some((record) => record.type === type && sameText(record.name, name));
  const beside = types.filter((type, index) => replies[index]?.authoritative && owns(replies[index].answers, type));
  const delegated = ns !== null && ns !== undefined && !ns.authoritative && owns(ns.authorities, 'NS');
  return { name, ...server, delegated, beside };
}

/** One question for the exchanges, and one for each of them. */
export async function lookAtMailExchanges(context: Context, name: DnsName): Promise<MailExchangeEvidence[]> {
  const { reply } = await askResolvers(context, name, 'MX');
  const exchanges = ofType(reply?.answers ?? [], 'MX').slice(0, MAX_EXCHANGES);
  const told = await Promise.all(
    exchanges.map(async ({ exchange }) => {
      const host = interpret(exchange, dnsName);
      // RFC 7505: a single dot says that the name takes no mail.
      const alias = host === null ? null : (await askResolvers(context, host, 'CNAME')).reply;
      const found = ofType(alias?.answers ?? [], 'CNAME').find((record) => sameText(record.name, host ?? ''));
      return alias === null ? [] : [{ exchange, target: found?.target ?? null }];
    }),
  );
  return told.flat();
}
