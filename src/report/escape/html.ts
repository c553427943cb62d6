// Owns the way of text into HTML: a branded type and the tagged template that is the only maker of it.
// Never lets text through unescaped: forgetting an escape is a compile error, because only `Html` passes as it is.
import type { WireText } from '../../model/text.ts';
import { terminal } from './terminal.ts';

declare const markup: unique symbol;
/** A piece of well-formed HTML. An object, so that neither a string nor a number is taken for one. */
export interface Html {
  readonly [markup]: string;
}

class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Fragment = string | number | WireText | Html | readonly Html[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
  '=': '&#61;',
};

/** Text made safe in element content and in quoted attributes; active characters spelled out as in a terminal. */
function escaped(text: string | WireText): string {
  return terminal(text).replace(/[&<>"'`=]/g, (character) => ENTITIES[character] ?? '');
}

function written(fragment: Fragment): string {
  if (fragment instanceof Markup) return fragment.text;
  if (Array.isArray(fragment)) return (fragment as readonly Html[]).map(written).join('');
  if (typeof fragment === 'number') return String(fragment);
  return escaped(fragment as string | WireText);
}

/** HTML from a literal; whatever is put in is escaped unless it is `Html` itself. Put attributes in double quotes. */
export function html(literals: TemplateStringsArray, ...fragments: readonly Fragment[]): Html {
  const text = literals.reduce((all, literal, index) => `${all}${written(fragments[index - 1] ?? '')}${literal}`);
  return new Markup(text) as unknown as Html;
}

/** Nothing. */
export const nothing: Html = html``;

/** A style element of the program's own: no escape, so it takes no text from outside. */
export function styleElement(css: string): Html {
  if (css.includes('<')) throw new Error('a style sheet must not hold markup');
  return new Markup(`<style>${css}</style>`) as unknown as Html;
}

/** The finished document. */
export function documentText(body: Html): string {
  return `${written(body)}\n`;
}
