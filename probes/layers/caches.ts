// Owns telling whether an answer came out of a cache: then what it says of layers behind is of another request. Pure.
import { decimal, fieldValue, fieldValues, isNamed, listOf, memberOf } from '../../src/model/fields.ts';
import { matches } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';

type Told = 'hit' | 'miss';

/**
 * Cache-Status (RFC 9211 2.1, 2.2); X-Cache of CloudFront, Fastly (any HIT: the origin was not asked) and Azure; CF-Cache-Status;
 * X-Varnish with two numbers; Age above 0 (RFC 9111 5.1). Null when nothing says so.
 */
export function cacheOf({ headers }: HttpFacts): Told | null {
  const status = listOf(headers, 'cache-status').map((piece): Told | null => {
    const { parameters } = memberOf(piece);
    if (parameters.some(({ name }) => isNamed(name, 'hit'))) return 'hit';
    return parameters.some(({ name }) => isNamed(name, 'fwd')) ? 'miss' : null;
  });
  const xCache = listOf(headers, 'x-cache').map((piece): Told => {
    return matches(piece, /(^|_|\s)hit\b/i) && !matches(piece, /refresh/i) ? 'hit' : 'miss';
  });
  const cloudflare = fieldValues(headers, 'cf-cache-status').map((value): Told => {
    return matches(value, /^(hit|stale|updating)$/i) ? 'hit' : 'miss';
  });
  const varnish = fieldValues(headers, 'x-varnish').flatMap((value): readonly Told[] => {
    return matches(value, /^\d+ \d+$/) ? ['hit'] : matches(value, /^\d+$/) ? ['miss'] : [];
  });
  const age = decimal(fieldValue(headers, 'age'));
  const told = new Set([...status, ...xCache, ...cloudflare, ...varnish, age !== null && age > 0 ? 'hit' : null]);
  return told.has('hit') ? 'hit' : told.has('miss') ? 'miss' : null;
}

/** Seconds since the answer was made or checked at the origin; null without. */
export function ageOf({ headers }: HttpFacts): number | null {
  const age = decimal(fieldValue(headers, 'age'));
  return age !== null && Number.isInteger(age) ? age : null;
}
