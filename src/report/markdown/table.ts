// Owns GFM tables (GFM 4.10) and folded parts in the Markdown report.
import type { WireText } from '../../model/text.ts';
import { joined, type Markdown, markdown } from '../escape/markdown.ts';

type Text = string | WireText;

function row(cells: readonly Text[]): Markdown {
  return markdown`| ${joined(cells, ' | ')} |`;
}

/** A table whose columns from `numbersFrom` on are aligned right. */
export function table(titles: readonly Text[], rows: readonly (readonly Text[])[], numbersFrom: number): Markdown {
  const rules = titles.map((_, index) => (index < numbersFrom ? markdown`---` : markdown`---:`));
  return joined([row(titles), markdown`| ${joined(rules, ' | ')} |`, ...rows.map(row)], '\n');
}

/** A part that opens on a click. The blank lines make Markdown of what stands inside (CommonMark 4.6). */
export function folded(title: Text, parts: readonly Markdown[]): Markdown {
  return joined([markdown`<details><summary>${title}</summary>`, ...parts, markdown`</details>`], '\n\n');
}
