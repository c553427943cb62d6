// Owns regular expressions as Go's package regexp reads them (RE2), and the expansion of what they matched. Time is linear in
// the input, whatever the pattern: neither a config nor a server can make a probe hang by one.
import { RE2JS } from 're2js';

export interface GoRegexp {
  readonly source: string;
  /** Groups of the first match, group 0 the whole; null: no match. */
  match(input: string | Uint8Array): GoMatch | null;
  test(input: string | Uint8Array): boolean;
}

export interface GoMatch {
  readonly group: (name: string | number) => string | null;
}

/** @returns null for what regexp.Compile refuses: no look-around, no back-references, repeats up to 1000 */
export function goRegexp(source: string): GoRegexp | null {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch {
    return null;
  }
  return {
    source,
    test: (input) => compiled.matcher(input).find(),
    match(input) {
      const matcher = compiled.matcher(input);
      if (!matcher.find()) return null;
      return {
        group(name) {
          try {
            return matcher.group(name);
          } catch {
            return null;
          }
        },
      };
    },
  };
}

/**
 * Replaces `$1`, `${1}`, `$name`, `${name}` and `$$` in a template (Regexp.Expand): a name is the longest run of letters, digits and
 * `_`; a group that is not there, or took no part, becomes nothing; a lone `$` stays.
 */
export function expand(template: string, { group }: GoMatch): string {
  return template.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (_whole, plain?: string, braced?: string) => {
    const name = plain ?? braced;
    if (name === undefined) return '$';
    return group(/^\d+$/.test(name) ? Number(name) : name) ?? '';
  });
}
