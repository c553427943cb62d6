// Owns what a zone's own servers say: each address asked directly, side by side and without recursion.
// Never leaves out a server that is silent or lame: that is its result.
import type { DnsReply } from '../../src/contract/net.ts';
import { problem } from '../../src/model/problem.ts';
import { compareText, type IpAddress, sameText, type WireText } from '../../src/model/text.ts';
import { askResolvers, type Context, ofType } from './ask.ts';
import { askServer, nsTtlOf, type Questions } from './ask-server.ts';
import type { NameServerEvidence, ParentEvidence, ServerEvidence, SoaEvidence, ZoneEvidence } from './evidence.ts';
import { type Located, locate, locatedBy } from './locate.ts';
import { anyOf } from './parent-lists.ts';
import { MAX_NAMES } from './referral.ts';

/** A zone, and the SOA record of the first of its servers that told one. */
export interface AskedZone {
  readonly evidence: ZoneEvidence;
  readonly soa: SoaEvidence | null;
}

/** `known`: what a resolver said of the zone's name servers already; null asks for them. */
export async function askZone(context: Context, questions: Questions, known: DnsReply | null): Promise<AskedZone> {
  const { zone, entry } = questions;
  const told = known === null ? await askResolvers(context, zone, 'NS') : { reply: known, problem: null };
  if (told.problem !== null) {
    const evidence = { zone, entry, nameservers: [], problem: told.problem, addressesNotAsked: 0 };
    return { evidence, soa: null };
  }
  const names = ofType(told.reply.answers, 'NS')
    .filter((record) => sameText(record.name, zone))
    .map((record) => record.target)
    .toSorted(compareText)
    .slice(0, MAX_NAMES);
  const located = await Promise.all(names.map((name) => locate(context, name)));
  const { evidence, soa } = await askLocated(context, questions, located);
  return { evidence: { ...evidence, nsTtlLeftSeconds: nsTtlOf(told.reply, zone) }, soa };
}

/** The same of servers whose addresses are known. */
export async function askLocated(
  context: Context,
  questions: Questions,
  located: readonly Located[],
): Promise<AskedZone> {
  const { zone, entry } = questions;
  const chosen = choose(located, context.options.maxServers);
  const asked = new Map(
    await Promise.all(chosen.map(async (address) => [address, await askServer(context, questions, address)] as const)),
  );
  const servers = new Map([...asked].map(([address, { server }]) => [address, server]));
  const evidence: ZoneEvidence = {
    zone,
    entry,
    nameservers: located.map((one) => summed(one, servers)),
    problem: located.length > 0 ? null : problem('nodata', 'gather'),
    addressesNotAsked: new Set(located.flatMap((one) => one.addresses)).size - asked.size,
  };
  return { evidence, soa: [...asked.values()].find((one) => one.soa !== null)?.soa ?? null };
}

/** The zone with the name servers that only its parent names, asked as the others were. */
export async function withParentsOwn(
  context: Context,
  questions: Questions,
  zone: ZoneEvidence,
  parent: ParentEvidence,
): Promise<ZoneEvidence> {
  // Where the resolver told no list, the parent's is all there is, and says nothing about the zone's.
  const own = zone.nameservers.map(({ name }) => name);
  const above = anyOf(parent, zone.zone);
  const only = above.nameservers.filter((name) => !own.some((other) => sameText(name, other)));
  if (only.length === 0) return zone;
  const located = await Promise.all(
    only.map(async (name) => ({
      ...(await locatedAbove(context, above.glue, name)),
      ...(own.length > 0 ? { listedBy: 'parent' as const } : {}),
    })),
  );
  const { evidence } = await askLocated(context, questions, located);
  return {
    ...zone,
    nameservers: [...zone.nameservers, ...evidence.nameservers],
    addressesNotAsked: zone.addressesNotAsked + evidence.addressesNotAsked,
  };
}

async function locatedAbove(context: Context, glue: ParentEvidence['glue'], name: WireText): Promise<Located> {
  const given = locatedBy(glue, name);
  return given.addresses.length > 0 ? given : locate(context, name);
}

/** The first address of each server, then the second of each, until there are enough. */
function choose(located: readonly Located[], limit: number): readonly IpAddress[] {
  const depth = Math.max(0, ...located.map((one) => one.addresses.length));
  const rounds = Array.from({ length: depth }, (_, round) => located.flatMap((one) => one.addresses[round] ?? []));
  return [...new Set(rounds.flat())].slice(0, limit);
}

/** A name server and the sum of its addresses. */
export function summed(located: Located, asked: ReadonlyMap<IpAddress, ServerEvidence>): NameServerEvidence {
  const { addresses, error } = located;
  const byAddress = addresses.flatMap((address) => asked.get(address) ?? []);
  const serials = new Set(byAddress.flatMap((one) => one.serial ?? []));
  const times = byAddress.flatMap((one) => one.rttMs ?? []);
  const told = byAddress.flatMap((one) => one.authoritative ?? []);
  return {
    ...located,
    addresses: [...addresses],
    authoritative: told.length === 0 ? null : told.every(Boolean),
    rttMs: times.length === 0 ? null : Math.min(...times),
    serial: serials.size === 1 ? ([...serials][0] ?? null) : null,
    error: error ?? byAddress.find((one) => one.error !== null)?.error ?? null,
    byAddress,
  };
}
