// Owns asking: the resolvers in turn for what anybody may know, one authority for its own data.
import type { DnsQuestion, DnsRecord, DnsReply, DnsServer, RecordType } from '../../src/contract/net.ts';
import type { GatherContext } from '../../src/contract/probe.ts';
import { type Problem, problem } from '../../src/model/problem.ts';
import type { DnsName } from '../../src/model/text.ts';
import { rcodeProblem } from '../../src/net/dns/lookup.ts';
import { formatServer } from '../../src/net/dns/server-text.ts';
import type { DnsOptions } from './options.ts';

/** A reply that says something about the name (NOERROR or NXDOMAIN), or why there is none. */
export type Told =
  | { readonly reply: DnsReply; readonly problem: null }
  | { readonly reply: null; readonly problem: Problem };

export type Context = GatherContext<DnsOptions>;

/** Asks resolver after resolver, first the one that answered the lookup. The problem is that of the first. */
export async function askResolvers(context: Context, name: DnsName, type: RecordType): Promise<Told> {
  const { net, lookup } = context;
  const answered = (server: DnsServer) => formatServer(server) === lookup?.resolver;
  const servers = net.dns.resolvers.toSorted((a, b) => Number(answered(b)) - Number(answered(a)));
  let first: Problem | null = null;
  for (const server of servers) {
    const told = await ask(context, server, { name, type, recursionDesired: true });
    if (told.problem === null) return told;
    first ??= told.problem;
  }
  return { reply: null, problem: first ?? problem('dns-unreachable', 'gather') };
}

/** One question to one server. */
export async function ask({ net, signal }: Context, server: DnsServer, question: DnsQuestion): Promise<Told> {
  const attempt = await net.dns.query(server, question, signal);
  if (attempt.state === 'failed') return { reply: null, problem: attempt.problem };
  if (attempt.state !== 'complete') return { reply: null, problem: problem('cancelled', 'gather') };
  const trouble = rcodeProblem(attempt.value);
  return trouble === null ? { reply: attempt.value, problem: null } : { reply: null, problem: trouble };
}

/** The records of one type, with their types narrowed. */
export function ofType<T extends DnsRecord['type']>(records: readonly DnsRecord[], type: T) {
  return records.filter((record): record is DnsRecord & { readonly type: T } => record.type === type);
}
