// Owns evidence in the verbose text report: each block as a table or as facts, cut to the width and never wrapped into soup.
import type { Block, Cell, Section } from '../../contract/section.ts';
import { cellText } from '../cell.ts';
import { plural } from '../numbers.ts';
import { blank, type Line, run } from './run.ts';
import { type Column, clipped, fitColumns, shrinkColumns, tableLines } from './table.ts';
import { fill, words } from './wrap.ts';

const INDENT = 2;
const GAP = 2;
/** A column cut below this says nothing: an IPv4 address with some of its port, the beginning of a fingerprint. */
const LEAST = 12;

function tableBlock(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  width: number,
  indent: number,
): readonly Line[] {
  if (columns.length === 0) return [];
  const made = columns.map(
    (name, index): Column => ({
      header: run(name, 'dim'),
      cells: rows.map((row) => run(cellText(row[index] ?? null))),
      align: rows.some((row) => typeof row[index] === 'number') ? 'right' : 'left',
      droppable: index,
    }),
  );
  const room = width - indent;
  // Columns are dropped only when even cut ones are too many; those that stay share all the room.
  const count = fitColumns(
    made.map((column) => clipped(column, LEAST)),
    room,
    GAP,
  ).length;
  const kept = shrinkColumns(made.slice(0, count), room, GAP, LEAST);
  const dropped = made.length - count;
  const lines = tableLines(kept, GAP).map((line) => [blank(indent), ...line]);
  return dropped > 0
    ? [...lines, [blank(indent), run(`${plural(dropped, 'column')} not shown: too narrow`, 'dim')]]
    : lines;
}

function factsBlock(rows: readonly (readonly [string, Cell])[], width: number, indent: number): readonly Line[] {
  return rows.flatMap(([name, cell]) =>
    fill([blank(indent)], [...words(`${cellText(name)}:`, 'dim'), ...words(cellText(cell))], width),
  );
}

function blockLines(block: Block, width: number, indent = INDENT): readonly Line[] {
  switch (block.kind) {
    case 'table':
      return tableBlock(block.columns, block.rows, width, indent);
    case 'facts':
      return factsBlock(block.rows, width, indent);
    case 'unknown':
      return fill([blank(indent)], words(block.because, 'dim'), width);
  }
}

export function sectionLines(section: Section, width: number): readonly Line[] {
  return [
    ...fill([], words(section.title, 'strong'), width),
    ...section.blocks.flatMap((block) => blockLines(block, width)),
  ];
}

/** What a section shows when nobody asked for all of it. */
export function briefLines({ brief = [] }: Section, width: number): readonly Line[] {
  return brief.flatMap((block) => blockLines(block, width, 0));
}
