// Owns the latency tables of reports that draw tables as such (Markdown, HTML, verbose text): titles and cells, no layout.
// Never shows a percentile that the samples cannot bound.
import type { Journey } from '../model/journey.ts';
import type { Hop } from '../model/latency.ts';
import { placeText } from './groups.ts';
import { cutIn, failedIn, highestOf, latencyRows, phasesOf, summariesOf } from './latency.ts';
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
] as const;

/** `2`, `2, 13 cut`: what was under way when the ride was stopped has not failed. */
function failedCell(hop: Hop): string {
  const cut = cutIn(hop);
  return cut === 0 ? String(hop.failures) : `${failedIn(hop)}, ${cut} cut`;
}

/** p95 and p99 are left out where the samples cannot bound a p99: a number there would be read as known. */
function percentileRow(hop: Hop, journey: Journey): readonly string[] {
  const where = hop.endpoint === null && hop.zone === null ? 'all' : placeText(hop, journey);
  const summary = hop.latencyMs;
  const head = [where, hop.id, String(hop.attempts), failedCell(hop)];
  if (summary === null) return [...head, '–', '–', '–', '–', '–', '–', '–', '–'];
  const { min, mean, p50, p90, p95, p99, max, p99Interval } = summary;
  const high =
    p99Interval === null ? ['–', '–', '–'] : [formatMs(p95), formatMs(p99), p99Interval.map(formatMs).join(' – ')];
  return [...head, formatMs(min), formatMs(mean), formatMs(p50), formatMs(p90), ...high, formatMs(max)];
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
    const figures = phases.map((phase) => row.hops[phase]?.latencyMs?.p50 ?? null);
    const highest = row.hops.total?.latencyMs?.[high] ?? null;
    const times = [...figures, highest].map((ms) => (ms === null ? '–' : formatMs(ms)));
    return [row.endpoint.zone ?? '–', row.address, ...times, row.failure ?? ''];
  });
  return {
    titles: ['zone', 'address', ...phases.map((phase) => `${phase} p50`), `total ${high}`, 'failed'],
    rows: cells,
  };
}
