// Owns the characters that no report may let through, named by hand from Unicode and ECMA-48 and not from the code under test.
// Never escapes anything: it only says what is dangerous, and makes such text.
import fc from 'fast-check';

/** First and last code point of each range that a terminal or a reader acts on, or that shows nothing. */
export const ACTIVE_RANGES: readonly (readonly [name: string, first: number, last: number])[] = [
  ['C0 controls', 0x00, 0x1f],
  ['DEL and C1 controls', 0x7f, 0x9f],
  ['soft hyphen', 0xad, 0xad],
  ['combining grapheme joiner', 0x34f, 0x34f],
  ['Arabic letter mark', 0x61c, 0x61c],
  ['Hangul fillers', 0x115f, 0x1160],
  ['Mongolian vowel separator', 0x180e, 0x180e],
  ['zero-width characters and marks of direction', 0x200b, 0x200f],
  ['separators of lines and paragraphs', 0x2028, 0x2029],
  ['bidirectional embeddings and overrides', 0x202a, 0x202e],
  ['word joiner and invisible operators', 0x2060, 0x2064],
  ['bidirectional isolates', 0x2066, 0x2069],
  ['deprecated format characters', 0x206a, 0x206f],
  ['Hangul filler', 0x3164, 0x3164],
  ['lone surrogates', 0xd800, 0xdfff],
  ['private use', 0xe000, 0xe00f],
  ['byte order mark', 0xfeff, 0xfeff],
  ['halfwidth Hangul filler', 0xffa0, 0xffa0],
  ['interlinear annotation', 0xfff9, 0xfffb],
  ['tags', 0xe0000, 0xe007f],
  ['variation selectors but for text and emoji style', 0xfe00, 0xfe0d],
  ['variation selectors supplement', 0xe0100, 0xe01ef],
];

const inRange = (code: number): boolean => ACTIVE_RANGES.some(([, first, last]) => code >= first && code <= last);

/** The active characters in a text, spelled as code points; `allowed` ones are not counted. */
export function activeIn(text: string, allowed = ''): readonly string[] {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  return codes
    .filter((code) => inRange(code) && !allowed.includes(String.fromCodePoint(code)))
    .map((code) => `U+${code.toString(16).padStart(4, '0').toUpperCase()}`);
}

const activeCharacter = fc
  .constantFrom(...ACTIVE_RANGES)
  .chain(([, first, last]) => fc.integer({ min: first, max: last }))
  .map((code) => (code > 0xffff ? String.fromCodePoint(code) : String.fromCharCode(code)));

/** Any text: all of Unicode, halves of surrogate pairs, and more dangerous characters than chance would give. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  fc
    .array(fc.oneof(activeCharacter, fc.string({ unit: 'grapheme', maxLength: 3 })), { maxLength: 20 })
    .map((parts) => parts.join('')),
  fc.string({ unit: fc.constantFrom(...`<>&"'\`=|*_[]()!#~\\$@:/. -+1\n\taé漢`), maxLength: 60 }),
);
