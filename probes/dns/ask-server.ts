// Owns what one address of a name server says of its zone. Never fails for a server that is silent or lame: that is its result.
import type { DnsRecord, DnsReply } from '../../src/contract/net.ts';
import type { Problem } from '../../src/model/problem.ts';
import { compareText, type DnsName, type IpAddress, sameText, wireText } from '../../src/model/text.ts';
import { readDname } from '../../src/net/dns/dname.ts';
import { ask, type Context, ofType } from './ask.ts';
import { askBeyond, askConformance } from './conformance/ask.ts';
import { compareAnswers } from './derive.ts';
import type { AnswerEvidence, Lameness, ServerEvidence, SoaEvidence, ToldSetEvidence } from './evidence.ts';
import { directionOf, MAX_NAMES } from './referral.ts';
import { setsOfZone, toldSet } from './told-set.ts';
import { askBriefly } from './walk-bounds.ts';

/** Answers kept of one server. */
const MAX_ANSWERS = 64;

export interface AskedServer {
  readonly server: ServerEvidence;
  readonly soa: SoaEvidence | null;
}

export interface Questions {
  readonly zone: DnsName;
  /** The name whose addresses are asked for. */
  readonly entry: DnsName;
  /** Over TCP and for the server's name (NSID), too: for the leaf of the delegation. */
  readonly thorough: boolean;
}

/** The SOA first; a server that has none of this zone is asked no more. */
export async function askServer(context: Context, questions: Questions, address: IpAddress): Promise<AskedServer> {
  const { zone, entry, thorough } = questions;
  const server = { address, port: context.options.authorityPort };
  const silent = { address, authoritative: null, rttMs: null, serial: null, rcode: null, answers: [] };
  const asking = ask(context, server, {
    ...{ name: zone, type: 'SOA', recursionDesired: false },
    ...(thorough ? { nsid: true } : {}),
  });
  const beyond = thorough ? askBeyond(context, zone, address, asking) : null;
  const told = await asking;
  if (told.problem !== null) return { server: { ...silent, ...(await troubleOf(told.problem, beyond)) }, soa: null };
  const { authoritative, elapsedMs: rttMs, nsid } = told.reply;
  const recursion = told.reply.recursionAvailable ? { offersRecursion: true as const } : {};
  const soa = soaOf(told.reply, zone);
  if (!authoritative || soa === null) {
    const lame = { error: 'not-authoritative', lameness: lamenessOf(told.reply, zone) } as const;
    return { server: { ...silent, authoritative: false, rttMs, ...lame, ...recursion }, soa: null };
  }
  const own = (name: DnsName, type: 'A' | 'AAAA' | 'NS') =>
    ask(context, server, { name, type, recursionDesired: false });
  const [names, conformance, tcp, recordSets, ...families] = await Promise.all([
    own(zone, 'NS'),
    thorough ? askConformance(context, zone, address) : undefined,
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
      ...recursion,
      ...(tcp === null || tcp === undefined ? {} : { tcp }),
      ...(nsid === null ? {} : { nsid }),
      ...(conformance === undefined ? {} : { conformance }),
      soa,
      ...(recordSets.length === 0 ? {} : { recordSets }),
    },
    soa,
  };
}

/** What is told of a server that gave no answer about the zone. */
async function troubleOf({ code, detail }: Problem, beyond: ReturnType<typeof askBeyond> | null) {
  const plainReply = code === 'dns-timeout' ? await beyond : null;
  return {
    error: code,
    ...(detail === null ? {} : { detail }),
    ...(plainReply === null ? {} : { plainReply }),
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
export function lamenessOf(reply: DnsReply, zone: DnsName): Lameness {
  if (directionOf(reply, zone, zone).kind === 'astray') return 'upward-referral';
  if (reply.rcode === 'NXDOMAIN') return 'no-such-zone';
  if (!reply.authoritative && reply.answers.length > 0) return reply.recursionAvailable ? 'from-cache' : 'unmarked';
  const soas = [...ofType(reply.answers, 'SOA'), ...ofType(reply.authorities, 'SOA')];
  return soas.some((record) => !sameText(record.name, zone)) ? 'other-zone' : 'no-data';
}

function soaOf(reply: DnsReply, zone: DnsName): SoaEvidence | null {
  const record = ofType(reply.answers, 'SOA').find((one) => sameText(one.name, zone));
  return record === undefined ? null : { zone, ...record.soa, ttlSeconds: record.ttlSeconds };
}

/** The longest TTL in the zone's NS set; all should be one (RFC 2181 5.2). Null without one. */
export function nsTtlOf(reply: DnsReply, zone: DnsName): number | null {
  const set = ofType(reply.answers, 'NS').filter((record) => sameText(record.name, zone));
  return set.length === 0 ? null : Math.max(...set.map((record) => record.ttlSeconds));
}

function answersOf(replies: readonly DnsReply[]): AnswerEvidence[] {
  const found = new Map<string, AnswerEvidence>();
  for (const record of replies.flatMap((reply) => reply.answers)) {
    const answer = answerOf(record);
    if (answer === null) continue;
    found.set(JSON.stringify([answer.name, answer.type, answer.data]), answer);
  }
  return [...found.values()].toSorted(compareAnswers).slice(0, MAX_ANSWERS);
}

function answerOf(record: DnsRecord): AnswerEvidence | null {
  const { name, ttlSeconds, ttlTooLarge } = record;
  const own = { name, ttlSeconds, ...(ttlTooLarge && { ttlTooLarge }) };
  if (record.type === 'CNAME') return { ...own, type: 'CNAME', data: record.target };
  if (record.type === 'A' || record.type === 'AAAA') {
    return { ...own, type: record.type, data: wireText(record.address) };
  }
  const dname = readDname(record);
  return dname === null ? null : { ...own, type: 'DNAME', data: dname.target };
}
