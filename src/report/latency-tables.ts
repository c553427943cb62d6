// Owns the latency tables of reports that draw tables as such (Markdown, HTML, verbose text): titles and cells, no layout.
// Never shows a percentile that the samples cannot bound.
import type { Journey } from '../model/journey.ts';
import type { Hop, LatencySummary } from '../model/latency.ts';
import { isBounded } from '../stats/quantile.ts';
import { placeText } from './groups.ts';
import { cutIn, failedIn, highestOf, latencyRows, middleOf, phasesOf, summariesOf } from './latency.ts';
import { formatMs } from './numbers.ts';

export const percentileTitles = [
  'where',
  'hop',
  'n',
  'failed',
  'min',
  'mean',
  'p50',
  'p90',
  'p95',
  'p99',
  'p99 lies in',
  'max',
  'clock',
  '±',
  'sent again',
] as const;

/** `2`, `2, 13 cut`: what was under way when the ride was stopped has not failed. */
function failedCell(hop: Hop): string {
  const cut = cutIn(hop);
  return cut === 0 ? String(hop.failures) : `${failedIn(hop)}, ${cut} cut`;
}

/** A percentile is left out where the samples cannot bound it: a number there would be read as known. */
function percentileRow(hop: Hop, journey: Journey): readonly string[] {
  const where = hop.endpoint === null && hop.zone === null ? 'all' : placeText(hop, journey);
  const summary = hop.latencyMs;
  const head = [where, hop.id, String(hop.attempts), failedCell(hop)];
  if (summary === null) return [...head, ...Array.from({ length: 8 }, () => '–'), ...toldBy(hop)];
  const { min, mean, max, p99Interval } = summary;
  const percentiles = PERCENTILES.map(([name, q]) => percentileText(summary, name, q));
  const interval = p99Interval === null ? '–' : p99Interval.map(formatMs).join(' – ');
  return [...head, formatMs(min), formatMs(mean), ...percentiles, interval, formatMs(max), ...toldBy(hop)];
}

const PERCENTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
] as const;

function percentileText(summary: LatencySummary, name: (typeof PERCENTILES)[number][0], q: number): string {
  return isBounded(summary.samples.length, q) ? formatMs(summary[name]) : '–';
}

/** By which clock, how far the worst sample may be off, and how many segments of ours had to be sent again. */
function toldBy({ latencyMs, clock, uncertaintyMs, retransmits }: Hop): readonly string[] {
  if (latencyMs === null) return ['–', '–', '–'];
  return [clock, uncertaintyMs === undefined ? '–' : formatMs(uncertaintyMs), String(retransmits ?? 0)];
}

/** Rows as text, in the order of `percentileTitles`. */
export function percentileRows(journey: Journey): readonly (readonly string[])[] {
  return journey.hops.map((hop) => percentileRow(hop, journey));
}

export interface LatencyTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One row an endpoint: p50 of each phase, the highest percentile of the total that is known, failures. */
export function overviewTable(journey: Journey): LatencyTable {
  const rows = latencyRows(journey);
  const phases = phasesOf(rows);
  const high = highestOf(summariesOf(rows, 'total'));
  const cells = rows.map((row) => {
    const figures = phases.map((phase) => middleOf(row.hops[phase]?.latencyMs ?? null));
    const highest = row.hops.total?.latencyMs?.[high] ?? null;
    const times = [...figures, highest].map((ms) => (ms === null ? '–' : formatMs(ms)));
    return [row.endpoint.zone ?? '–', row.address, ...times, row.failure ?? ''];
  });
  return {
    titles: ['zone', 'address', ...phases.map((phase) => `${phase} p50`), `total ${high}`, 'failed'],
    rows: cells,
  };
}
