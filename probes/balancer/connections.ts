// Owns what the ride's TCP connections say: round trips, segment sizes, and connections that took more than one SYN. Pure.
import type { RequestTrace } from '../../src/model/trace.ts';
import { quantile } from '../../src/stats/quantile.ts';
import type { TcpRecord } from './evidence.ts';

/** A lost SYN is sent again after 1 s, then after 1, 2 or 4 s more (RFC 6298 2.1 and 5.5; Linux `tcp_syn_linear_timeouts`). */
const SECOND_MS = 1000;
/** A clock of the event loop, and the kernel's timers, are late by this much at most; a connection that is slow by itself hits it seldom. */
const LATE_MS = 150;
const MAX_SEGMENTS = 8;

export function tcpOf(traces: readonly RequestTrace[]): TcpRecord {
  const made = traces.flatMap(({ spans, tcp }) =>
    spans.connect === undefined ? [] : [{ ms: spans.connect.durationMs, tcp }],
  );
  const asked = made.flatMap(({ tcp }) => tcp ?? []);
  const isAsked = made.length > 0 && asked.length === made.length;
  const rtts = asked.flatMap(({ rttMs, retransmits }) => (retransmits === 0 && rttMs !== null ? [rttMs] : []));
  const sorted = rtts.toSorted((a, b) => a - b);
  return {
    connected: made.length,
    resent: isAsked
      ? asked.filter(({ retransmits, synsLost = retransmits }) => synsLost > 0).length
      : resentByTime(made.map(({ ms }) => ms)),
    resentBy: isAsked ? 'kernel' : 'time',
    rttLeastMs: sorted[0] ?? null,
    rttP50Ms: sorted.length === 0 ? null : quantile(sorted, 0.5),
    segments: segmentsOf(asked.map(({ mssBytes }) => mssBytes)),
  };
}

/** Connections that took whole seconds longer than the quickest one. */
function resentByTime(times: readonly number[]): number {
  const least = times.reduce((shortest, time) => Math.min(shortest, time), Number.POSITIVE_INFINITY);
  return times.filter((time) => {
    const later = time - least;
    return later >= SECOND_MS - 1 && later % SECOND_MS <= LATE_MS;
  }).length;
}

function segmentsOf(sizes: readonly number[]): TcpRecord['segments'] {
  const groups = [...Map.groupBy(sizes, (bytes) => bytes)].map(([bytes, all]) => ({ bytes, n: all.length }));
  return groups.toSorted((a, b) => b.n - a.n).slice(0, MAX_SEGMENTS);
}
