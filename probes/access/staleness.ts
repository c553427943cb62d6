// Owns reading the signs of answers that are kept ones because fresh ones could not be had. Pure.
import { decimal, type Fields, fieldValue, fieldValues, isNamed, listOf, parameterOf } from '../../src/model/fields.ts';
import { distinct, interpret, matches, type WireText } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';
import type { Staleness } from './evidence.ts';

/** RFC 7234 5.5, which RFC 9111 made obsolete and caches still send. */
const STALE_WARNINGS = new Set([110, 111, 112]);
const CACHE_STATUS = ['x-cache', 'x-cache-status', 'cf-cache-status', 'x-proxy-cache', 'cache-status'];
const STALE = /(?:^|[\s,;=_-])(?:stale|updating)(?:$|[\s,;=_-])/i;
const MARKER = /^x-(?:[a-z0-9-]{1,40}-)?(?:degraded|fallback|stale)(?:-[a-z0-9-]{1,40})?$/i;
const MOST_MARKERS = 8;

export function stalenessOf(answers: readonly HttpFacts[]): Staleness {
  const directive = (name: string): number | null => {
    const all = answers.flatMap(({ headers }) => directiveOf(headers, name) ?? []);
    return all.length === 0 ? null : Math.max(...all);
  };
  const markers = answers.flatMap(({ headers }) => headers.flatMap(([name]) => (matches(name, MARKER) ? [name] : [])));
  return {
    staleIfErrorSeconds: directive('stale-if-error'),
    staleWhileRevalidateSeconds: directive('stale-while-revalidate'),
    stale: answers.filter(({ headers }) => isStale(headers)).length,
    markers: [...distinct(markers)].slice(0, MOST_MARKERS),
  };
}

/** RFC 5861. */
function directiveOf(headers: Fields, name: string): number | null {
  const own = listOf(headers, 'cache-control')
    .map(parameterOf)
    .find((each) => isNamed(each.name, name));
  return own === undefined ? null : decimal(own.value);
}

function isStale(headers: Fields): boolean {
  const warned = fieldValues(headers, 'warning').some((value: WireText) =>
    interpret(value, (raw) => STALE_WARNINGS.has(Number(/^\s*(\d{3})\b/.exec(raw)?.[1]))),
  );
  const told = CACHE_STATUS.some((name) => fieldValues(headers, name).some((value) => matches(value, STALE)));
  const age = decimal(fieldValue(headers, 'age'));
  const fresh = directiveOf(headers, 's-maxage') ?? directiveOf(headers, 'max-age');
  return warned || told || (age !== null && fresh !== null && age > fresh);
}
