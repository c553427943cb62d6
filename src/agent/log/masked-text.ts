// Owns text that may hold what nobody must read in a log: credentials and queries of URLs, credentials of headers, values of keys with telling names.
// A net below what is written with care: whoever logs names no secret in the first place.

const MASK = '[masked]';

/** In this order: what one leaves, the next may take. Each pattern is linear: no quantifier stands within another. */
const MASKED: readonly (readonly [RegExp, string])[] = [
  // The whole of what stands before the last @ of an authority, also of one that is not as RFC 3986 3.2 has it.
  [/:\/\/[^\s/?#"'<>]*@/g, `://${MASK}@`],
  [/:\/\/[^\s/?#"'<>:]*:[^\s"'<>@]*@/g, `://${MASK}@`],
  [/(^|[\s"'=([,;])[^\s/?#"'<>=:@[\](),;]*:[^\s/?#"'<>:@]*@/g, `$1${MASK}@`],
  // A query or fragment, with a scheme before it or without.
  [/([A-Za-z0-9\]./_-])\?[^\s"'<>]+/g, `$1?${MASK}`],
  [/(:\/\/[^\s"'<>#]*)#[^\s"'<>]+/g, `$1#${MASK}`],
  [/\b([Bb]earer|Basic|Negotiate)[ \t]+[\w.~+/=-]{6,}/g, `$1 ${MASK}`],
  [
    /\b((?:[\w-]{0,40}[_-])?(?:password|passwd|passphrase|secret|token|api[-_]?key|authorization|cookie|credentials?|private[-_]?key)["']?[ \t]{0,8}[:=][ \t]{0,8}["']?)[^\s,;&"']+/gi,
    `$1${MASK}`,
  ],
];

export function maskedText(text: string): string {
  return MASKED.reduce((left, [pattern, mask]) => left.replace(pattern, mask), text);
}
