// Owns styled pieces of a line and their colours. A piece is made through the terminal escape and in no other way.
import type { Severity } from '../../model/finding.ts';
import type { WireText } from '../../model/text.ts';
import { type Printable, terminal } from '../escape/terminal.ts';
import { widthOf } from './width.ts';

export type Style = Severity | 'plain' | 'strong' | 'dim' | 'ok' | 'command';

/** One piece of a line in one style. */
export interface Run {
  readonly text: Printable;
  readonly style: Style;
}
export type Line = readonly Run[];

/** Select Graphic Rendition parameters, ECMA-48 8.3.117: the eight colours of every terminal, chosen by its owner. */
const CODES: Readonly<Record<Style, string>> = {
  plain: '',
  strong: '1',
  dim: '2',
  critical: '1;31',
  warning: '1;33',
  notice: '36',
  ok: '1;32',
  command: '36',
};

export function run(text: string | number | WireText, style: Style = 'plain'): Run {
  return { text: terminal(typeof text === 'number' ? String(text) : text), style };
}

/** Blank columns. */
export function blank(columns: number): Run {
  return run(' '.repeat(Math.max(0, columns)));
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0);
}

function trimmed(line: Line): Line {
  const last = line.at(-1);
  if (last === undefined) return line;
  const text = last.text.trimEnd();
  return text === '' ? trimmed(line.slice(0, -1)) : [...line.slice(0, -1), run(text, last.style)];
}

function paintRun({ text, style }: Run, colour: boolean): string {
  const code = CODES[style];
  return colour && code !== '' && text.trim() !== '' ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** Lines as text, without trailing blanks, each ended by a newline. */
export function paint(lines: readonly Line[], colour: boolean): string {
  return lines
    .map(
      (line) =>
        `${trimmed(line)
          .map((piece) => paintRun(piece, colour))
          .join('')}\n`,
    )
    .join('');
}
