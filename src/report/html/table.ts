// Owns tables in the HTML report: each scrolls in a box of its own, so that the page never does.
import type { WireText } from '../../model/text.ts';
import { type Html, html } from '../escape/html.ts';

export interface HtmlTable {
  /** Said to screen readers, for which the scrolling box is a region. */
  readonly label: string;
  readonly titles: readonly (string | WireText)[];
  readonly rows: readonly (readonly (string | WireText)[])[];
  /** Columns aligned right. */
  readonly isNumber: (column: number) => boolean;
}

/** A table in its own scrolling box, which can be reached and scrolled by keyboard. */
export function tablePart({ label, titles, rows, isNumber }: HtmlTable): Html {
  const style = (column: number) => (isNumber(column) ? 'number' : 'text');
  const head = titles.map((title, column) => html`<th scope="col" class="${style(column)}">${title}</th>`);
  const body = rows.map((row) => {
    const cells = titles.map((_, column) => html`<td class="${style(column)}">${row[column] ?? ''}</td>`);
    return html`<tr>${cells}</tr>`;
  });
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}
