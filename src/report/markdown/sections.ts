// Owns evidence in the Markdown report: each section folded, its blocks as tables and lists.
import type { Block, Section } from '../../contract/section.ts';
import { cellText } from '../cell.ts';
import { joined, type Markdown, markdown } from '../escape/markdown.ts';
import { folded, table } from './table.ts';

function blockPart(block: Block): Markdown {
  switch (block.kind) {
    case 'table':
      return table(
        block.columns,
        block.rows.map((row) => block.columns.map((_, index) => cellText(row[index] ?? null))),
        block.columns.length,
      );
    case 'facts':
      return joined(
        block.rows.map(([name, cell]) => markdown`- ${name}: ${cellText(cell)}`),
        '\n',
      );
    case 'unknown':
      return markdown`${block.because}`;
  }
}

export function sectionPart(section: Section): Markdown {
  return folded(section.title, section.blocks.map(blockPart));
}
