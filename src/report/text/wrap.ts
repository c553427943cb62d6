// Owns paragraphs: words filled into lines of a width, with a lead on the first line and a hanging indent under it.

import type { WireText } from '../../model/text.ts';
import { blank, type Line, lineWidth, type Run, run, type Style } from './run.ts';
import { clip, pieces, widthOf } from './width.ts';

/** A sentence longer than this is cut: a page of hostile text must not push the rest off the screen. */
const LONGEST = 600;

/** The words of a sentence as runs, to be separated by one space each. */
export function words(text: string | WireText, style: Style = 'plain'): readonly Run[] {
  return clip(run(text).text, LONGEST)
    .split(/ +/)
    .filter((word) => word !== '')
    .map((word) => run(word, style));
}

/** Neighbours in the same style become one run: fewer colour changes, same text. */
function merged(line: readonly Run[]): Line {
  const result: Run[] = [];
  for (const piece of line) {
    const last = result.at(-1);
    if (last?.style === piece.style) result[result.length - 1] = run(last.text + piece.text, piece.style);
    else result.push(piece);
  }
  return result;
}

/** Fills words into lines of at most `width` columns; a word that is longer than a line is broken. */
export function fill(lead: Line, content: readonly Run[], width: number): readonly Line[] {
  const indent = lineWidth(lead);
  const room = Math.max(2, width - indent);
  const lines: Run[][] = [[...lead]];
  let used = 0;
  for (const word of content.flatMap(({ text, style }) => pieces(text, room).map((piece) => run(piece, style)))) {
    const size = widthOf(word.text);
    if (used > 0 && used + 1 + size > room) {
      lines.push([blank(indent)]);
      used = 0;
    }
    // The space takes the style of its word, so that a bold sentence is one run.
    lines.at(-1)?.push(...(used > 0 ? [run(' ', word.style), word] : [word]));
    used += size + (used > 0 ? 1 : 0);
  }
  return lines.map(merged);
}
