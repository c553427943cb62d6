// Owns writing metric families as Prometheus reads them, piece by piece, so that whoever scrapes ten thousand targets holds nobody up.
// Knows no family by name.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Family } from './catalogue.ts';

/** `text`: version 0.0.4 of the text format; `openmetrics`: 1.0.0. */
export type Format = 'text' | 'openmetrics';

export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
};

export interface Told {
  readonly family: Pick<Family, 'name' | 'help'> & { readonly type: Family['type'] | 'summary' };
  /** Lines, each with its line feed; empty ones are none. Every piece is whole lines. */
  readonly pieces: Iterable<string>;
}

/** Handed over when it is this long, characters: what is below costs more to hand over than to write. */
const PART = 65_536;

/** The whole exposition in parts; other work of the event loop comes between each two of them. */
export async function* exposition(families: Iterable<Told>, format: Format): AsyncGenerator<string> {
  let part = '';
  for (const { family, pieces } of families) {
    let head = headOf(family, format);
    for (const piece of pieces) {
      if (piece === '') continue;
      part += head + piece;
      head = '';
      if (part.length < PART) continue;
      yield part;
      part = '';
      await nextTurn();
    }
  }
  yield format === 'openmetrics' ? `${part}# EOF\n` : part;
}

/** OpenMetrics calls a counter by its name without `_total`. */
function headOf({ name, help, type }: Told['family'], format: Format): string {
  const called = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
  const plain = help.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
  const text = format === 'openmetrics' ? plain.replaceAll('"', String.raw`\"`) : plain;
  return `# HELP ${called} ${text}\n# TYPE ${called} ${type}\n`;
}

/** `a="1",b="2"` */
export function labelPairs(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');
}

/** A label value between its quotes. */
export function escaped(value: string): string {
  return /[\\\n"]/.test(value)
    ? value.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`).replaceAll('"', String.raw`\"`)
    : value;
}

/** One line. @param pairs as `labelPairs` writes them; empty for none */
export function line(name: string, pairs: string, value: number): string {
  return `${name}${pairs === '' ? '' : `{${pairs}}`} ${numberText(value)}\n`;
}

export function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
