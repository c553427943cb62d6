// Owns which phases take longer or shorter than they did, and whether that is more than chance. Pure.
import type { LatencyChange, NotCompared } from '../model/diff.ts';
import type { Journey } from '../model/journey.ts';
import type { Hop } from '../model/latency.ts';
import { visible } from '../model/text.ts';
import { holm } from '../stats/counts.ts';
import { hodgesLehmann, mannWhitney } from '../stats/ranks.ts';

/** Over all phases of a pair of journeys together: of a hundred pairs that differ in nothing one shows something. */
const LEVEL = 0.01;
/** What a clock is usually wrong by, at most: the worst sample, which is all that is written down, says nothing of a median. Ms. */
const USUAL_DOUBT_MS = 0.1;

export interface LatencyDifferences {
  readonly latency: readonly LatencyChange[];
  readonly notCompared: readonly NotCompared[];
}

export function latencyDifferences(before: Journey, after: Journey): LatencyDifferences {
  const notCompared: NotCompared[] = [];
  const compared: Omit<LatencyChange, 'real'>[] = [];
  const doubts: number[] = [];
  const [was, is] = [placedHops(before), placedHops(after)];
  for (const [key, { hop, place }] of was) {
    const other = is.get(key)?.hop;
    // An endpoint that is gone is told by its zone or address; writing a request says nothing.
    if (other === undefined || hop.id === 'send') continue;
    const reason = whyNot(hop, other);
    if (reason !== null) notCompared.push({ what: `latency.${hop.id}`, place, because: reason });
    const change = reason === null ? changeOf(hop, other, place) : null;
    if (change === null) continue;
    compared.push(change);
    doubts.push(doubtOf(hop) + doubtOf(other));
  }
  const chances = holm(compared.map(({ chance }) => chance));
  const latency = compared.map((change, at): LatencyChange => {
    const chance = chances[at] ?? 1;
    return { ...change, chance, real: chance <= LEVEL && Math.abs(change.shiftMs) > (doubts[at] ?? 0) };
  });
  return { latency, notCompared };
}

function doubtOf({ uncertaintyMs = USUAL_DOUBT_MS }: Hop): number {
  return Math.min(uncertaintyMs, USUAL_DOUBT_MS);
}

interface PlacedHop {
  readonly hop: Hop;
  readonly place: string | null;
}

/** By phase and zone, where one endpoint stands for its zone; else by address, for ports change where nothing else does. */
function placedHops({ hops, endpoints }: Journey): ReadonlyMap<string, PlacedHop> {
  const byZone = Map.groupBy(endpoints, ({ zone }) => zone);
  return new Map(
    hops.map((hop) => {
      const endpoint = endpoints.find(({ id }) => id === hop.endpoint);
      const isAlone = endpoint?.zone != null && byZone.get(endpoint.zone)?.length === 1;
      const place = endpoint === undefined ? null : isAlone ? visible(endpoint.zone ?? '') : endpoint.address;
      return [`${hop.id} ${place ?? ''}`, { hop, place }];
    }),
  );
}

function whyNot(before: Hop, after: Hop): string | null {
  if (before.latencyMs === null && after.latencyMs === null) return null;
  if (after.latencyMs === null) return 'seen before, no sample finished it now';
  if (before.latencyMs === null) return 'no sample finished it before';
  return before.clock === after.clock ? null : `another clock: ${before.clock} before, ${after.clock} now`;
}

function changeOf(before: Hop, after: Hop, place: string | null): Omit<LatencyChange, 'real'> | null {
  const [was, is] = [before.latencyMs, after.latencyMs];
  const shift = was === null || is === null ? null : hodgesLehmann(is.samples, was.samples);
  if (was === null || is === null || shift === null) return null;
  return {
    hop: before.id,
    place,
    samplesBefore: was.samples.length,
    samplesAfter: is.samples.length,
    p50BeforeMs: was.p50,
    p50AfterMs: is.p50,
    shiftMs: rounded(shift.shift),
    intervalMs: shift.interval === null ? null : [rounded(shift.interval[0]), rounded(shift.interval[1])],
    chance: mannWhitney(is.samples, was.samples).chance,
  };
}

const rounded = (ms: number): number => Number(ms.toFixed(3));
