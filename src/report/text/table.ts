// Owns tables in a terminal: columns aligned, and dropped or shortened rather than wrapped when the width is small.
import { blank, type Line, type Run, run } from './run.ts';
import { clip, clipMiddle, widthOf } from './width.ts';

export interface Column {
  readonly header: Run;
  readonly cells: readonly Run[];
  readonly align: 'left' | 'right';
  /** Columns with a higher number are dropped first; 0 stays. */
  readonly droppable: number;
  /** Where a cell that is too long is cut; at its end when not said. */
  readonly cut?: 'middle';
}

export function columnWidth(column: Column): number {
  return Math.max(widthOf(column.header.text), ...column.cells.map((cell) => widthOf(cell.text)));
}

/** Width of columns side by side. */
export function tableWidth(columns: readonly Column[], gap: number): number {
  return columns.reduce((sum, column) => sum + columnWidth(column), 0) + gap * Math.max(0, columns.length - 1);
}

/** The columns that fit, the least important dropped first. */
export function fitColumns(columns: readonly Column[], width: number, gap: number): readonly Column[] {
  let kept = columns;
  while (tableWidth(kept, gap) > width) {
    const most = Math.max(...kept.map((column) => column.droppable));
    if (most <= 0) break;
    const drop = kept.findLastIndex((column) => column.droppable === most);
    kept = kept.toSpliced(drop, 1);
  }
  return kept;
}

/** The column with cells of at most `width` columns. */
export function clipped(column: Column, width: number): Column {
  const shorten = column.cut === 'middle' ? clipMiddle : clip;
  const cut = (cell: Run): Run => run(shorten(cell.text, width), cell.style);
  return { ...column, header: cut(column.header), cells: column.cells.map(cut) };
}

/** Takes from the widest columns until the table fits; no column is cut below `least`. */
export function shrinkColumns(
  columns: readonly Column[],
  width: number,
  gap: number,
  least: number,
): readonly Column[] {
  const widths = columns.map(columnWidth);
  let excess = tableWidth(columns, gap) - width;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widest < 0 || (widths[widest] ?? 0) <= least) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return columns.map((column, index) => clipped(column, widths[index] ?? least));
}

function padded(cell: Run, width: number, align: 'left' | 'right'): Line {
  const space = blank(width - widthOf(cell.text));
  return align === 'left' ? [cell, space] : [space, cell];
}

/** The lines of a table: header, then rows. */
export function tableLines(columns: readonly Column[], gap: number): readonly Line[] {
  const widths = columns.map(columnWidth);
  const height = Math.max(0, ...columns.map((column) => column.cells.length));
  const lineOf = (cellOf: (column: Column) => Run | undefined): Line =>
    columns.flatMap((column, index) => [
      ...(index > 0 ? [blank(gap)] : []),
      ...padded(cellOf(column) ?? blank(0), widths[index] ?? 0, column.align),
    ]);
  return [
    lineOf((column) => column.header),
    ...Array.from({ length: height }, (_, row) => lineOf((column) => column.cells[row])),
  ];
}
