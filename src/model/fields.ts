// Owns reading header fields: names without case, comma lists, parameters, quoted strings (RFC 9110 5.1, 5.6). Text in, wire text out.
// Never judges a value; every result is bounded in number, and reading is linear in the length of the field.
import { capture, interpret, matches, type TextKey, type WireText } from './text.ts';

/** Header or trailer lines in the order sent. */
export type Fields = readonly (readonly [WireText, WireText])[];

/** A list member `value;name=value;flag`: RFC 9110 5.6.6. Values are without their quotes; a flag has none. */
export interface Member {
  readonly value: WireText;
  readonly parameters: readonly Parameter[];
}

export interface Parameter {
  readonly name: WireText;
  readonly value: WireText | null;
}

/** Members of one field and parameters of one member that are read; the rest is left. */
const MAX_PIECES = 64;

/** True when the text is that name in any case; `name` is lower case. Names are ASCII: RFC 9110 5.1. */
export function isNamed(text: WireText, name: string): boolean {
  const raw = text as unknown as string;
  if (raw.length !== name.length) return false;
  // Letter by letter: asked of every field of every answer, so that a lower-case copy of each would be most of a long ride's garbage.
  for (let at = 0; at < name.length; at++) {
    const code = raw.charCodeAt(at);
    if ((code >= 0x41 && code <= 0x5a ? code | 0x20 : code) !== name.charCodeAt(at)) return false;
  }
  return true;
}

/** Values of every line with this name, in the order sent. `name` is lower case. */
export function fieldValues(fields: Fields, name: string): readonly WireText[] {
  return fields.filter(([key]) => isNamed(key, name)).map(([, value]) => value);
}

/** The value of the first line with this name, or null. */
export function fieldValue(fields: Fields, name: string): WireText | null {
  // Without a list: a ride asks some hundred names of every answer.
  for (const [key, value] of fields) if (isNamed(key, name)) return value;
  return null;
}

/** Pieces between separators outside of quoted strings and comments (RFC 9110 5.6.4, 5.6.5), trimmed, empty ones dropped. */
function pieces(text: WireText, separator: ',' | ';'): readonly WireText[] {
  const raw = text as unknown as string;
  const found: string[] = [];
  let start = 0;
  let quoted = false;
  let depth = 0;
  for (let at = 0; at <= raw.length && found.length < MAX_PIECES; at++) {
    const character = raw[at];
    if (quoted && character === '\\') at++;
    else if (character === '"' && depth === 0) quoted = !quoted;
    else if (!quoted && character === '(') depth++;
    else if (!quoted && character === ')') depth = Math.max(0, depth - 1);
    else if (at >= raw.length || (character === separator && !quoted && depth === 0)) {
      const piece = raw.slice(start, at).trim();
      if (piece !== '') found.push(piece);
      start = at + 1;
    }
  }
  // A quoted string or comment that never closes swallows the rest, as one piece.
  const rest = raw.slice(start).trim();
  if (rest !== '' && found.length < MAX_PIECES) found.push(rest);
  return found as unknown as readonly WireText[];
}

/** Members of all lines with this name, as one list: RFC 9110 5.3, 5.6.1. `name` is lower case. */
export function listOf(fields: Fields, name: string): readonly WireText[] {
  return fieldValues(fields, name)
    .flatMap((value) => pieces(value, ','))
    .slice(0, MAX_PIECES);
}

const QUOTED = /^"((?:[^"\\]|\\[^])*)"?$/;

/** The text inside a quoted string with `\` pairs undone (RFC 9110 5.6.4); any other text as it is. */
function unquoted(text: WireText): WireText {
  const inner = capture(text, QUOTED);
  return inner === null ? text : ((inner as unknown as string).replaceAll(/\\([^])/g, '$1') as unknown as WireText);
}

/** `name=value`, white space around `=` allowed, or a bare name. */
export function parameterOf(piece: WireText): Parameter {
  const name = capture(piece, /^([^=]*?)\s*=/);
  if (name === null) return { name: piece, value: null };
  const value = capture(piece, /^[^=]*=\s*([^]*)$/);
  return { name, value: value === null ? null : unquoted(value) };
}

/** A list member and its parameters. */
export function memberOf(piece: WireText): Member {
  const [value, ...rest] = pieces(piece, ';');
  return { value: unquoted(value ?? piece), parameters: rest.map(parameterOf) };
}

/** Value of the first parameter with this name; null when it is absent or a flag. `name` is lower case. */
export function parameter(member: Member, name: string): WireText | null {
  return member.parameters.find((each) => isNamed(each.name, name))?.value ?? null;
}

/** A plain non-negative decimal number (`12`, `0.5`), or null for anything else. */
export function decimal(text: WireText | null): number | null {
  return text !== null && matches(text, /^\d{1,15}(\.\d{1,12})?$/) ? interpret(text, Number) : null;
}

/** A key for a set of header names: order, case and repetition aside. */
export function nameSetKey(names: readonly WireText[]): TextKey {
  const lower = (names as unknown as readonly string[]).map((name) => name.toLowerCase());
  return [...new Set(lower)].toSorted().join('\n') as unknown as TextKey;
}
