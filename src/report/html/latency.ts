// Owns the latency part of the HTML report: the table, what it rests on, the drawn distributions, and every percentile folded away.
import type { Journey } from '../../model/journey.ts';
import { type Html, html, nothing } from '../escape/html.ts';
import { cutNotes, latencyNotes, latencyRows } from '../latency.ts';
import { overviewTable, percentileRows, percentileTitles } from '../latency-tables.ts';
import { chartsPart } from './chart.ts';
import { tablePart } from './table.ts';

function overview(journey: Journey): Html {
  const { titles, rows } = overviewTable(journey);
  const isNumber = (column: number) => column >= 2 && column < titles.length - 1;
  const someFailed = rows.some((row) => row.at(-1) !== '');
  const shown = someFailed ? titles : titles.slice(0, -1);
  return tablePart({ label: 'Latency of each endpoint', titles: shown, rows, isNumber: (column) => isNumber(column) });
}

export function latencyPart(journey: Journey): Html {
  if (journey.endpoints.length === 0) return nothing;
  const notes = latencyNotes(journey, latencyRows(journey));
  const cut = cutNotes(latencyRows(journey)).map((note) => html`<p class="note">${note}</p>`);
  return html`<section><h2>Latency</h2>${overview(journey)}${cut}${notes === '' ? nothing : html`<p class="note">${notes}</p>`}${chartsPart(journey)}</section>`;
}

export function percentilesPart(journey: Journey): Html {
  if (journey.hops.length === 0) return nothing;
  const label = 'Latency of every hop';
  const rows = percentileRows(journey);
  const table = tablePart({ label, titles: percentileTitles, rows, isNumber: (column) => column >= 2 });
  return html`<details><summary>${label}</summary>${table}</details>`;
}
