// Owns reading WWW-Authenticate: a comma list of challenges whose parameters are separated by commas too (RFC 9110 11.6.1). Pure.
import { isNamed, listOf, parameterOf } from '../../src/model/fields.ts';
import { capture, type WireText } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';

export interface Challenge {
  readonly scheme: WireText;
  readonly realm: WireText | null;
}

/** A scheme is a token that no `=` follows; what follows a `=` belongs to the scheme before it. */
const SCHEME = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?=$|\s+[^\s=])/;
const AFTER_SCHEME = /^\S+\s+([^]+)$/;

export function challengesOf(headers: HttpFacts['headers']): readonly Challenge[] {
  const challenges: { scheme: WireText; realm: WireText | null }[] = [];
  for (const member of listOf(headers, 'www-authenticate')) {
    const scheme = capture(member, SCHEME);
    if (scheme !== null) challenges.push({ scheme, realm: null });
    const current = challenges.at(-1);
    const piece = scheme === null ? member : capture(member, AFTER_SCHEME);
    if (current === undefined || piece === null) continue;
    const { name, value } = parameterOf(piece);
    if (isNamed(name, 'realm')) current.realm = value;
  }
  return challenges;
}
