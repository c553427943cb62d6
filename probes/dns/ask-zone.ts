// Owns what a zone's own servers say: each address asked directly, side by side and without recursion.
// Never fails for a server that is silent or lame: that is its result.
import type { DnsReply } from '../../src/contract/net.ts';
import { type ProblemCode, problem } from '../../src/model/problem.ts';
import {
  compareText,
  type DnsName,
  dnsName,
  type IpAddress,
  interpret,
  sameText,
  type WireText,
  wireText,
} from '../../src/model/text.ts';
import { ask, askResolvers, type Context, ofType } from './ask.ts';
import { compareAnswers } from './derive.ts';
import type {
  AnswerEvidence,
  Lameness,
  NameServerEvidence,
  ServerEvidence,
  SoaEvidence,
  ToldSetEvidence,
  ZoneEvidence,
} from './evidence.ts';
import { directionOf } from './referral.ts';
import { setsOfZone, toldSet } from './told-set.ts';
import { askBriefly } from './walk-bounds.ts';

/** Name servers looked at in a zone; more do not fit a referral either. */
const MAX_NAMES = 16;
/** Answers kept of one server. */
const MAX_ANSWERS = 64;

/** A zone, and the SOA record of the first of its servers that told one. */
export interface AskedZone {
  readonly evidence: ZoneEvidence;
  readonly soa: SoaEvidence | null;
}

/** `thorough` asks each server over TCP and for its name (NSID) too: for the leaf of the delegation. */
export async function askZone(context: Context, zone: DnsName, entry: DnsName, thorough: boolean): Promise<AskedZone> {
  const told = await askResolvers(context, zone, 'NS');
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
  const chosen = choose(located, context.options.maxServers);
  const asked = new Map(
    await Promise.all(
      chosen.map(async (address) => [address, await askServer(context, { zone, entry, thorough }, address)] as const),
    ),
  );
  const servers = new Map([...asked].map(([address, { server }]) => [address, server]));
  const evidence: ZoneEvidence = {
    zone,
    entry,
    nameservers: located.map((one) => summed(one, servers)),
    problem: names.length > 0 ? null : problem('nodata', 'gather'),
    addressesNotAsked: new Set(located.flatMap((one) => one.addresses)).size - asked.size,
    nsTtlLeftSeconds: nsTtlOf(told.reply, zone),
  };
  return { evidence, soa: [...asked.values()].find((one) => one.soa !== null)?.soa ?? null };
}

interface Located {
  readonly name: WireText;
  readonly addresses: readonly IpAddress[];
  readonly error: ProblemCode | null;
}

async function locate({ net, signal }: Context, name: WireText): Promise<Located> {
  const host = interpret(name, dnsName);
  if (host === null) return { name, addresses: [], error: 'dns-malformed' };
  const { addresses, problem: trouble, familyProblems } = await net.dns.lookup(host, signal);
  // With one family asked for (-4, -6), a server that has only addresses of the other is not without address.
  const halfAsked = trouble?.code === 'nodata' && (familyProblems.ipv4 === null || familyProblems.ipv6 === null);
  return { name, addresses: addresses.map((one) => one.address), error: halfAsked ? null : (trouble?.code ?? null) };
}

/** The first address of each server, then the second of each, until there are enough. */
function choose(located: readonly Located[], limit: number): readonly IpAddress[] {
  const depth = Math.max(0, ...located.map((one) => one.addresses.length));
  const rounds = Array.from({ length: depth }, (_, round) => located.flatMap((one) => one.addresses[round] ?? []));
  return [...new Set(rounds.flat())].slice(0, limit);
}

interface AskedServer {
  readonly server: ServerEvidence;
  readonly soa: SoaEvidence | null;
}

interface Questions {
  readonly zone: DnsName;
  readonly entry: DnsName;
  readonly thorough: boolean;
}

/** The SOA first; a server that has none of this zone is asked no more. */
async function askServer(context: Context, questions: Questions, address: IpAddress): Promise<AskedServer> {
  const { zone, entry, thorough } = questions;
  const server = { address, port: context.options.authorityPort };
  const silent = { address, authoritative: null, rttMs: null, serial: null, rcode: null, answers: [] };
  const told = await ask(context, server, {
    ...{ name: zone, type: 'SOA', recursionDesired: false },
    ...(thorough ? { nsid: true } : {}),
  });
  if (told.problem !== null) return { server: { ...silent, error: told.problem.code }, soa: null };
  const { authoritative, elapsedMs: rttMs, nsid } = told.reply;
  const soa = soaOf(told.reply, zone);
  if (!authoritative || soa === null) {
    const lame = { error: 'not-authoritative', lameness: lamenessOf(told.reply, zone) } as const;
    return { server: { ...silent, authoritative: false, rttMs, ...lame }, soa: null };
  }
  const own = (name: DnsName, type: 'A' | 'AAAA' | 'NS') =>
    ask(context, server, { name, type, recursionDesired: false });
  const [names, tcp, recordSets, ...families] = await Promise.all([
    own(zone, 'NS'),
    thorough ? overTcp(context, address, zone) : null,
    askSets(context, questions, address),
    own(entry, 'A'),
    own(entry, 'AAAA'),
  ]);
  const replies = families.flatMap((family) => family.reply ?? []);
  const failed = families.find((family) => family.problem !== null)?.problem?.code ?? null;
  return {
    server: {
      ...{ address, authoritative, rttMs, serial: soa.serial, error: failed },
      ...{ rcode: replies[0]?.rcode ?? null, answers: answersOf(replies) },
      ...nsSetOf(names.reply, zone),
      ...(tcp === null || tcp === undefined ? {} : { tcp }),
      ...(nsid === null ? {} : { nsid }),
      soa,
      ...(recordSets.length === 0 ? {} : { recordSets }),
    },
    soa,
  };
}

/** Side by side and briefly: servers that drop questions for newer types must not hold up the rest. */
function askSets(context: Context, { zone, entry }: Questions, address: IpAddress): Promise<ToldSetEvidence[]> {
  const asking = setsOfZone(context, zone, entry).map(async (wanted) =>
    toldSet(wanted, await askBriefly(context, address, { ...wanted, recursionDesired: false })),
  );
  return Promise.all(asking);
}

/** The SOA once more: whether TCP works, and whether another node of the same address has another version. */
async function overTcp(context: Context, address: IpAddress, zone: DnsName): Promise<ServerEvidence['tcp']> {
  const question = { name: zone, type: 'SOA', recursionDesired: false, transport: 'tcp', nsid: true } as const;
  const { reply, problem: trouble } = await askBriefly(context, address, question);
  if (reply === null) return { rttMs: null, error: trouble.code };
  const soa = soaOf(reply, zone);
  return {
    rttMs: reply.elapsedMs,
    error: null,
    ...(soa === null ? {} : { serial: soa.serial }),
    ...(reply.nsid === null ? {} : { nsid: reply.nsid }),
  };
}

/** The zone's NS set as this server has it. */
function nsSetOf(reply: DnsReply | null, zone: DnsName): Pick<ServerEvidence, 'nsTtlSeconds' | 'nsNames'> {
  const nsTtlSeconds = reply === null ? null : nsTtlOf(reply, zone);
  if (reply === null || nsTtlSeconds === null) return { nsTtlSeconds };
  const set = ofType(reply.answers, 'NS').filter((record) => sameText(record.name, zone));
  const names = set.map((record) => record.target).toSorted(compareText);
  return { nsTtlSeconds, nsNames: names.slice(0, MAX_NAMES) };
}

/** What gives a server away that answers for a zone which it does not serve. */
function lamenessOf(reply: DnsReply, zone: DnsName): Lameness {
  if (directionOf(reply, zone, zone).kind === 'astray') return 'upward-referral';
  if (!reply.authoritative) return reply.answers.length > 0 ? 'from-cache' : 'no-data';
  const soas = [...ofType(reply.answers, 'SOA'), ...ofType(reply.authorities, 'SOA')];
  return soas.some((record) => !sameText(record.name, zone)) ? 'other-zone' : 'no-data';
}

function soaOf(reply: DnsReply, zone: DnsName): SoaEvidence | null {
  const record = ofType(reply.answers, 'SOA').find((one) => sameText(one.name, zone));
  return record === undefined ? null : { zone, ...record.soa, ttlSeconds: record.ttlSeconds };
}

/** The longest TTL in the zone's NS set; all should be one (RFC 2181 5.2). Null without one. */
function nsTtlOf(reply: DnsReply, zone: DnsName): number | null {
  const set = ofType(reply.answers, 'NS').filter((record) => sameText(record.name, zone));
  return set.length === 0 ? null : Math.max(...set.map((record) => record.ttlSeconds));
}

function answersOf(replies: readonly DnsReply[]): AnswerEvidence[] {
  const found = new Map<string, AnswerEvidence>();
  for (const record of replies.flatMap((reply) => reply.answers)) {
    if (record.type !== 'A' && record.type !== 'AAAA' && record.type !== 'CNAME') continue;
    const data = 'target' in record ? record.target : wireText(record.address);
    const answer = { name: record.name, type: record.type, ttlSeconds: record.ttlSeconds, data };
    found.set(JSON.stringify([answer.name, answer.type, answer.data]), answer);
  }
  return [...found.values()].toSorted(compareAnswers).slice(0, MAX_ANSWERS);
}

/** A name server and the sum of its addresses. */
export function summed(
  { name, addresses, error }: Located,
  asked: ReadonlyMap<IpAddress, ServerEvidence>,
): NameServerEvidence {
  const byAddress = addresses.flatMap((address) => asked.get(address) ?? []);
  const serials = new Set(byAddress.flatMap((one) => one.serial ?? []));
  const times = byAddress.flatMap((one) => one.rttMs ?? []);
  const told = byAddress.flatMap((one) => one.authoritative ?? []);
  return {
    name,
    addresses: [...addresses],
    authoritative: told.length === 0 ? null : told.every(Boolean),
    rttMs: times.length === 0 ? null : Math.min(...times),
    serial: serials.size === 1 ? ([...serials][0] ?? null) : null,
    error: error ?? byAddress.find((one) => one.error !== null)?.error ?? null,
    byAddress,
  };
}
