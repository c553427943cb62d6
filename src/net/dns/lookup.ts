// Owns what a name leads to: both address families side by side, resolver after resolver, aliases followed to their end.
// Never calls a name missing because a resolver was.
import type { DnsClient, DnsQuestion, DnsReply, DnsServer, ExtendedError } from '../../contract/net.ts';
import { type Problem, type ProblemCode, problem } from '../../model/problem.ts';
import { type DnsName, dnsName, interpret, sameText, type WireText, wireText } from '../../model/text.ts';
import type { Alias, Lookup, ResolvedAddress } from '../../model/trace.ts';
import { now } from '../clock.ts';
import { moves, readDname } from './dname.ts';
import { formatServer } from './server-text.ts';

/** Resolvers give up after this many restarts (BIND and unbound, max-query-restarts 11). */
const MAX_ALIASES = 11;
/** Length of a server's own words that is kept of a failure. */
const MAX_REASON = 200;

export interface LookupVia {
  readonly resolvers: readonly DnsServer[];
  readonly families: readonly (4 | 6)[];
  readonly query: DnsClient['query'];
  readonly signal: AbortSignal;
}

/** What one family gave. */
interface Followed {
  readonly resolver: DnsServer;
  readonly verified: DnsReply['verified'];
  readonly aliases: readonly Alias[];
  readonly canonicalName: DnsName;
  readonly addresses: readonly ResolvedAddress[];
  readonly problem: Problem | null;
}

/** A and AAAA side by side; the alias chain is that of the family which got further. */
export async function lookup(name: DnsName, via: LookupVia): Promise<Lookup> {
  const startMs = now();
  const followed = await Promise.all(via.families.map((family) => follow(name, family, via)));
  const ipv4 = followed[via.families.indexOf(4)] ?? null;
  const ipv6 = followed[via.families.indexOf(6)] ?? null;
  const addresses = followed.flatMap((family) => family.addresses);
  const told = followed.toSorted(
    (a, b) => b.addresses.length - a.addresses.length || b.aliases.length - a.aliases.length,
  )[0];
  const answered = addresses.length > 0;
  const problems = followed.flatMap((family) => family.problem ?? []);
  // What the other family gave does not make it whole: how long it would have taken is not known.
  const cut = problems.find(({ code }) => code === 'cancelled') ?? null;
  return {
    startMs,
    durationMs: now() - startMs,
    resolver: told === undefined ? '' : formatServer(told.resolver),
    ...(told?.verified === undefined ? {} : { resolverVerified: told.verified }),
    aliases: told?.aliases ?? [],
    canonicalName: told?.canonicalName ?? name,
    addresses,
    problem: cut ?? (answered ? null : worst(problems)),
    familyProblems: { ipv4: familyProblem(ipv4, answered), ipv6: familyProblem(ipv6, answered) },
  };
}

/** A family without addresses is no problem while the other has some. */
function familyProblem(followed: Followed | null, answered: boolean): Problem | null {
  return answered && followed?.problem?.code === 'nodata' ? null : (followed?.problem ?? null);
}

/** NODATA of one family says nothing about the other; a name that exists for one family exists. */
function worst(problems: readonly Problem[]): Problem {
  const weight = ({ code }: Problem) => (code === 'nxdomain' ? 1 : code === 'nodata' ? 2 : 3);
  return problems.toSorted((a, b) => weight(b) - weight(a))[0] ?? problem('nodata', 'resolve');
}

async function follow(name: DnsName, family: 4 | 6, via: LookupVia): Promise<Followed> {
  const aliases: Alias[] = [];
  const seen = new Set<DnsName>([name]);
  let resolvers = via.resolvers;
  let at = name;
  let verified: DnsReply['verified'];
  const end = (addresses: readonly ResolvedAddress[], trouble: Problem | null): Followed => ({
    resolver: resolvers[0] as DnsServer,
    verified,
    aliases,
    canonicalName: at,
    addresses,
    problem: trouble,
  });
  for (;;) {
    const asked = await askInTurn(
      resolvers,
      { name: at, type: family === 6 ? 'AAAA' : 'A', recursionDesired: true },
      via,
    );
    // The resolver that answered goes first for the rest of the chain.
    resolvers = [asked.resolver, ...resolvers.filter((resolver) => resolver !== asked.resolver)];
    if (asked.reply === null) {
      const hidden = asked.problem?.code === 'servfail' ? await linkAt(asked.resolver, at, via) : null;
      if (hidden === null || hidden === 'unreadable') return end([], asked.problem);
      aliases.push(hidden);
      at = hidden.target;
      if (seen.has(at) || aliases.length > MAX_ALIASES) return end([], problem('dns-alias-loop', 'resolve'));
      seen.add(at);
      continue;
    }
    verified = asked.reply.verified;
    const before = aliases.length;
    for (let alias = aliasAt(asked.reply, at); alias !== null; alias = aliasAt(asked.reply, at)) {
      if (alias === 'unreadable')
        return end([], problem('dns-malformed', 'resolve', wireText('an alias to no host name')));
      aliases.push(alias);
      at = alias.target;
      if (seen.has(at) || aliases.length > MAX_ALIASES) return end([], problem('dns-alias-loop', 'resolve'));
      seen.add(at);
    }
    const addresses = addressesAt(asked.reply, at, family);
    if (addresses.length > 0) return end(addresses, null);
    const trouble = noAddress(asked.reply, aliases.length > before);
    if (trouble !== null) return end([], trouble);
  }
}

/**
 * The alias itself, from a resolver that failed to follow it: unbound gives an empty SERVFAIL for a chain without end, and
 * every resolver does for a target whose servers are down.
 */
async function linkAt(resolver: DnsServer, name: DnsName, via: LookupVia): Promise<Alias | 'unreadable' | null> {
  const asked = await askInTurn([resolver], { name, type: 'CNAME', recursionDesired: true }, via);
  return asked.reply === null ? null : aliasAt(asked.reply, name);
}

/** Null when the resolver left out the end of the chain, so that it must be asked for. */
function noAddress(reply: DnsReply, advanced: boolean): Problem | null {
  if (reply.rcode === 'NXDOMAIN') return problem('nxdomain', 'resolve');
  if (reply.truncated && reply.transport === 'udp') {
    return problem('dns-error', 'resolve', wireText('the answer was truncated, and TCP failed'));
  }
  // RFC 2308 2.2: with a SOA record the answer is a plain "no such data".
  if (reply.authorities.some((record) => record.type === 'SOA')) return problem('nodata', 'resolve');
  if (advanced) return null;
  if (reply.unreadableRecords === 0) return problem('nodata', 'resolve');
  return problem('dns-malformed', 'resolve', wireText(`${reply.unreadableRecords} unreadable records`));
}

function aliasAt(reply: DnsReply, name: DnsName): Alias | 'unreadable' | null {
  for (const record of reply.answers) {
    if (record.type !== 'CNAME' || !sameText(record.name, name)) continue;
    const target = interpret(record.target, dnsName);
    return target === null ? 'unreadable' : { name, target, ttlSeconds: record.ttlSeconds, ...madeFrom(reply, name) };
  }
  return null;
}

/** The DNAME record that an alias was made from: it comes before the alias in the same answer (RFC 6672 3.1). */
function madeFrom({ answers }: DnsReply, alias: DnsName): Pick<Alias, 'dname'> {
  for (const record of answers) {
    const dname = readDname(record);
    const name = dname === null || !moves(dname, alias) ? null : interpret(dname.name, dnsName);
    if (dname !== null && name !== null) return { dname: { ...dname, name } };
  }
  return {};
}

function addressesAt(reply: DnsReply, name: DnsName, family: 4 | 6): readonly ResolvedAddress[] {
  const type = family === 6 ? 'AAAA' : 'A';
  const found = new Map<string, ResolvedAddress>();
  for (const record of reply.answers) {
    if (record.type !== type || !sameText(record.name, name)) continue;
    if (!found.has(record.address)) {
      found.set(record.address, { address: record.address, family, ttlSeconds: record.ttlSeconds });
    }
  }
  return [...found.values()];
}

interface Asked {
  readonly resolver: DnsServer;
  readonly reply: DnsReply | null;
  /** Of the first resolver, when none answered. */
  readonly problem: Problem | null;
}

/** Asks resolver after resolver until one gives data or says that there is none. */
async function askInTurn(resolvers: readonly DnsServer[], question: DnsQuestion, via: LookupVia): Promise<Asked> {
  let first: Asked | null = null;
  for (const resolver of resolvers) {
    const attempt = await via.query(resolver, question, via.signal);
    if (attempt.state === 'complete') {
      const trouble = rcodeProblem(attempt.value);
      if (trouble === null) return { resolver, reply: attempt.value, problem: null };
      first ??= { resolver, reply: null, problem: trouble };
    } else if (attempt.state === 'failed') {
      first ??= { resolver, reply: null, problem: attempt.problem };
      if (attempt.problem.code === 'no-descriptors') break;
    } else {
      return { resolver, reply: null, problem: problem('cancelled', 'resolve') };
    }
  }
  return first as Asked;
}

const byRcode: Readonly<Record<string, ProblemCode>> = { SERVFAIL: 'servfail', REFUSED: 'dns-refused' };

/** Null when the code is an answer about the name. What the server says of the reason (RFC 8914) is the detail. */
export function rcodeProblem({ rcode, ede = [] }: Pick<DnsReply, 'rcode' | 'ede'>): Problem | null {
  if (rcode === 'NOERROR' || rcode === 'NXDOMAIN') return null;
  const code = byRcode[rcode];
  const reason = ede[0] === undefined ? null : reasonOf(ede[0]);
  if (code !== undefined) return problem(code, 'resolve', reason);
  const named = reason === null ? wireText(rcode) : interpret(reason, (raw): WireText => wireText(`${rcode}; ${raw}`));
  return problem('dns-error', 'resolve', named);
}

function reasonOf({ name, text }: ExtendedError): WireText {
  return interpret(text, (raw): WireText => wireText(raw === '' ? name : `${name}: ${raw}`, MAX_REASON));
}
