// Owns the conclusion where TLS ends: at the balancer, at hosts behind it, or not to be told. Pure; says nothing without a signal, and
// nothing about what is behind the end of TLS.
import { listing } from '../../../src/model/finding.ts';
import type { Json } from '../../../src/model/json.ts';
import type { EndpointId } from '../../../src/model/text.ts';
import type { Ends, EndsEndpoint } from '../evidence-ends.ts';

/**
 * `one-terminator`: one session key, and several hosts answer behind it. `shared`: several addresses with one session key.
 * `own`: each address with a key of its own. `hosts`: several keys behind one address. `far`: ServerHello comes from farther than
 * SYN-ACK. `mixed`: several of these. `unknown`: no sign.
 */
export type EndsAt = 'one-terminator' | 'shared' | 'own' | 'hosts' | 'far' | 'mixed' | 'unknown';

export interface WhereTlsEnds {
  readonly at: EndsAt;
  /** A sentence. */
  readonly says: string;
  /** What it rests on, in words. */
  readonly signals: readonly string[];
  /** Endpoints that share session keys, largest first; an endpoint without a sign of its key is in none. */
  readonly domains: readonly (readonly EndpointId[])[];
}

/** How much longer ServerHello takes than SYN-ACK where both come from one place: signing a key exchange, ms, and one more round trip (HelloRetryRequest). */
const SIGNING_MS = 10;
const ROUND_TRIPS = 3;
/** From the quickest answer to the middle one where the way is long, and not our machine slow. */
const SPREAD = 1.5;
/** Fewer answers say little about the least time. */
const LEAST_ANSWERS = 3;

/** Looks in which the server acts as in the ride. */
const ordinary: ReadonlySet<string> = new Set(['as-ride', 'again', 'elsewhere']);

/** By endpoint. A ticket begins with the name of its key only where two tickets begin alike: some servers make up all of it. */
export function keyNames({ byEndpoint }: Ends): ReadonlyMap<EndpointId, ReadonlySet<string>> {
  const seen = new Map<string, number>();
  for (const { looks } of byEndpoint) {
    for (const name of looks.flatMap((look) => look.ticketKeyNames)) seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  return new Map(
    byEndpoint.map(({ endpoint, looks }) => {
      const names = looks.filter(({ kind }) => ordinary.has(kind)).flatMap((look) => look.ticketKeyNames);
      return [endpoint, new Set(names.filter((name) => (seen.get(name) ?? 0) > 1))];
    }),
  );
}

export function whereTlsEnds(ends: Ends): WhereTlsEnds {
  const names = keyNames(ends);
  const domains = domainsOf(ends, names);
  const several = ends.byEndpoint.filter(({ endpoint }) => (names.get(endpoint)?.size ?? 0) > 1);
  const far = ends.byEndpoint.flatMap((record) => {
    const laterMs = several.includes(record) ? null : laterThanTcp(record);
    return laterMs === null ? [] : [{ endpoint: record.endpoint, laterMs }];
  });
  const signals = [
    ...several.map((record) => `${keysOf(record, names)} at ${record.endpoint}`),
    ...far.map(({ endpoint, laterMs }) => `ServerHello ${Math.round(laterMs)} ms later than SYN-ACK at ${endpoint}`),
    ...domains.filter(({ length }) => length > 1).map((same) => `one session key at ${listing(same, 4).join('')}`),
    ...(domains.length > 1 ? [`${domains.length} different session keys`] : []),
  ];
  const before = ends.byEndpoint.filter(
    ({ endpoint, hostsSeen }) => names.get(endpoint)?.size === 1 && (hostsSeen ?? 0) > 1,
  );
  const fronted = before.map(({ endpoint, hostsSeen }) => `one session key but ${hostsSeen} hosts at ${endpoint}`);
  const all = [...signals, ...fronted];
  return { ...concluded(ends, { domains, several, far: far.length, fronted: before.length }), signals: all, domains };
}

/** To stand behind other sentences; empty where no handshakes were made beyond the ride. */
export function endsSays(ends: Ends | undefined): string {
  return ends === undefined ? '' : ` ${whereTlsEnds(ends).says}`;
}

export function endsFacts(ends: Ends | undefined): Readonly<Record<string, Json>> {
  if (ends === undefined) return {};
  const { at, signals } = whereTlsEnds(ends);
  return { endsAt: at, endsBy: signals, endsConfidence: at === 'unknown' ? 'not-visible' : 'inferred' };
}

interface Signs {
  readonly domains: readonly (readonly EndpointId[])[];
  readonly several: readonly EndsEndpoint[];
  readonly far: number;
  /** Endpoints with one session key before several hosts. */
  readonly fronted: number;
}

function concluded({ byEndpoint }: Ends, { domains, several, far, fronted }: Signs): Pick<WhereTlsEnds, 'at' | 'says'> {
  const seen = byEndpoint.filter(({ looks }) => looks.some(({ problem }) => problem === null)).length;
  const known = domains.flat().length;
  if (several.length === seen && seen > 0) {
    const each = seen === 1 ? 'the address' : 'each address';
    return {
      at: 'hosts',
      says: `TLS ends behind ${each}, at several hosts or processes with session keys of their own.`,
    };
  }
  if (several.length > 0) {
    return {
      at: 'mixed',
      says: `Behind ${several.length} of ${seen} addresses TLS ends at several hosts or processes with session keys of their own.`,
    };
  }
  if (far > 0 && far === seen) {
    return { at: 'far', says: 'TLS seems to end on other machines than TCP does: behind what answers at the address.' };
  }
  if (far > 0)
    return { at: 'mixed', says: `At ${far} of ${seen} addresses TLS seems to end on another machine than TCP does.` };
  if (fronted > 0 && fronted === seen) return BEFORE_HOSTS;
  if (known < seen || seen === 0) return UNKNOWN;
  if (seen === 1) {
    return {
      at: 'unknown',
      says: 'All handshakes met one session key; whether it is that of a balancer or of a host is not visible.',
    };
  }
  if (domains.length === 1) {
    return {
      at: 'shared',
      says: `TLS ends at one terminator for all ${seen} addresses, or at several that share session keys.`,
    };
  }
  const also = fronted === 0 ? '' : `; at ${fronted} of them before several hosts`;
  if (domains.length === seen)
    return { at: 'own', says: `Each address ends TLS by itself, with a session key of its own${also}.` };
  return {
    at: 'mixed',
    says: `TLS ends at ${domains.length} terminators for ${seen} addresses, by their session keys.`,
  };
}

const BEFORE_HOSTS = {
  at: 'one-terminator',
  says: 'TLS ends before the hosts, unless they share a session key: several answer behind one.',
} as const;

const UNKNOWN = {
  at: 'unknown',
  says: 'Whether TLS ends at a balancer or at hosts behind it cannot be told.',
} as const;

function keysOf({ endpoint, looks }: EndsEndpoint, names: ReturnType<typeof keyNames>): string {
  const count = looks.filter(({ kind, ticketKeyNames }) => ordinary.has(kind) && ticketKeyNames.length > 0).length;
  return `${names.get(endpoint)?.size ?? 0} session keys in ${count} handshakes`;
}

/** Endpoints that are known to share a key, by its name or by a session of one that another took up. */
function domainsOf({ byEndpoint }: Ends, names: ReturnType<typeof keyNames>): readonly (readonly EndpointId[])[] {
  const groups: Set<EndpointId>[] = [];
  const join = (together: readonly EndpointId[]): void => {
    const touched = groups.filter((group) => together.some((endpoint) => group.has(endpoint)));
    const [kept = new Set<EndpointId>(), ...rest] = touched;
    if (touched.length === 0) groups.push(kept);
    for (const endpoint of [...together, ...rest.flatMap((group) => [...group])]) kept.add(endpoint);
    for (const group of rest) groups.splice(groups.indexOf(group), 1);
  };
  const holders = new Map<string, EndpointId[]>();
  for (const [endpoint, own] of names) {
    for (const name of own) holders.set(name, [...(holders.get(name) ?? []), endpoint]);
  }
  for (const together of holders.values()) join(together);
  for (const { endpoint, looks } of byEndpoint) {
    const lenders = looks.flatMap(({ resumed, sessionOf }) =>
      resumed === true && sessionOf !== null ? [sessionOf] : [],
    );
    if (lenders.length > 0) join([endpoint, ...lenders]);
  }
  const inOrder = byEndpoint.map(({ endpoint }) => endpoint);
  return groups
    .map((group) => inOrder.filter((endpoint) => group.has(endpoint)))
    .toSorted((a, b) => b.length - a.length);
}

/**
 * By how much ServerHello is later than one place for both explains; null when it is not. A busy machine of ours must not invent a
 * distance: SYN-ACK is timed by the kernel, ServerHello is not. So the quickest handshake and answer of the ride must be as late, and
 * most of the looks alike.
 */
function laterThanTcp({ looks, leastHandshakeMs, leastWaitMs }: EndsEndpoint): number | null {
  const usual = looks.filter(({ kind, problem }) => ordinary.has(kind) && problem === null);
  const connects = usual.flatMap(({ connectMs }) => (connectMs === null ? [] : [connectMs]));
  const answers = usual.flatMap(({ answerMs }) => (answerMs === null ? [] : [answerMs]));
  if (connects.length === 0 || answers.length < LEAST_ANSWERS) return null;
  const [connectMs, answerMs] = [Math.min(...connects), Math.min(...answers, leastHandshakeMs ?? 0)];
  const middleMs = answers.toSorted((a, b) => a - b)[Math.floor(answers.length / 2)] ?? 0;
  if (answerMs <= SIGNING_MS + ROUND_TRIPS * connectMs || middleMs > SPREAD * answerMs) return null;
  const laterMs = answerMs - connectMs;
  return leastWaitMs === null || leastWaitMs < laterMs ? null : laterMs;
}
