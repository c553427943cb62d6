// Owns what the answers' Date fields say of this machine's clock: the record, and what it comes to. Pure.

import { visible } from '../../src/model/text.ts';
import type { HttpFacts, RequestTrace } from '../../src/model/trace.ts';
import type { ClockEvidence } from './evidence-clock.ts';

const MAX_ENDPOINTS = 64;
/** Seconds. Machines that keep time are within one; a Date is cut to whole seconds, and ours is of the loop. */
const OFF_SECONDS = 300;
/** Endpoints that do not agree so far say nothing of our clock. Seconds. */
const AGREE_SECONDS = 60;

/** Null when no answer had a Date. @param startedAtMs our wall clock when the ride began, Unix ms */
export function clockOf(traces: readonly RequestTrace[], startedAtMs: number): ClockEvidence | null {
  const ahead = traces.flatMap(({ endpoint, startMs, spans, http }) => {
    const theirs = http === null ? null : timeIn(http);
    if (theirs === null) return [];
    const { wait } = spans;
    const ours = startedAtMs + (wait === undefined ? startMs : wait.startMs + wait.durationMs);
    return [{ endpoint, aheadMs: theirs - ours }];
  });
  const byEndpoint = [...Map.groupBy(ahead, ({ endpoint }) => endpoint)].slice(0, MAX_ENDPOINTS);
  if (byEndpoint.length === 0) return null;
  return {
    ownAt: new Date(startedAtMs).toISOString(),
    byEndpoint: byEndpoint.map(([endpoint, answers]) => ({
      ...{ endpoint, answers: answers.length },
      aheadSeconds: Math.round(median(answers.map(({ aheadMs }) => aheadMs)) / 1000),
    })),
  };
}

/** Unix ms. A cache hands out the Date of when it was filled, and says by Age how long ago that was. */
function timeIn({ headers }: HttpFacts): number | null {
  const field = (name: string) => headers.find(([key]) => visible(key).toLowerCase() === name)?.[1];
  const date = field('date');
  // RFC 9110 5.6.7: what is sent today; obsolete forms are not guessed at.
  if (date === undefined || !/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(visible(date)))
    return null;
  const age = field('age');
  const seconds = age !== undefined && /^\d{1,9}$/.test(visible(age)) ? Number(visible(age)) : 0;
  const ms = Date.parse(visible(date));
  return Number.isNaN(ms) ? null : ms + seconds * 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

export type OwnClock =
  | { readonly state: 'right' }
  | { readonly state: 'unknown' }
  /** Below 0: this machine is ahead of everybody. */
  | { readonly state: 'off'; readonly aheadSeconds: number };

/** `off` when two endpoints or more are together elsewhere in time; alone, one may be wrong itself. */
export function ownClock({ byEndpoint }: ClockEvidence): OwnClock {
  const all = byEndpoint.map(({ aheadSeconds }) => aheadSeconds);
  if (all.some((ahead) => Math.abs(ahead) <= OFF_SECONDS)) return { state: 'right' };
  const [least, most] = [Math.min(...all), Math.max(...all)];
  if (all.length < 2 || most - least > AGREE_SECONDS) return { state: 'unknown' };
  return { state: 'off', aheadSeconds: median(all) };
}
