// Owns the recursive resolver: cache, aliases. It has no data of its own and really asks the authorities.
import type { Answer } from 'dns-packet';
import { BoundedMap } from '../../model/bounded-map.ts';
import { type Query, Rcode, type Reply } from './message.ts';
import { askAuthority, type Upstream } from './upstream.ts';
import { originOf } from './zone-data.ts';

export interface ResolverOptions {
  /** Those of the zone that the name is in. */
  authorities(name: string): readonly Upstream[];
  /** Monotonic seconds. */
  clock(): number;
  readonly ended: AbortSignal;
}

interface Cached {
  readonly reply: Reply;
  readonly sinceSeconds: number;
  readonly ttlSeconds: number;
}

const MAX_CACHED = 10_000;
const MAX_ALIASES = 8;

const lifetimeOf = (record: Answer): number => ('ttl' in record ? (record.ttl ?? 0) : 0);

/** A reply lives as long as its shortest record; a negative one as long as its SOA says (RFC 2308 5). */
const lifetime = (reply: Reply): number =>
  Math.min(...[...reply.answers, ...reply.authorities].map(lifetimeOf), 86_400);

const aged = (records: readonly Answer[], seconds: number): readonly Answer[] =>
  records.map((record) => ({ ...record, ttl: Math.max(0, lifetimeOf(record) - seconds) }) as Answer);

const failure: Reply = { rcode: Rcode.SERVFAIL, authoritative: false, answers: [], authorities: [] };

/** @returns what answers a client's question */
export function createResolver(options: ResolverOptions): (query: Query) => Promise<Reply> {
  const cache = new BoundedMap<string, Cached>(MAX_CACHED);
  let turn = 0;

  /** Each authority once, starting with another each time. */
  async function askAny(name: string, type: string): Promise<Reply | null> {
    const authorities = options.authorities(name);
    const first = turn++;
    for (let step = 0; step < authorities.length; step++) {
      const server = authorities[(first + step) % authorities.length];
      const reply = server === undefined ? null : await askAuthority(name, type, server, options.ended);
      if (reply !== null && (reply.rcode === Rcode.NOERROR || reply.rcode === Rcode.NXDOMAIN)) return reply;
    }
    return null;
  }

  async function once(name: string, type: string): Promise<Reply> {
    if (originOf(name) === undefined) return failure;
    const key = `${type} ${name}`;
    const now = options.clock();
    const known = cache.get(key);
    if (known !== undefined && now - known.sinceSeconds < known.ttlSeconds) {
      const seconds = Math.floor(now - known.sinceSeconds);
      return {
        ...known.reply,
        answers: aged(known.reply.answers, seconds),
        authorities: aged(known.reply.authorities, seconds),
        additionals: aged(known.reply.additionals ?? [], seconds),
      };
    }
    const reply = await askAny(name, type);
    if (reply === null) return failure;
    const kept = { ...reply, authoritative: false };
    cache.set(key, { reply: kept, sinceSeconds: options.clock(), ttlSeconds: lifetime(reply) });
    return kept;
  }

  /** Follows an alias that leads out of the zone it was found in. */
  return async (query) => {
    let reply = await once(query.name, query.type);
    for (let links = 0; links < MAX_ALIASES; links++) {
      const last = reply.answers.at(-1);
      if (last?.type !== 'CNAME' || query.type === 'CNAME' || reply.rcode !== Rcode.NOERROR) return reply;
      if (reply.authorities.length > 0) return reply;
      const next = await once(last.data.toLowerCase().replace(/\.$/, ''), query.type);
      reply = { ...next, answers: [...reply.answers, ...next.answers] };
      if (next.answers.length === 0) return reply;
    }
    return failure;
  };
}
