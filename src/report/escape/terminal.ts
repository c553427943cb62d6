// Owns the way of text into a terminal: after it, a line shows what was said and the terminal does nothing else.
// Never trusts a plain string more than wire text: a journey may come from a file that someone edited.
import { visible, type WireText } from '../../model/text.ts';

declare const printable: unique symbol;
/** One line of text that a terminal shows and does not act on. Only `terminal` makes it. */
export type Printable = string & { readonly [printable]: true };

/**
 * What `visible` leaves: unassigned, private and rare format characters (their width is anyone's guess), characters that show
 * nothing (Hangul fillers, variation selectors but for text and emoji style) and marks piled up beyond four.
 */
const UNRULY = /\p{C}|(?![\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}|(?<=\p{M}{4})\p{M}/gu;

/** The text on one line, everything that acts, hides or piles up spelled out (`\x1b`, `\u{202e}`). Idempotent. */
export function terminal(text: string | WireText): Printable {
  return visible(text).replace(
    UNRULY,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  ) as Printable;
}
