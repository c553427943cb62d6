// Owns text that came from the wire: a type that no `string` sink accepts, and the few ways to use such text.
// Never prints: printers live in src/report/escape; this file only makes text visible, compares it and interprets it.

declare const fromWire: unique symbol;
/** Text that a stranger chose (header, certificate, record, body). A plain string at run time, opaque to the compiler. */
export interface WireText {
  readonly [fromWire]: true;
}

declare const key: unique symbol;
/** Wire text as a Map key: comparable, still no string. */
export interface TextKey {
  readonly [key]: true;
}

declare const checked: unique symbol;
/** A host name that passed `dnsName`: ASCII letters, digits, `-`, `_` and dots, lower case, no final dot. RFC 1035 2.3.4 limits. */
export type DnsName = string & { readonly [checked]: 'dns-name' };
/** An IPv4 or IPv6 address in canonical text form, without brackets or scope. */
export type IpAddress = string & { readonly [checked]: 'ip' };
/** `address:port`, IPv6 in brackets: `[2001:db8::1]:443`. */
export type EndpointId = string & { readonly [checked]: 'endpoint' };

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Reads a host name, or null when it is none. Lower-cases and strips one final dot. RFC 1035 2.3.1, RFC 2181 11. */
export function dnsName(text: string): DnsName | null {
  const name = text.toLowerCase().replace(/\.$/, '');
  if (name.length === 0 || name.length > 253) return null;
  return name.split('.').every((label) => LABEL.test(label)) ? (name as DnsName) : null;
}

/** The root of all names: what a zone may be called, and no host. */
export const ROOT = '.' as DnsName;

/** Marks text as coming from the wire, cut to `maxLength` UTF-16 units (never inside a surrogate pair). */
export function wireText(raw: string, maxLength = 4096): WireText {
  if (raw.length <= maxLength) return raw as unknown as WireText;
  const last = raw.charCodeAt(maxLength - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? maxLength - 1 : maxLength;
  return `${raw.slice(0, end)}…` as unknown as WireText;
}

/** Controls, bidi overrides, zero-width and other characters that a terminal or reader acts on without showing. */
const INVISIBLE =
  // oxlint-disable-next-line no-control-regex -- controls are what it is for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\ud800-\udfff]|[\u{e0000}-\u{e007f}]/gu;

/** The text with each invisible or active character spelled out (`\x1b`, `\u{202e}`): safe in a terminal, one line. Idempotent. */
export function visible(text: WireText | string): string {
  return (text as string).replace(INVISIBLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Reads a narrower value out of wire text. The reader may not return the text itself: return a number, a boolean, a brand. */
export function interpret<T>(text: WireText, read: (raw: string) => string extends T ? never : T): T {
  return read(text as unknown as string) as T;
}

/** True when both are the same characters. */
export function sameText(a: WireText | string, b: WireText | string): boolean {
  return (a as string) === (b as string);
}

/** True when the text matches; the pattern must be linear in time (no nested quantifiers). */
export function matches(text: WireText, pattern: RegExp): boolean {
  return pattern.test(text as unknown as string);
}

/** The text of one capture group, still wire text, or null when the pattern does not match. */
export function capture(text: WireText, pattern: RegExp, group = 1): WireText | null {
  const found = pattern.exec(text as unknown as string)?.[group];
  return found === undefined ? null : (found as unknown as WireText);
}

/** Pieces between separators, trimmed, empty ones dropped, at most `limit`. */
export function split(text: WireText, separator: string, limit = 64): readonly WireText[] {
  return (text as unknown as string)
    .split(separator, limit)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '') as unknown as readonly WireText[];
}

/** An order for sorting wire text by code unit. */
export function compareText(a: WireText, b: WireText): number {
  const left = a as unknown as string;
  const right = b as unknown as string;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Each text once, in that order. */
export function distinct(texts: readonly WireText[]): readonly WireText[] {
  const sorted = texts.toSorted(compareText);
  return sorted.filter((text, index) => index === 0 || !sameText(text, sorted[index - 1] as WireText));
}

/** A key for a Map of wire texts. Never print a key: keep the WireText beside it. */
export function textKey(text: WireText): TextKey {
  return text as unknown as TextKey;
}
