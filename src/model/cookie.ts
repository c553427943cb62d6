// Owns reading the pair of a Set-Cookie line that a client would send back. Wire text in, a checked pair or nothing out; attributes are not read.
import { interpret, type WireText } from './text.ts';

/** `name=value` that fits a Cookie field as it is: RFC 6265 4.1.1 and 4.2.1. */
export type CookiePair = `${string}=${string}`;

/** A browser keeps 4096 bytes of a cookie at least (RFC 6265 6.1); routing cookies are far shorter. */
const MAX_CHARACTERS = 1024;
/** A token, and octets without controls, blanks, quotes (but around all), comma, semicolon and backslash. Linear in time. */
const PAIR = /^\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*("?)([!#-+\--:<-[\]-~]*)\2\s*(?:;|$)/;

/** Null for a line that no client may repeat, and for one that takes a cookie back (an empty value). */
export function cookiePair(line: WireText): CookiePair | null {
  return interpret(line, (raw) => {
    const [, name = '', quote = '', value = ''] = PAIR.exec(raw) ?? [];
    if (name === '' || value === '' || name.length + value.length > MAX_CHARACTERS) return null;
    return `${name}=${quote}${value}${quote}` as CookiePair;
  });
}
