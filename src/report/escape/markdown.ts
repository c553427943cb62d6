// Owns the way of text into Markdown (CommonMark 0.31, GFM): a branded type and the tagged template that makes it.
// Never lets text make a link, image, mention, reference, heading, table cell or HTML.
import type { WireText } from '../../model/text.ts';
import { terminal } from './terminal.ts';

declare const marked: unique symbol;
/** A piece of Markdown. An object, so that a string is never taken for one. */
export interface Markdown {
  readonly [marked]: string;
}

class Marked {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const make = (text: string): Markdown => new Marked(text) as unknown as Markdown;

/** Punctuation with a meaning inside a line (CommonMark 2.4 and 6, GFM tables and strikethrough, dollar maths). */
const ACTIVE = /[\\`*_[\]~|$]/g;
/**
 * What forges link after rendering, in plain text nodes: mentions, mail addresses, references, bare URLs. An entity or a
 * backslash is gone by then, a `code` element is not: GFM 6.9 and the filters behind it leave code alone. What stands before
 * a scheme does not matter: `_https://` and `1https://` are links too.
 */
const LINKED = /[@#]|(?<=GH)-|(?<=https?|ftp|mailto|xmpp):|(?<=www)\./gi;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Text for running text and table cells; nothing in it is read as Markdown or HTML. */
function escaped(text: string | WireText): string {
  return terminal(text)
    .trim()
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? '')
    .replace(ACTIVE, '\\$&')
    .replace(LINKED, '<code>$&</code>')
    .replace(/^[-+=:](?![\w.])/, '\\$&')
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2');
}

/** Text as a code span; as running text when a backtick or a pipe in it would end the span or the table cell. */
export function code(text: string | WireText): Markdown {
  const shown = terminal(text).trim();
  return make(shown === '' || /[`|]/.test(shown) ? escaped(text) : `\`${shown}\``);
}

export type Fragment = string | number | WireText | Markdown;

function written(fragment: Fragment): string {
  if (fragment instanceof Marked) return fragment.text;
  return typeof fragment === 'number' ? String(fragment) : escaped(fragment as string | WireText);
}

/** Markdown from a literal; whatever is put in is escaped unless it is `Markdown` itself. */
export function markdown(literals: TemplateStringsArray, ...fragments: readonly Fragment[]): Markdown {
  return make(literals.reduce((all, literal, index) => `${all}${written(fragments[index - 1] ?? '')}${literal}`));
}

/** Pieces joined by a separator of ours. */
export function joined(pieces: readonly Fragment[], separator: '\n' | '\n\n' | ', ' | ' | ' | ' '): Markdown {
  return make(pieces.map(written).join(separator));
}

/** The finished document. */
export function documentText(body: Markdown): string {
  return `${written(body)}\n`;
}
