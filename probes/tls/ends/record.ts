// Owns the writing down of handshakes beyond the ride, with what the ride and other probes say about the same endpoint. Judges nothing.
import type { GatherContext } from '../../../src/contract/probe.ts';
import type { Json } from '../../../src/model/json.ts';
import type { EndpointId } from '../../../src/model/text.ts';
import type { Fingerprint, TlsFacts } from '../../../src/model/trace.ts';
import type { HostsEvidence } from '../../hosts/evidence.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { Ends, EndsEndpoint, Look } from '../evidence-ends.ts';
import type { Looked, LookedAt } from './look.ts';
import { keyNames } from './where.ts';

const MAX_NAMES = 16;

type Context = Pick<GatherContext<unknown>, 'endpoints' | 'ride' | 'earlier' | 'before'>;

export function endsOf(lookedAt: readonly LookedAt[], context: Context): Ends {
  const byEndpoint = lookedAt.map(({ endpoint, looked }) => ({
    endpoint,
    looks: looked.map(lookOf),
    leastWaitMs: least('wait', endpoint, context),
    leastHandshakeMs: least('tls', endpoint, context),
    hostsSeen: hostsSeen(endpoint, context.earlier['hosts']),
    earlier: earlierOf(endpoint, context),
  }));
  return { byEndpoint, endpointsLeftOut: context.endpoints.length - lookedAt.length };
}

/** What an endpoint showed to a handshake that would take no other key type, when the ride did not see it; nothing else has one entry. */
export function twinOf(
  lookedAt: readonly LookedAt[],
  endpoint: EndpointId,
  ridden: readonly { readonly facts: TlsFacts }[],
): readonly { readonly facts: TlsFacts; readonly count: number }[] {
  const looked = lookedAt.find((each) => each.endpoint === endpoint)?.looked ?? [];
  const facts = looked.findLast(({ kind }) => kind === 'rsa' || kind === 'ecdsa')?.reply.facts ?? null;
  if (facts === null || facts.chainSent.length === 0) return [];
  const sent = facts.chainSent.join(' ');
  return ridden.some((chain) => chain.facts.chainSent.join(' ') === sent) ? [] : [{ facts, count: 1 }];
}

/** The first certificate of each look, and the bytes of all certificates of all looks. */
export function shownBeside(lookedAt: readonly LookedAt[]): {
  readonly leaves: readonly Fingerprint[];
  readonly ders: ReadonlyMap<Fingerprint, Uint8Array>;
} {
  const replies = lookedAt.flatMap(({ looked }) => looked.map(({ reply }) => reply));
  return {
    leaves: replies.flatMap(({ facts }) => facts?.chainSent.slice(0, 1) ?? []),
    ders: new Map(replies.flatMap(({ certificates }) => [...certificates])),
  };
}

function lookOf({ kind, sessionOf, reply }: Looked): Look {
  const { facts, resumed, tickets, ticketLifetimeSeconds, earlyDataBytes, problem } = reply;
  return {
    ...{ kind, sessionOf, protocol: facts?.protocol ?? null, alpn: facts?.alpn ?? null },
    resumed: problem !== null || (kind !== 'again' && kind !== 'elsewhere') ? null : resumed,
    ticketKeyNames: tickets.map((ticket) => Buffer.from(ticket).toString('hex')),
    ...{ ticketLifetimeSeconds, earlyDataBytes },
    ...{
      connectMs: rounded(reply.connectMs),
      answerMs: rounded(reply.answerMs),
      finishedMs: rounded(reply.finishedMs),
    },
    leaf: facts?.chainSent[0] ?? null,
    problem,
  };
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1000) / 1000;
}

function least(hop: 'wait' | 'tls', endpoint: EndpointId, { ride }: Context): number | null {
  const times = ride.traces.flatMap(({ endpoint: of, spans }) =>
    of === endpoint && spans[hop] !== undefined ? [spans[hop].durationMs] : [],
  );
  return times.length === 0 ? null : rounded(times.reduce((shortest, time) => Math.min(shortest, time)));
}

function hostsSeen(endpoint: EndpointId, hosts: Json | undefined): number | null {
  const record = hosts as unknown as HostsEvidence | undefined;
  return record?.byEndpoint.find((each) => each.endpoint === endpoint)?.seen ?? null;
}

/** Journeys of old were checked when they were read. */
function earlierOf(endpoint: EndpointId, { before = [] }: Context): EndsEndpoint['earlier'] {
  for (const { startedAt, evidence } of before.toReversed()) {
    const ends = (evidence['tls'] as unknown as TlsEvidence | null | undefined)?.ends;
    const names = ends === undefined ? [] : [...(keyNames(ends).get(endpoint) ?? [])];
    if (names.length > 0) return { at: startedAt, ticketKeyNames: names.slice(0, MAX_NAMES) };
  }
  return null;
}
