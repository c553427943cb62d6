// Owns reading announced rate limits in the forms that are in use. Pure.
import { decimal, fieldValue, isNamed, listOf, memberOf, parameter, parameterOf } from '../../src/model/fields.ts';
import { sameText } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';
import type { RateLimit } from './evidence.ts';

type Announced = Omit<RateLimit, 'endpoint'>;
type Headers = HttpFacts['headers'];

/** A reset beyond this is a point in Unix time (September 2001 and later), not a number of seconds to wait. */
const EPOCH = 1_000_000_000;

/**
 * `RateLimit: "name";r=42;t=18` with `RateLimit-Policy: "name";q=100;w=60`: draft-ietf-httpapi-ratelimit-headers-08 and later.
 * Of several policies the one with the least left is the one that will strike.
 */
function structured(headers: Headers): Announced | null {
  const current = listOf(headers, 'ratelimit').map(memberOf);
  const policies = listOf(headers, 'ratelimit-policy').map(memberOf);
  const found = current.flatMap((member) => {
    const remaining = decimal(parameter(member, 'r'));
    return remaining === null ? [] : [{ member, remaining }];
  });
  const tightest = found.toSorted((a, b) => a.remaining - b.remaining)[0];
  if (tightest === undefined) return null;
  const quotas = policies.map((policy) => ({ policy, quota: decimal(parameter(policy, 'q')) }));
  const own = quotas.find(({ policy }) => sameText(policy.value, tightest.member.value));
  return {
    limit: own?.quota ?? null,
    remaining: tightest.remaining,
    resetSeconds: decimal(parameter(tightest.member, 't')),
    policy: fieldValue(headers, 'ratelimit-policy'),
    form: 'structured',
  };
}

/** `RateLimit: limit=100, remaining=42, reset=18`: drafts -06 and -07. */
function dictionary(headers: Headers): Announced | null {
  const members = listOf(headers, 'ratelimit').map(parameterOf);
  const value = (name: string): number | null =>
    decimal(members.find((each) => isNamed(each.name, name))?.value ?? null);
  return numbers(value('limit'), value('remaining'), value('reset'), headers, 'ratelimit');
}

/** Three headers with one prefix: drafts -05 and before (`ratelimit-`), and what vendors send (`x-ratelimit-`, `x-rate-limit-`). */
function separate(headers: Headers, prefix: string, form: Announced['form']): Announced | null {
  // `10, 10;w=1, 50;w=60` was allowed for the limit: the first number is the one in force.
  const value = (name: string): number | null => {
    const [first] = listOf(headers, prefix + name);
    return first === undefined ? null : decimal(memberOf(first).value);
  };
  return numbers(value('limit'), value('remaining'), value('reset'), headers, form);
}

function numbers(
  limit: number | null,
  remaining: number | null,
  reset: number | null,
  headers: Headers,
  form: Announced['form'],
): Announced | null {
  if (limit === null && remaining === null) return null;
  // A point in time needs the server's clock to become a duration; unknown is better than wrong.
  const resetSeconds = reset !== null && reset < EPOCH ? reset : null;
  return { limit, remaining, resetSeconds, policy: fieldValue(headers, 'ratelimit-policy'), form };
}

/** The rate limit that one answer announces, or null. */
export function rateLimitOf(headers: Headers): Announced | null {
  return (
    structured(headers) ??
    dictionary(headers) ??
    separate(headers, 'ratelimit-', 'ratelimit') ??
    separate(headers, 'x-ratelimit-', 'x-ratelimit') ??
    separate(headers, 'x-rate-limit-', 'x-ratelimit')
  );
}
