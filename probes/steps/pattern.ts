// Owns regular expressions that a person gives, as RE2 reads them: time linear in the text, whatever the pattern.
// Never throws for a text.
import { RE2JS } from 're2js';

export interface Pattern {
  found(text: string): boolean;
  /** The first group where there is one, else all that matched; null when nothing does. */
  capture(text: string): string | null;
}

/** A pattern is a line; more is a mistake. */
const MAX_PATTERN = 2_000;

/** @throws Error that says what is wrong with it */
export function patternOf(source: string): Pattern {
  if (source.length > MAX_PATTERN) throw new Error(`longer than ${MAX_PATTERN} characters`);
  const compiled = RE2JS.compile(source);
  return {
    found: (text) => compiled.matcher(text).find(),
    capture(text) {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return null;
      return compiled.groupCount() > 0 ? matcher.group(1) : matcher.group();
    },
  };
}
