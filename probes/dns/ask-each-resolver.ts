// Owns what each resolver says of the name on its own: all asked once, side by side.
// Never fails for a resolver that is silent or refuses: that is its result.
import type { DnsReply, DnsServer } from '../../src/contract/net.ts';
import { type Problem, problem, problemCatalogue } from '../../src/model/problem.ts';
import type { DnsName, IpAddress } from '../../src/model/text.ts';
import type { Lookup } from '../../src/model/trace.ts';
import { rcodeProblem } from '../../src/net/dns/lookup.ts';
import { formatServer } from '../../src/net/dns/server-text.ts';
import { ask, type Context, ofType } from './ask.ts';
import type { ResolverEvidence, ToldAliasEvidence } from './evidence.ts';
import type { ResolverTryEvidence } from './evidence-resolver.ts';
import { setsOfName, toldSet } from './told-set.ts';

/** Resolvers compared; the first are those that the lookup asks first. */
const MAX_RESOLVERS = 16;
/** Addresses written down of one resolver. */
const MAX_ADDRESSES = 64;
const MAX_ERRORS = 8;
/** Links written down of one resolver; it gives up after as many restarts. */
const MAX_ALIASES = 11;

/** In the order given. The only resolver is not asked again when the lookup already waited for it in vain. */
export async function askEachResolver(context: Context, name: DnsName, lookup: Lookup): Promise<ResolverEvidence[]> {
  const resolvers = context.net.dns.resolvers.slice(0, MAX_RESOLVERS);
  const { problem: trouble } = lookup;
  const [only] = resolvers;
  if (only !== undefined && resolvers.length === 1 && trouble !== null && inVain(trouble)) {
    return [summed(only, [{ reply: null, problem: trouble }])];
  }
  return Promise.all(resolvers.map((resolver) => askOne(context, resolver, name)));
}

function inVain({ code }: Problem): boolean {
  return code === 'dns-timeout' || code === 'dns-unreachable' || problemCatalogue[code].fault === 'prober';
}

interface Heard {
  readonly reply: DnsReply | null;
  readonly problem: Problem | null;
  readonly tries?: readonly ResolverTryEvidence[];
}

async function askOne(context: Context, resolver: DnsServer, name: DnsName): Promise<ResolverEvidence> {
  const { net, signal } = context;
  const asking = async (type: 'A' | 'AAAA'): Promise<Heard> => {
    const question = { name, type, recursionDesired: true, authenticated: true } as const;
    const attempt = await net.dns.query(resolver, question, signal);
    const tries = (attempt.tries ?? []).map((one) => ({ type, ...one }));
    if (attempt.state === 'complete') return { reply: attempt.value, problem: rcodeProblem(attempt.value), tries };
    const trouble = attempt.state === 'failed' ? attempt.problem : problem('cancelled', 'gather');
    return { reply: null, problem: trouble, tries };
  };
  const sets = setsOfName(context).map(async (wanted) =>
    toldSet(wanted, await ask(context, resolver, { ...wanted, recursionDesired: true })),
  );
  const [heard, recordSets] = await Promise.all([Promise.all([asking('A'), asking('AAAA')]), Promise.all(sets)]);
  return {
    ...summed(resolver, heard),
    ...(recordSets.length === 0 ? {} : { recordSets }),
    ...(await unchecked(context, resolver, name, heard)),
  };
}

/** A resolver that validates holds back what does not hold, and gives it to whoever checks for himself (RFC 4035 3.2.2). */
async function unchecked({ net, signal }: Context, resolver: DnsServer, name: DnsName, heard: readonly Heard[]) {
  const failed = heard.findIndex(({ reply }) => reply?.rcode === 'SERVFAIL');
  if (failed < 0) return {};
  const question = { name, type: failed === 0 ? 'A' : 'AAAA', recursionDesired: true, dnssec: true } as const;
  const attempt = await net.dns.query(resolver, question, signal);
  return attempt.state === 'complete' ? { uncheckedRcode: attempt.value.rcode } : {};
}

function summed(resolver: DnsServer, heard: readonly Heard[]): ResolverEvidence {
  const replies = heard.flatMap(({ reply }) => reply ?? []);
  const trouble = heard.find((one) => one.problem !== null)?.problem ?? null;
  const answers = replies.flatMap((reply) => reply.answers);
  const addresses = [...ofType(answers, 'A'), ...ofType(answers, 'AAAA')];
  const first = replies.find(({ rcode }) => rcode === 'NOERROR') ?? replies[0];
  const aliases = aliasesOf(answers);
  const ttls = addresses.map(({ ttlSeconds }) => ttlSeconds);
  return {
    resolver: formatServer(resolver),
    transport: first?.transport ?? null,
    verified: first?.verified ?? null,
    rcode: first?.rcode ?? null,
    addresses: sorted(addresses.map(({ address }) => address)),
    aliased: aliases.length > 0,
    ...(aliases.length === 0 ? {} : { aliases }),
    ttlSeconds: ttls.length === 0 ? null : Math.min(...ttls),
    rttMs: replies.length === 0 ? null : Math.min(...replies.map(({ elapsedMs }) => elapsedMs)),
    authenticated: replies.length === 0 ? null : replies.every(({ authenticated }) => authenticated),
    extendedErrors: extendedErrors(replies),
    error: trouble?.code ?? null,
    detail: trouble?.detail ?? null,
    ...wayOf(heard),
  };
}

function wayOf(heard: readonly Heard[]): Pick<ResolverEvidence, 'tries' | 'caseKept' | 'certificate'> {
  const tries = heard.flatMap((one) => one.tries ?? []);
  const kept = heard.flatMap(({ reply }) => reply?.caseKept ?? []);
  const life = heard.find(({ reply }) => reply?.certificate !== undefined)?.reply?.certificate;
  const instant = (ms: number): string => new Date(ms).toISOString();
  return {
    ...(tries.length === 0 ? {} : { tries }),
    ...(kept.length === 0 ? {} : { caseKept: kept.every((one) => one) }),
    ...(life && { certificate: { notBefore: instant(life.startsAtMs), notAfter: instant(life.endsAtMs) } }),
  };
}

/** Each link once, in the order of the answers. */
function aliasesOf(answers: DnsReply['answers']): ToldAliasEvidence[] {
  const links = ofType(answers, 'CNAME').map(({ name, target }) => ({ name, target }));
  const distinct = new Map(links.map((link) => [JSON.stringify([link.name, link.target]), link]));
  return [...distinct.values()].slice(0, MAX_ALIASES);
}

function sorted(addresses: readonly IpAddress[]): IpAddress[] {
  return [...new Set(addresses)].toSorted().slice(0, MAX_ADDRESSES);
}

/** Each once, though both families tell it. */
function extendedErrors(replies: readonly DnsReply[]): ResolverEvidence['extendedErrors'] {
  const found = new Map(replies.flatMap((reply) => reply.ede ?? []).map((error) => [JSON.stringify(error), error]));
  return [...found.values()].slice(0, MAX_ERRORS);
}
