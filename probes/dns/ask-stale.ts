// Owns a second look at resolvers whose answer carries the TTL that old answers carry: whether it falls, as that of a fresh one does.
// Asks nothing of the others, and nobody where the authorities tell no TTL to compare with.
import { paused } from '../../src/model/paused.ts';
import type { DnsName } from '../../src/model/text.ts';
import { formatServer } from '../../src/net/dns/server-text.ts';
import { ask, type Context, ofType } from './ask.ts';
import type { RecordEvidence, ResolverEvidence } from './evidence.ts';

/** What BIND, unbound and Knot Resolver put on an answer whose time is over (RFC 8767 4), and what unbound put there before. */
const STALE_TTLS: ReadonlySet<number> = new Set([30, 0]);
/** Longer than the second in which no TTL falls. */
const BETWEEN_MS = 1_100;

/** The resolvers, with what those that look stale said the second time. */
export async function askStale(
  context: Context,
  name: DnsName,
  resolvers: readonly ResolverEvidence[],
  records: readonly RecordEvidence[],
): Promise<ResolverEvidence[]> {
  const whole = records.flatMap(({ type, authoritativeTtlSeconds }) =>
    type === 'A' || type === 'AAAA' ? (authoritativeTtlSeconds ?? []) : [],
  );
  const suspect = ({ ttlSeconds, error }: ResolverEvidence) =>
    error === null && ttlSeconds !== null && STALE_TTLS.has(ttlSeconds) && Math.min(...whole) > ttlSeconds;
  if (whole.length === 0 || !resolvers.some(suspect)) return [...resolvers];
  await paused(BETWEEN_MS, context.signal);
  return Promise.all(resolvers.map(async (one) => (suspect(one) ? askAgain(context, name, one) : one)));
}

async function askAgain(context: Context, name: DnsName, one: ResolverEvidence): Promise<ResolverEvidence> {
  const server = context.net.dns.resolvers.find((resolver) => formatServer(resolver) === one.resolver);
  const type = one.addresses.some((address) => address.includes('.')) ? 'A' : 'AAAA';
  const told = server && (await ask(context, server, { name, type, recursionDesired: true }));
  const ttls = ofType(told?.reply?.answers ?? [], type).map(({ ttlSeconds }) => ttlSeconds);
  return ttls.length > 0 && Math.min(...ttls) === one.ttlSeconds ? { ...one, repeatedTtlSeconds: one.ttlSeconds } : one;
}
