// Owns turning the ride's traces into the access record. Judges nothing; what is asked beyond the ride is asked by preflight.ts, find-limit.ts and find-open.ts.
import type { Gather, GatherContext } from '../../src/contract/probe.ts';
import { fieldValue } from '../../src/model/fields.ts';
import { retryAfterSeconds } from '../../src/model/http-date.ts';
import { type EndpointId, interpret, textKey } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';
import type { TlsEvidence } from '../tls/evidence.ts';
import { askable } from './askable.ts';
import { challengesOf } from './challenge.ts';
import { dependenciesOf } from './dependencies.ts';
import type { AccessEvidence, AnnouncedLimit, RateLimit } from './evidence.ts';
import { findLimit } from './find-limit.ts';
import { findOpen } from './find-open.ts';
import { healthOf } from './health.ts';
import { mannersOf } from './manners.ts';
import type { AccessOptions } from './options.ts';
import { preflightOf, traceMethodOf } from './preflight.ts';
import { rateLimitsOf, tightest } from './rate-limit.ts';
import { stalenessOf } from './staleness.ts';

const MAX_CHALLENGES = 16;
const MAX_LIMITS = 8;

export const gather: Gather<AccessEvidence, AccessOptions> = async (context) => {
  const beganMs = context.net.now();
  const read = recordOf(context);
  // One after the other: two requests at once would be a burst of their own.
  // Beside it, because they are asked of others.
  const riding = dependenciesOf(context);
  const health = await healthOf(context);
  const preflight = await preflightOf(context);
  const trace = await traceMethodOf(context);
  const foundOpen = await findOpen(context);
  const foundLimit = await findLimit(context);
  const dependencies = await riding;
  const value = {
    ...read,
    ...asked({ preflight, health, dependencies, trace, foundOpen, foundLimit, searchLeftOut: leftOut(context) }),
  };
  const elapsedMs = context.net.now() - beganMs;
  return context.signal.aborted ? { state: 'unfinished', value, elapsedMs } : { state: 'complete', value, elapsedMs };
};

function leftOut(context: GatherContext<AccessOptions>): string | null {
  const { options, net } = context;
  if (options.findLimit === null && options.findLimitOpen === null) return null;
  if (net.call === undefined) return 'nothing may be sent beyond the ride';
  return askable(context) === undefined ? 'no endpoint answered the whole ride without 429 or a server error' : null;
}

type Asked = Pick<
  AccessEvidence,
  'preflight' | 'health' | 'dependencies' | 'trace' | 'foundOpen' | 'foundLimit' | 'searchLeftOut'
>;

/** What was not asked is absent. */
function asked(all: { readonly [K in keyof Asked]-?: NonNullable<Asked[K]> | null }): Asked {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)) as Asked;
}

interface Answer {
  readonly endpoint: EndpointId;
  readonly http: HttpFacts;
  /** Wall clock here when it was asked for, Unix ms. */
  readonly atMs: number;
}

const isThrottled = ({ http }: Answer): boolean => http.status === 429;
const isUnchallenged = ({ http }: Answer): boolean =>
  http.status === 401 && fieldValue(http.headers, 'www-authenticate') === null && !http.fieldsTruncated;

function recordOf(context: GatherContext<AccessOptions>): AccessEvidence {
  const { endpoints, ride, startedAtMs } = context;
  const answers = ride.traces.flatMap(({ endpoint, http, startMs }) =>
    http === null ? [] : [{ endpoint, http, atMs: startedAtMs + startMs }],
  );
  const byStatus = Map.groupBy(answers, ({ http }) => String(http.status));
  const retryAfter = answers
    .filter(isThrottled)
    .flatMap(({ http, atMs }) => retryAfterSeconds(http.headers, atMs) ?? []);
  const limits = limitsSeen(answers);
  return {
    anonymousStatus: Object.fromEntries([...byStatus].map(([status, group]) => [status, group.length])),
    challenges: challengesSeen(answers),
    unchallenged: answers.filter(isUnchallenged).length,
    rateLimit: strikingOf(limits),
    rateLimits: limits.slice(0, MAX_LIMITS),
    throttled: answers.filter(isThrottled).length,
    throttledRetryAfterSeconds: retryAfter.toSorted((a, b) => b - a)[0] ?? null,
    byEndpoint: endpoints.map(({ id, zone }) => {
      const own = answers.filter(({ endpoint }) => endpoint === id);
      const lax = own.filter(({ http }) => !isStrict(http));
      // Of an answer whose fields were cut, an absent one may have been among the rest.
      const unknown = lax.filter(({ http }) => http.fieldsTruncated).length;
      return {
        ...{ endpoint: id, zone, answered: own.length, strictTransport: own.length - lax.length },
        strictTransportUnknown: unknown,
        ...{ unchallenged: own.filter(isUnchallenged).length, throttled: own.filter(isThrottled).length },
      };
    }),
    clientCertificateRequested: clientCertificateOf(context.earlier['tls'] as TlsEvidence | undefined),
    staleness: stalenessOf(answers.map(({ http }) => http)),
    manners: mannersOf(
      answers.map(({ http }) => http),
      context.request,
      context.clientCertificatePem !== undefined,
    ),
  };
}

/** `max-age=0` takes it back: RFC 6797 6.1.1. */
function isStrict({ headers }: HttpFacts): boolean {
  const value = fieldValue(headers, 'strict-transport-security');
  return value !== null && !interpret(value, (raw) => /(?:^|;)\s*max-age\s*=\s*"?0+"?\s*(?:;|$)/i.test(raw));
}

/** Told in the clear up to TLS 1.2 only. */
function clientCertificateOf(tls: TlsEvidence | undefined): boolean | null {
  const told = (tls?.posture?.byEndpoint ?? []).flatMap(({ traits }) => traits?.clientCertificateWanted ?? []);
  return told.length === 0 ? null : told.includes(true);
}

function challengesSeen(answers: readonly Answer[]): AccessEvidence['challenges'] {
  const all = answers.flatMap(({ http }) => challengesOf(http.headers));
  const groups = Map.groupBy(all, ({ scheme, realm }) => JSON.stringify([scheme, realm]));
  return [...groups.values()]
    .flatMap((group) => (group[0] === undefined ? [] : [{ ...group[0], n: group.length }]))
    .slice(0, MAX_CHALLENGES);
}

/** Each limit once, at its lowest: limits are the same when answers tell them by the same fields and names. */
function limitsSeen(answers: readonly Answer[]): AnnouncedLimit[] {
  const all = answers.flatMap(({ endpoint, http, atMs }) =>
    rateLimitsOf(http.headers, atMs).map((limit) => ({ ...limit, endpoint })),
  );
  const groups = Map.groupBy(all, ({ form, name }) => (name === null ? form : textKey(name)));
  return [...groups.values()].flatMap((group) => lowest(group) ?? []);
}

function lowest(group: readonly AnnouncedLimit[]): AnnouncedLimit | null {
  return tightest(group) ?? group.toSorted((a, b) => (a.remaining ?? 0) - (b.remaining ?? 0))[0] ?? null;
}

function strikingOf(limits: readonly AnnouncedLimit[]): RateLimit | null {
  const found = tightest(limits);
  if (found === null) return null;
  const { name: _, unit: __, ...rest } = found;
  return rest;
}
