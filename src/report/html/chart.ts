// Owns the drawn distributions of the HTML report: one strip a hop and endpoint, all on one logarithmic axis.
// Positions are percentages and heights pixels, so that labels keep their size on a phone.
import type { Journey } from '../../model/journey.ts';
import type { Hop, LatencySummary } from '../../model/latency.ts';
import type { HopId } from '../../model/trace.ts';
import { type Html, html, nothing } from '../escape/html.ts';
import { histogram, position, type Scale, scaleOf, ticksOf } from '../histogram.ts';
import { type EndpointRow, highestOf, latencyRows, middleOf, phasesOf } from '../latency.ts';
import { formatMs } from '../numbers.ts';

const BINS = 64;
/** Pixels. */
const HEIGHT = 30;
const AXIS_HEIGHT = 16;

const percent = (part: number): string => `${(part * 100).toFixed(2)}%`;

function barsOf(scale: Scale, samples: readonly number[]): readonly Html[] {
  const counts = histogram(scale, samples, BINS);
  const most = Math.max(1, ...counts);
  return counts.flatMap((count, bin) => {
    if (count === 0) return [];
    const height = Math.max(3, (count / most) * (HEIGHT - 4));
    return [
      html`<rect class="bar" x="${percent((bin + 0.08) / BINS)}" width="${percent(0.84 / BINS)}" y="${(HEIGHT - height).toFixed(1)}" height="${height.toFixed(1)}"/>`,
    ];
  });
}

function gridOf(scale: Scale): readonly Html[] {
  return ticksOf(scale).map((ms) => {
    const x = percent(position(scale, ms));
    return html`<line class="grid" x1="${x}" x2="${x}" y1="0" y2="${HEIGHT}"/>`;
  });
}

/** Bars for the samples, a line at p50, a ring at the highest percentile that is known. */
function stripSvg(scale: Scale, summary: LatencySummary, label: string): Html {
  const high = highestOf([summary]);
  const [median, top] = [percent(position(scale, summary.p50)), percent(position(scale, summary[high]))];
  const says = `${label}: ${summary.samples.length} samples, ${middleOf(summary) === null ? '' : `p50 ${formatMs(summary.p50)}, `}${high} ${formatMs(summary[high])}`;
  return html`<svg height="${HEIGHT}" role="img" aria-label="${says}"><title>${says}</title><desc>Histogram of the samples on a logarithmic axis from ${formatMs(scale.low)} to ${formatMs(scale.high)}.</desc>${gridOf(scale)}<line class="base" x1="0" x2="100%" y1="${HEIGHT}" y2="${HEIGHT}"/>${barsOf(scale, summary.samples)}<line class="median" x1="${median}" x2="${median}" y1="0" y2="${HEIGHT}"/><circle class="high" cx="${top}" cy="${HEIGHT - 5}" r="4"/></svg>`;
}

function axisSvg(scale: Scale): Html {
  const labels = ticksOf(scale).map((ms) => {
    const at = position(scale, ms);
    const anchor = at < 0.04 ? 'start' : at > 0.96 ? 'end' : 'middle';
    return html`<text class="tick" x="${percent(at)}" y="12" text-anchor="${anchor}">${tickText(ms)}</text>`;
  });
  return html`<svg height="${AXIS_HEIGHT}" aria-hidden="true">${labels}</svg>`;
}

/** Ticks are round: `0.1 ms`, `10 ms`, `1 s`. */
function tickText(ms: number): string {
  return ms >= 1000 ? `${ms / 1000} s` : `${Number(ms.toPrecision(1))} ms`;
}

function strip(scale: Scale, hop: Hop, row: EndpointRow): Html {
  const summary = hop.latencyMs;
  if (summary === null) return nothing;
  const high = highestOf([summary]);
  const zone = row.endpoint.zone;
  const who = zone === null ? html`${row.address}` : html`${zone}<small>${row.address}</small>`;
  const middle = middleOf(summary);
  const p50 = middle === null ? html`` : html`<span class="muted">p50</span> ${formatMs(middle)} `;
  const figures = html`${p50}<span class="muted">${high}</span> ${formatMs(summary[high])}`;
  const label = `${hop.id}, ${zone ?? ''} ${row.address}`;
  return html`<div class="strip ${row.severity ?? ''}"><div class="who">${who}</div>${stripSvg(scale, summary, label)}<div class="figures">${figures}</div></div>`;
}

const MEANINGS: Readonly<Record<HopId, string>> = {
  resolve: 'lookup of the name',
  connect: 'SYN to SYN-ACK',
  tls: 'connected to handshake finished',
  send: 'request written',
  wait: 'written to first byte of the response',
  receive: 'first to last byte of the response',
  total: 'start of connect to last byte',
};

function figure(scale: Scale, phase: HopId, rows: readonly EndpointRow[]): Html {
  const strips = rows.map((row) => {
    const hop = row.hops[phase];
    return hop === undefined ? nothing : strip(scale, hop, row);
  });
  const whole = phase === 'total' ? 'whole' : '';
  return html`<figure class="${whole}"><figcaption>${phase}<small>${MEANINGS[phase]}</small></figcaption>${strips}<div class="strip">${axisSvg(scale)}</div></figure>`;
}

/** A figure for each hop, the total first; nothing when no sample finished. */
export function chartsPart(journey: Journey): Html {
  const rows = latencyRows(journey);
  const phases = phasesOf(rows);
  const summaries = rows
    .flatMap((row) => phases.map((phase) => row.hops[phase]?.latencyMs ?? null))
    .filter((summary) => summary !== null);
  const scale = scaleOf(summaries);
  if (scale === null) return nothing;
  const ordered = [...phases.filter((phase) => phase === 'total'), ...phases.filter((phase) => phase !== 'total')];
  return html`<p class="note">Bars count samples on one logarithmic axis for all hops; the line is p50, the ring the highest percentile that the samples can bound.</p><div class="charts">${ordered.map((phase) => figure(scale, phase, rows))}</div>`;
}
