// Owns assertions on latency: by phase, the longest of a step's exchanges; in all, the step from its begin to its end. Pure.
import { formatDuration, parseDuration } from '../../src/model/duration.ts';
import { type HopId, hopIds, type Span } from '../../src/model/trace.ts';
import type { Held } from './held.ts';

export interface Timed {
  readonly durationMs: number;
  readonly spans: readonly Readonly<Partial<Record<HopId, Span>>>[];
}

export function latencyTests(
  wanted: Readonly<Partial<Record<HopId, string>>>,
  { durationMs, spans }: Timed,
): readonly Held[] {
  return hopIds.flatMap((hop): readonly Held[] => {
    const most = wanted[hop];
    if (most === undefined) return [];
    const mostMs = parseDuration(most, hop);
    const took = spans.flatMap((one) => (one[hop] === undefined ? [] : [one[hop].durationMs]));
    const says = `${hop} within ${formatDuration(mostMs)}`;
    if (hop === 'total') return [{ says, saw: durationMs <= mostMs ? null : milliseconds(durationMs) }];
    // A phase that did not happen (a kept connection has no handshake) took no time.
    const longest = Math.max(0, ...took);
    return [{ says, saw: longest <= mostMs ? null : milliseconds(longest) }];
  });
}

function milliseconds(ms: number): string {
  return `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
