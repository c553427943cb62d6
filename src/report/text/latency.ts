// Owns the latency table of the text report: endpoints down, hops across, one distribution on a scale shared by all.
import type { Journey } from '../../model/journey.ts';
import type { HopId } from '../../model/trace.ts';
import { MARKS } from '../headline.ts';
import { histogram, type Scale, scaleOf } from '../histogram.ts';
import {
  cutIn,
  type EndpointRow,
  failedIn,
  highestOf,
  latencyNotes,
  latencyRows,
  middleOf,
  phasesOf,
  summariesOf,
} from '../latency.ts';
import { formatMs, plural } from '../numbers.ts';
import { GUTTER, ROOMY } from './layout.ts';
import { blank, type Line, lineWidth, run } from './run.ts';
import { type Column, clipped, fitColumns, shrinkColumns, tableLines, tableWidth } from './table.ts';
import { fill, words } from './wrap.ts';

const BLOCKS = '▁▂▃▄▅▆▇█';
/** Rows on one screen; the slowest and those that fail are kept. */
const MOST_ROWS = 12;
/** Columns of the chart: a sixth of the screen before phases get columns, more when room is left. */
const CHART = { share: 6, least: 6, most: 40 };
/** Which columns go first when it gets narrow: percentiles of phases, then the phases that tell least. */
const DROPPABLE: Readonly<Record<HopId, number>> = {
  resolve: 9,
  send: 8,
  receive: 7,
  connect: 6,
  tls: 5,
  wait: 2,
  total: 0,
};
/** Columns of the longest zone, of the longest address with port (`[IPv6]:65535`), and below which neither is cut. */
const NAME = { zone: 16, address: 47, least: 8 };
const PHASE_HIGH = 10;
const ADDRESS = 4;
const TOTAL_HIGH = 1;

function shownRows(rows: readonly EndpointRow[], verbose: boolean): readonly EndpointRow[] {
  if (verbose || rows.length <= MOST_ROWS) return rows;
  const rank = (row: EndpointRow) =>
    (row.failure === null && row.cut === null ? 0 : 1e9) + (row.hops.total?.latencyMs?.p50 ?? 0);
  const kept = new Set(rows.toSorted((a, b) => rank(b) - rank(a)).slice(0, MOST_ROWS));
  return rows.filter((row) => kept.has(row));
}

function nameColumns(rows: readonly EndpointRow[], gap: number): readonly Column[] {
  const zones = rows.map((row) => row.endpoint.zone);
  const named = zones.some((zone) => zone !== null);
  const distinct = named && new Set(zones).size === rows.length;
  const mark = {
    header: blank(GUTTER - gap),
    cells: rows.map(({ severity }) => (severity === null ? blank(0) : run(MARKS[severity], severity))),
  };
  const zone = { header: run('zone', 'dim'), cells: zones.map((name) => run(name ?? '–', 'strong')) };
  const address = {
    header: run('address', 'dim'),
    cells: rows.map((row) => run(row.address, named ? 'plain' : 'strong')),
  };
  return [
    { ...mark, align: 'left', droppable: 0 },
    ...(named ? [clipped({ ...zone, align: 'left', droppable: distinct ? 0 : 3 }, NAME.zone)] : []),
    clipped({ ...address, align: 'left', droppable: distinct ? ADDRESS : 0, cut: 'middle' }, NAME.address),
  ];
}

function phaseColumns(rows: readonly EndpointRow[], phase: HopId): readonly Column[] {
  const summaries = summariesOf(rows, phase);
  const high = highestOf(summaries);
  // Where no row can bound a p50, what the slowest took is what is known.
  const middle = summaries.some((summary) => middleOf(summary) !== null);
  const column = (header: string, key: 'p50' | 'p99' | 'max', droppable: number): Column => ({
    header: run(header, 'dim'),
    cells: rows.map((row) => {
      const summary = row.hops[phase]?.latencyMs ?? null;
      const figure = key === 'p50' ? middleOf(summary) : (summary?.[key] ?? null);
      return figure === null
        ? run('–', 'dim')
        : run(formatMs(figure), phase === 'total' && key === 'p50' ? 'strong' : 'plain');
    }),
    align: 'right',
    droppable,
  });
  if (!middle) return [column(phase === 'total' ? 'total max' : phase, 'max', DROPPABLE[phase])];
  return [column(phase, 'p50', DROPPABLE[phase]), column(high, high, phase === 'total' ? TOTAL_HIGH : PHASE_HIGH)];
}

function bars(scale: Scale, samples: readonly number[], width: number): string {
  const counts = histogram(scale, samples, width);
  const most = Math.max(1, ...counts);
  return counts.map((count) => (count === 0 ? ' ' : BLOCKS[Math.ceil((count / most) * BLOCKS.length) - 1])).join('');
}

/** The ends of the scale, with a rule between them where there is room; the bars keep it apart from the figures beside it. */
function axis(scale: Scale, width: number): string {
  const [low, high] = [formatMs(scale.low), formatMs(scale.high)];
  const rule = width - low.length - high.length - 4;
  if (rule >= 1) return `├${low} ${'─'.repeat(rule)} ${high}┤`;
  const [figure = '', unit] = low.split(' ');
  const short = `├${high.endsWith(` ${unit}`) ? figure : low}…${high}┤`;
  return short.length <= width ? short : 'bars';
}

function chartColumn(rows: readonly EndpointRow[], scale: Scale, width: number): Column {
  return {
    header: run(axis(scale, width), 'dim'),
    cells: rows.map((row) =>
      run(bars(scale, row.hops.total?.latencyMs?.samples ?? [], width), row.severity ?? 'plain'),
    ),
    align: 'left',
    droppable: 0,
  };
}

/** Columns and what room is left for the chart; the chart gives way before the columns that every reader needs. */
function chosenColumns(
  rows: readonly EndpointRow[],
  scale: Scale | null,
  width: number,
  gap: number,
): readonly Column[] {
  const all = [...nameColumns(rows, gap), ...phasesOf(rows).flatMap((phase) => phaseColumns(rows, phase))];
  const wanted = scale === null ? 0 : Math.min(20, Math.floor(width / CHART.share)) + gap;
  const columns = shrinkColumns(fitColumns(all, width - wanted, gap), width, gap, NAME.least);
  const room = Math.min(CHART.most, width - tableWidth(columns, gap) - gap);
  if (scale === null || room < CHART.least) return columns;
  return [...columns, chartColumn(rows, scale, room)];
}

function tableWithNotes(rows: readonly EndpointRow[], scale: Scale | null, width: number): readonly Line[] {
  const gap = width >= ROOMY ? 2 : 1;
  const [header, ...lines] = tableLines(chosenColumns(rows, scale, width, gap), gap);
  const body = lines.flatMap((line, index) => {
    const { failure = null, cut = null } = rows[index] ?? {};
    return [
      line,
      ...(failure === null ? [] : fill([blank(GUTTER)], words(failure, 'critical'), width)),
      ...(cut === null ? [] : fill([blank(GUTTER)], words(cut, 'warning'), width)),
    ];
  });
  return header === undefined ? body : [header, ...body];
}

function resolveLine(journey: Journey, width: number): readonly Line[] {
  return journey.hops
    .filter((hop) => hop.id === 'resolve')
    .flatMap((hop) => {
      const { latencyMs, attempts } = hop;
      const [failures, cut] = [failedIn(hop), cutIn(hop)];
      const middle = middleOf(latencyMs);
      const figures = [
        ...(middle === null ? [] : [`p50 ${formatMs(middle)}`]),
        ...(latencyMs === null ? [] : [`max ${formatMs(latencyMs.max)}`]),
      ];
      const failed = failures === 0 ? [] : [`${failures}/${attempts} failed`];
      const open = cut === 0 ? [] : [`${cut} of them unanswered when the ride was stopped`];
      const count = failures === 0 ? [plural(attempts, 'lookup')] : [];
      return fill(
        [run('resolve  ', 'dim')],
        words([...figures, ...count, ...failed, ...open].join(', '), failures > 0 ? 'critical' : 'plain'),
        width,
      );
    });
}

export function latencyLines(journey: Journey, width: number, verbose: boolean): readonly Line[] {
  const all = latencyRows(journey);
  if (all.length === 0) return resolveLine(journey, width);
  const rows = shownRows(all, verbose);
  const more = all.length - rows.length;
  const notes = latencyNotes(journey, all);
  const middle = summariesOf(all, 'total').some((summary) => middleOf(summary) !== null) ? 'p50' : 'max';
  const title = [run('LATENCY', 'strong'), run(`  ${middle} of each hop; bars: total, logarithmic`, 'dim')];
  return [
    lineWidth(title) <= width ? title : title.slice(0, 1),
    ...tableWithNotes(rows, scaleOf(summariesOf(all, 'total')), width),
    ...(more > 0
      ? fill([blank(GUTTER)], words(`${plural(more, 'faster endpoint')} not shown: --verbose`, 'dim'), width)
      : []),
    ...resolveLine(journey, width),
    ...(notes === '' ? [] : fill([], words(notes, 'dim'), width)),
  ];
}
