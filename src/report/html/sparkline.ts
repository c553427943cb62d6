// Owns the small drawing of a target's last journeys: a bar each, as high as it was slow, in the tone of its verdict.
import type { Verdict } from '../../model/journey.ts';
import { type Html, html, nothing } from '../escape/html.ts';
import { formatMs, plural } from '../numbers.ts';

export interface SparkPoint {
  readonly verdict: Verdict;
  /** Null where nothing came through. */
  readonly slowestMs: number | null;
}

/** Bars that there is room for, and pixels. */
const BARS = 60;
const HEIGHT = 28;

export function sparkline(points: readonly SparkPoint[], of: 'journey' | 'probe'): Html {
  if (points.length === 0) return nothing;
  const shown = points.slice(-BARS);
  const most = Math.max(...shown.map(({ slowestMs }) => slowestMs ?? 0), 0.001);
  const bars = shown.map(({ verdict, slowestMs }, at) => {
    // The newest stands at the right edge.
    const x = (((BARS - shown.length + at) / BARS) * 100).toFixed(2);
    const height = slowestMs === null ? HEIGHT : Math.max(3, (slowestMs / most) * HEIGHT);
    const tone = slowestMs === null ? `${verdict} gone` : verdict;
    return html`<rect class="spark ${tone}" x="${x}%" width="${(80 / BARS).toFixed(2)}%" y="${(HEIGHT - height).toFixed(1)}" height="${height.toFixed(1)}"/>`;
  });
  const well = shown.filter(({ verdict }) => verdict === 'ok').length;
  const says = `${plural(shown.length, of)}, ${well} ok; ${of === 'journey' ? "the slowest endpoint's median" : 'took'} up to ${formatMs(most)}`;
  return html`<svg class="sparks" height="${HEIGHT}" role="img" aria-label="${says}"><title>${says}</title>${bars}</svg>`;
}
