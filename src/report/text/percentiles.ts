// Owns the verbose latency table: every percentile of every hop that the samples can bound.
import type { Journey } from '../../model/journey.ts';
import { percentileRows, percentileTitles } from '../latency-tables.ts';
import { type Line, run } from './run.ts';
import { type Column, fitColumns, tableLines } from './table.ts';

/** Which columns stay when it gets narrow: where, hop, n, p50, max. */
const DROPPABLE = [0, 0, 1, 4, 5, 6, 0, 3, 3, 2, 2, 0];

export function percentileLines(journey: Journey, width: number): readonly Line[] {
  const rows = percentileRows(journey);
  if (rows.length === 0) return [];
  const columns = percentileTitles.map(
    (title, index): Column => ({
      header: run(title, 'dim'),
      cells: rows.map((row) => run(row[index] ?? '')),
      align: index < 2 ? 'left' : 'right',
      droppable: DROPPABLE[index] ?? 0,
    }),
  );
  return [[run('LATENCY of every hop', 'strong')], ...tableLines(fitColumns(columns, width, 2), 2)];
}
