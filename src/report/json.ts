// Owns the JSON report: the journey itself, and nothing else.
import type { Reporter } from '../contract/reporter.ts';

/** What JSON allows in a string but a terminal or reader acts on: C1 controls, DEL, bidi and format characters, separators. */
const UNSAFE = /(?!\n)[\p{C}\u2028\u2029]/gu;

function escapes(character: string): string {
  return Array.from(
    { length: character.length },
    (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
  ).join('');
}

/** Two-space JSON and a newline; active characters as `\uXXXX`, which is the same value (RFC 8259 7). */
export const jsonReporter: Reporter = {
  id: 'json',
  mediaType: 'application/json',
  render: writeJson,
};

/** Two-space JSON and a newline, in which nothing is active. */
export function writeJson(document: unknown): string {
  return `${JSON.stringify(document, null, 2).replace(UNSAFE, escapes)}\n`;
}
