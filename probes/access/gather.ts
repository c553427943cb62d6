// Owns turning the ride's traces into the access record. Sends nothing, judges nothing.
import type { Gather, GatherContext } from '../../src/contract/probe.ts';
import { decimal, fieldValue } from '../../src/model/fields.ts';
import type { EndpointId } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';
import { challengesOf } from './challenge.ts';
import type { AccessEvidence, RateLimit } from './evidence.ts';
import type { AccessOptions } from './options.ts';
import { rateLimitOf } from './rate-limit.ts';

const MAX_CHALLENGES = 16;

export const gather: Gather<AccessEvidence, AccessOptions> = async (context) => {
  const beganMs = context.net.now();
  const value = recordOf(context);
  return { state: 'complete', value, elapsedMs: context.net.now() - beganMs };
};

interface Answer {
  readonly endpoint: EndpointId;
  readonly http: HttpFacts;
}

const isThrottled = ({ http }: Answer): boolean => http.status === 429;
const isUnchallenged = ({ http }: Answer): boolean =>
  http.status === 401 && fieldValue(http.headers, 'www-authenticate') === null && !http.fieldsTruncated;

function recordOf({ endpoints, ride }: GatherContext<AccessOptions>): AccessEvidence {
  const answers = ride.traces.flatMap(({ endpoint, http }) => (http === null ? [] : [{ endpoint, http }]));
  const byStatus = Map.groupBy(answers, ({ http }) => String(http.status));
  const retryAfter = answers
    .filter(isThrottled)
    .flatMap(({ http }) => decimal(fieldValue(http.headers, 'retry-after')) ?? [])
    .filter((seconds) => Number.isInteger(seconds));
  return {
    anonymousStatus: Object.fromEntries([...byStatus].map(([status, group]) => [status, group.length])),
    challenges: challengesSeen(answers),
    unchallenged: answers.filter(isUnchallenged).length,
    rateLimit: tightest(answers),
    throttled: answers.filter(isThrottled).length,
    throttledRetryAfterSeconds: retryAfter.toSorted((a, b) => b - a)[0] ?? null,
    byEndpoint: endpoints.map(({ id, zone }) => {
      const own = answers.filter(({ endpoint }) => endpoint === id);
      const lax = own.filter(({ http }) => fieldValue(http.headers, 'strict-transport-security') === null);
      // Of an answer whose fields were cut, an absent one may have been among the rest.
      const unknown = lax.filter(({ http }) => http.fieldsTruncated).length;
      return {
        ...{ endpoint: id, zone, answered: own.length, strictTransport: own.length - lax.length },
        strictTransportUnknown: unknown,
        ...{ unchallenged: own.filter(isUnchallenged).length, throttled: own.filter(isThrottled).length },
      };
    }),
    clientCertificateRequested: null,
  };
}

function challengesSeen(answers: readonly Answer[]): AccessEvidence['challenges'] {
  const all = answers.flatMap(({ http }) => challengesOf(http.headers));
  const groups = Map.groupBy(all, ({ scheme, realm }) => JSON.stringify([scheme, realm]));
  return [...groups.values()]
    .flatMap((group) => (group[0] === undefined ? [] : [{ ...group[0], n: group.length }]))
    .slice(0, MAX_CHALLENGES);
}

/** The announcement with the smallest share left: the one that callers will run into first. */
function tightest(answers: readonly Answer[]): RateLimit | null {
  const announced = answers.flatMap(({ endpoint, http }): readonly RateLimit[] => {
    const found = rateLimitOf(http.headers);
    return found === null ? [] : [{ ...found, endpoint }];
  });
  const share = ({ limit, remaining }: RateLimit): number =>
    remaining === null ? Number.POSITIVE_INFINITY : remaining / Math.max(1, limit ?? remaining);
  return announced.toSorted((a, b) => share(a) - share(b) || (a.remaining ?? 0) - (b.remaining ?? 0))[0] ?? null;
}
