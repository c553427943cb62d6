// Owns evidence in the HTML report: each section folded, its blocks as tables and facts.
import type { Block, Section } from '../../contract/section.ts';
import { cellText } from '../cell.ts';
import { type Html, html } from '../escape/html.ts';
import { tablePart } from './table.ts';

function blockPart(block: Block, title: string): Html {
  switch (block.kind) {
    case 'table':
      return tablePart({
        label: title,
        titles: block.columns,
        rows: block.rows.map((row) => row.map(cellText)),
        isNumber: (column) => block.rows.some((row) => typeof row[column] === 'number'),
      });
    case 'facts':
      return html`<dl class="facts">${block.rows.map(([name, cell]) => html`<dt>${name}</dt><dd>${cellText(cell)}</dd>`)}</dl>`;
    case 'unknown':
      return html`<p class="muted">${block.because}</p>`;
  }
}

export function sectionPart(section: Section): Html {
  return html`<details><summary>${section.title}</summary>${section.blocks.map((block) => blockPart(block, section.title))}</details>`;
}
