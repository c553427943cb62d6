// Owns telling an answer of a shield's own, a challenge or a refusal, from an answer of the service. Pure.
import { matches } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';
import { errorPages } from './error-pages.ts';
import { shows } from './signals.ts';

/** Headers that only such answers have: see fingerprints.ts. */
const MARKS = [
  { header: 'cf-mitigated', pattern: /^challenge$/i },
  { header: 'x-amzn-waf-action', pattern: null },
] as const;

export function isChallenge(http: HttpFacts): boolean {
  if (MARKS.some((mark) => shows(http, mark))) return true;
  const { status, bodyStart } = http;
  return (
    status === 403 &&
    errorPages.some((page) => page.shields && page.statuses.includes(403) && matches(bodyStart, page.pattern))
  );
}
