// Owns opening texts that hold secrets: written out for the wire, each value encoded for the place it goes to, and hidden again in what
// comes back. What it writes is wrapped again unless nothing in it is secret.
import { Secret } from '../../model/secret.ts';
import { SecretText } from '../../model/secret-text.ts';

/** How a value is written: as it is, within a URL (RFC 3986 2.1), within a JSON string (RFC 8259 7), within a form. */
export type Encoding = 'raw' | 'url' | 'json' | 'form';

/** A piece of the text itself, or a value to be put in. */
export type Piece = string | { readonly value: Secret; readonly encoding: Encoding };

/** One text out of its pieces; a plain string when no value is in it. */
export function written(pieces: readonly Piece[], name: string): string | Secret {
  const text = pieces.map((piece) => (typeof piece === 'string' ? piece : encoded(piece.value.open(), piece.encoding)));
  return pieces.every((piece) => typeof piece === 'string') ? text.join('') : new Secret(name, text.join(''));
}

/** The whole text as one secret, whatever is in it. */
export function secretOf(text: string | SecretText, name: string): Secret {
  const parts = text instanceof SecretText ? text.parts : [text];
  return new Secret(name, parts.map((part) => (typeof part === 'string' ? part : part.open())).join(''));
}

export function bytesOf(text: string | SecretText): Uint8Array {
  return Buffer.from(secretOf(text, 'body').open());
}

/** The text itself, for comparing with what came. Never to be shown. */
export function textToCompare(pieces: readonly Piece[]): string {
  const text = written(pieces, 'text');
  return typeof text === 'string' ? text : text.open();
}

/** The bytes of a body. */
export function bytesOfPieces(pieces: readonly Piece[]): Uint8Array {
  return Buffer.from(textToCompare(pieces));
}

/** JSON (RFC 8259) with texts put together from pieces. `piecesOf` encodes its values for JSON. */
export function jsonPieces(
  value: unknown,
  piecesOf: (text: string | SecretText) => readonly Piece[],
): readonly Piece[] {
  if (typeof value === 'string' || value instanceof SecretText) {
    const pieces = piecesOf(value).map((piece) => (typeof piece === 'string' ? encoded(piece, 'json') : piece));
    return ['"', ...pieces, '"'];
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => jsonPieces(item, piecesOf));
    return ['[', ...items.flatMap((item, at) => (at === 0 ? item : [',', ...item])), ']'];
  }
  if (typeof value !== 'object' || value === null) return [JSON.stringify(value) ?? 'null'];
  const entries = Object.entries(value).map(([key, inner]) => [
    `${JSON.stringify(key)}:`,
    ...jsonPieces(inner, piecesOf),
  ]);
  return ['{', ...entries.flatMap((entry, at) => (at === 0 ? entry : [',', ...entry])), '}'];
}

/** The pieces of a text without places for anything but its secrets. */
export function secretPieces(text: string | SecretText, encoding: Encoding): readonly Piece[] {
  const parts = text instanceof SecretText ? text.parts : [text];
  return parts.map((part) => (typeof part === 'string' ? part : { value: part, encoding }));
}

function encoded(value: string, encoding: Encoding): string {
  if (encoding === 'raw') return value;
  if (encoding === 'json') return JSON.stringify(value).slice(1, -1);
  if (encoding === 'form') return new URLSearchParams([['', value]]).toString().slice(1);
  return encodeURIComponent(value.toWellFormed());
}

/** What is shorter stands in every other text by chance. */
const MIN_HIDDEN = 4;

/** Puts the names of the secrets where their values stand, as they are or encoded: answers repeat what they were sent. */
export function hiding(secrets: Iterable<Secret>): (text: string) => string {
  const marks = new Map<string, string>();
  for (const secret of secrets) {
    const value = secret.open();
    // An answer may quote what it was sent, and the record of an answer quotes that.
    const quoted = encoded(value, 'json');
    const inUrl = encoded(value, 'url');
    const base64 = [0, 1, 2].map((shift) => innerBase64(value, shift));
    const lowerHex = inUrl.replaceAll(/%../g, (octet) => octet.toLowerCase());
    // The parser of URLs escapes what encodeURIComponent leaves, and writes hosts in lower case.
    const parsed = inUrl.replaceAll("'", '%27');
    const forms = [
      value,
      value.toLowerCase(),
      parsed,
      quoted,
      encoded(quoted, 'json'),
      inUrl,
      lowerHex,
      encoded(value, 'form'),
      ...base64,
    ];
    for (const form of forms)
      if (form.length >= MIN_HIDDEN && value.length >= MIN_HIDDEN) marks.set(form, String(secret));
  }
  const longestFirst = [...marks].toSorted(([a], [b]) => b.length - a.length);
  return (text) => longestFirst.reduce((shown, [value, mark]) => shown.replaceAll(value, () => mark), text);
}

/** The letters that stand for the value within a longer text in base64 (`user:password`), where it begins after `shift` bytes. */
function innerBase64(value: string, shift: number): string {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]);
  const whole = bytes.subarray(0, bytes.byteLength - (bytes.byteLength % 3));
  const inner = whole.toString('base64').slice(shift === 0 ? 0 : 4);
  return value.length >= 6 ? inner : '';
}
