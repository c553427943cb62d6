// Owns how many columns text takes in a terminal. Where terminals disagree it counts the wider, so that no line overflows.

/** Wide and fullwidth characters (Unicode UAX 11) and those shown as emoji. */
const WIDE =
  /[\p{Emoji_Presentation}\p{RI}\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{1d300}-\u{1d376}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
/** Marks that stand on the character before them; U+FE0F is counted, because it makes some characters wide. */
const ZERO = /(?!\ufe0f)[\p{Mn}\p{Me}]/u;
const ASCII = /^[\x20-\x7e]*$/;

function characterWidth(character: string): number {
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Columns of printable text. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Length in UTF-16 units of the longest start of `text` that takes at most `columns`, marks kept with their character. */
function fitting(text: string, columns: number): number {
  let width = 0;
  let length = 0;
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns) break;
    length += character.length;
  }
  return length;
}

/** The text cut to `columns`, its end marked by `…` when something was cut. */
export function clip(text: string, columns: number): string {
  return widthOf(text) <= columns ? text : `${text.slice(0, fitting(text, columns - 1))}…`;
}

/** The text cut to `columns` (at least 3) in its middle: what tells addresses of one network apart stands at their ends. */
export function clipMiddle(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  const start = text.slice(0, fitting(text, Math.floor((columns - 1) / 2)));
  let room = columns - 1 - widthOf(start);
  let end = '';
  for (const character of Array.from(text).toReversed()) {
    room -= characterWidth(character);
    if (room < 0) break;
    end = character + end;
  }
  return `${start}…${end}`;
}

/** The text in pieces of at most `columns` (at least 2) each. */
export function pieces(text: string, columns: number): readonly string[] {
  const result: string[] = [];
  let rest = text;
  while (widthOf(rest) > columns) {
    const length = fitting(rest, columns);
    result.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  return [...result, rest];
}
