// Owns the verbose latency table: every percentile of every hop that the samples can bound.
import type { Journey } from '../../model/journey.ts';
import { percentileRows, percentileTitles } from '../latency-tables.ts';
import { type Line, run } from './run.ts';
import { type Column, fitColumns, shrinkColumns, tableLines } from './table.ts';

const GAP = 2;
/** A place cut below this cannot be told from another. */
const LEAST = 8;
/** Which columns stay when it gets narrow: where, hop, p50, max. */
const DROPPABLE = [0, 0, 1, 4, 5, 6, 0, 3, 3, 2, 2, 0, 2, 2, 7];

export function percentileLines(journey: Journey, width: number): readonly Line[] {
  const rows = percentileRows(journey);
  if (rows.length === 0) return [];
  const columns = percentileTitles.map(
    (title, index): Column => ({
      header: run(title, 'dim'),
      cells: rows.map((row) => run(row[index] ?? '')),
      align: index < 2 ? 'left' : 'right',
      droppable: DROPPABLE[index] ?? 0,
      ...(index === 0 ? { cut: 'middle' } : {}),
    }),
  );
  return [
    [run('LATENCY of every hop', 'strong')],
    ...tableLines(shrinkColumns(fitColumns(columns, width, GAP), width, GAP, LEAST), GAP),
  ];
}
