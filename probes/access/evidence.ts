// Owns the record of the access probe: what callers were answered, challenges, rate limits, strict transport security.
import { z } from 'zod';
import { problemCodes } from '../../src/model/problem.ts';
import { count, endpointIdSchema, milliseconds, wireTextSchema } from '../../src/model/schema.ts';

const rateLimitForms = ['structured', 'ratelimit', 'x-ratelimit'] as const;

const rateLimitSchema = z.object({
  limit: z.number().nonnegative().nullable(),
  /** The lowest that was announced. */
  remaining: z.number().nonnegative().nullable(),
  resetSeconds: z.number().nonnegative().nullable(),
  /** The policy as sent. */
  policy: wireTextSchema.nullable(),
  /** `structured`: RateLimit as structured fields; `ratelimit`: RateLimit-Limit, -Remaining, -Reset; `x-ratelimit`: X-RateLimit-* and what else vendors send. */
  form: z.enum(rateLimitForms),
  endpoint: endpointIdSchema,
});

const announcedSchema = rateLimitSchema.extend({
  /** What tells it from others of the same answer; null when nothing does. */
  name: wireTextSchema.nullable(),
  /** Of the quota; null when it is not said. */
  windowSeconds: z.number().nonnegative().nullable(),
  /** What it counts. */
  unit: z.enum(['requests', 'concurrent-requests', 'other']),
});

/** Counts of answers of the ride. */
const mannersSchema = z.object({
  answers: count,
  /** With Content-Type text/html or application/xhtml+xml, ... */
  html: count,
  /** ... of these with Content-Security-Policy, ... */
  htmlWithPolicy: count,
  /** ... and with X-Content-Type-Options: nosniff. */
  htmlNoSniff: count,
  noSniff: count,
  /** HTML answers whose fields were cut: what is not in them may have been sent. */
  htmlCut: count,
  /** The request carried credentials: Authorization, Cookie, or a client certificate. */
  withCredentials: z.boolean(),
  /** Successful answers that allow shared caches to keep them (Cache-Control: public or s-maxage above 0). */
  sharedCache: count,
  /** Fields that tell a product with its version, each once; at most 4. */
  versions: z.array(z.object({ field: z.string(), value: wireTextSchema })).max(4),
  /** Values of Access-Control-Allow-Origin without that an origin was said; at most 4. */
  allowOrigin: z.array(wireTextSchema).max(4),
});

const preflightSchema = z.object({
  endpoint: endpointIdSchema,
  /** Made up, and of no host. */
  origin: z.string(),
  method: z.string(),
  status: z.int().nullable(),
  /** Allow, RFC 9110 10.2.1; at most 16 methods. Null without the field. */
  allow: z.array(wireTextSchema).max(16).nullable(),
  allowOrigin: wireTextSchema.nullable(),
  /** `any`: `*`. `reflected`: the made-up origin came back. `null`: the word, which sandboxed pages of anybody have. */
  origins: z.enum(['none', 'any', 'reflected', 'null', 'others']),
  credentials: z.boolean(),
  allowMethods: z.array(wireTextSchema).max(16),
  allowHeaders: z.array(wireTextSchema).max(32),
  maxAgeSeconds: z.number().nonnegative().nullable(),
  problem: z.enum(problemCodes).nullable(),
});

const traceMethodSchema = z.object({
  endpoint: endpointIdSchema,
  status: z.int().nullable(),
  /** The request came back in the body, as RFC 9110 9.3.8 has it. */
  echoed: z.boolean(),
  problem: z.enum(problemCodes).nullable(),
});

/** How a caller is told that it is turned away. */
const refusalSchema = z.object({
  status: z.int(),
  retryAfterSeconds: z.number().nonnegative().nullable(),
  /** In the same answer. */
  announced: z
    .object({
      limit: z.number().nonnegative().nullable(),
      windowSeconds: z.number().nonnegative().nullable(),
      remaining: z.number().nonnegative().nullable(),
    })
    .nullable(),
  contentType: wireTextSchema.nullable(),
  server: wireTextSchema.nullable(),
  /** The beginning of the body; null without one, or when it is compressed. */
  text: wireTextSchema.nullable(),
});

/** Requests ever faster until one was turned away. */
const foundLimitSchema = z.object({
  endpoint: endpointIdSchema,
  fromPerSecond: z.number().positive(),
  toPerSecond: z.number().positive(),
  /** The pace grew by this part of itself each second. */
  growth: z.number().positive(),
  sent: count,
  answered: count,
  elapsedMs: milliseconds,
  /** The pace of the last requests. */
  reachedPerSecond: z.number().nonnegative(),
  /**
   * `throttled`: 429 or 503. `changed`: another refusal than the ride met. `max`: none up to the end. `failing`: three in a row without an answer.
   * `waiting`: 256 without an answer at once. `cut`: the journey ended.
   */
  end: z.enum(['throttled', 'changed', 'max', 'failing', 'waiting', 'cut']),
  found: z
    .object({
      /** What the limiter's rate is likely to be, ... */
      perSecond: z.number().nonnegative(),
      /** ... when it lets a burst of a whole second through, ... */
      low: z.number().nonnegative(),
      /** ... and when it lets none through: the pace at which it struck. */
      high: z.number().nonnegative(),
      /** 1 for the first request of the search. */
      position: count,
      /** Others that had no answer yet when it was sent. */
      waiting: count,
      /** Requests of the search in the last 1, 10 and 60 s up to it. */
      lastSecond: count,
      lastTenSeconds: count,
      lastMinute: count,
    })
    .nullable(),
  refusal: refusalSchema.nullable(),
  /** Median waits of the first and last ten: a queue in front of the limiter lets them grow. */
  waitBeginMs: milliseconds.nullable(),
  waitEndMs: milliseconds.nullable(),
});

/** Requests held open, one more at a time, until one was turned away. */
const foundOpenSchema = z.object({
  endpoint: endpointIdSchema,
  most: count,
  opened: count,
  /** Let in, and open at once. */
  held: count,
  /** As above; `not-held`: the service answers without waiting for the body, so that nothing stays open. */
  end: z.enum(['throttled', 'max', 'failing', 'not-held', 'cut']),
  refusal: refusalSchema.nullable(),
});

const healthStates = ['up', 'degraded', 'down', 'unknown'] as const;
export type HealthState = (typeof healthStates)[number];
const healthFormats = ['health+json', 'spring', 'aspnet', 'kubernetes', 'json'] as const;
export type HealthFormat = (typeof healthFormats)[number];

const healthSchema = z.object({
  endpoint: endpointIdSchema,
  /** Of the last that was asked: the one that spoke of health, if any did. */
  path: z.string(),
  tried: count,
  status: z.int().nullable(),
  problem: z.enum(problemCodes).nullable(),
  /** Null when nothing could be read. */
  format: z.enum(healthFormats).nullable(),
  state: z.enum(healthStates),
  dependencies: z
    .array(z.object({ name: wireTextSchema, state: z.enum(healthStates), says: wireTextSchema.nullable() }))
    .max(64),
});

const stalenessSchema = z.object({
  /** RFC 5861: how long caches may answer with what is kept while fresh ones cannot be had; the longest. */
  staleIfErrorSeconds: z.number().nonnegative().nullable(),
  staleWhileRevalidateSeconds: z.number().nonnegative().nullable(),
  /** Answers that were kept ones past their time: Warning 110 to 112, a cache that says so, or Age above max-age. */
  stale: count,
  /** Names of fields such as X-Degraded, X-Fallback. */
  markers: z.array(wireTextSchema).max(8),
});

/** One that a person declared, ridden with a few requests. */
const dependencySchema = z.object({
  name: z.string(),
  /** Without query. */
  url: z.string(),
  /** Position in the list of the one that depends on it; null: the target itself. */
  parent: count.nullable(),
  depth: count,
  /** It stands above itself, and was not asked here. */
  cycle: z.boolean(),
  asked: count,
  answered: count,
  statuses: z.record(z.string(), count),
  problem: z.enum(problemCodes).nullable(),
  totalP50Ms: milliseconds.nullable(),
  state: z.enum(['up', 'degraded', 'down', 'unknown', 'cycle']),
});

export const accessEvidence = z.object({
  /** Statuses of the request as it was ridden; anonymous unless credentials were given to the ride. */
  anonymousStatus: z.record(z.string(), count),
  /** WWW-Authenticate, RFC 9110 11.6.1; each scheme and realm once, at most 16. */
  challenges: z.array(z.object({ scheme: wireTextSchema, realm: wireTextSchema.nullable(), n: count })),
  /** 401 answers without a challenge. */
  unchallenged: count,
  /** The one that strikes first. */
  rateLimit: rateLimitSchema.extend({ windowSeconds: z.number().nonnegative().nullable().optional() }).nullable(),
  /** Every limit that was announced, each at its lowest; at most 8. Absent in older journeys. */
  rateLimits: z.array(announcedSchema).max(8).optional(),
  /** 429 answers. */
  throttled: count,
  /** The largest Retry-After of 429 answers, in either of its forms. */
  throttledRetryAfterSeconds: z.number().nonnegative().nullable(),
  byEndpoint: z.array(
    z.object({
      endpoint: endpointIdSchema,
      zone: z.string().nullable(),
      answered: count,
      unchallenged: count,
      throttled: count,
      /** Answers with Strict-Transport-Security, RFC 6797. */
      strictTransport: count,
      /** Answers without it whose header fields were cut at the limit: whether they had it is not known. */
      strictTransportUnknown: count.optional(),
    }),
  ),
  /** Whether some endpoint asked for a client certificate, as the hellos of the tls probe saw it; null when they could not see it. */
  clientCertificateRequested: z.boolean().nullable(),
  /** What answers say to browsers and caches, and of themselves. Absent in older journeys. */
  manners: mannersSchema.optional(),
  /** The question that a browser asks before it lets a page of another origin ask. Absent when it was not asked. */
  preflight: preflightSchema.optional(),
  /** What came of TRACE; absent when it was not tried. */
  trace: traceMethodSchema.optional(),
  /** Absent when it was not asked for. */
  foundLimit: foundLimitSchema.optional(),
  /** Absent when it was not asked for. */
  foundOpen: foundOpenSchema.optional(),
  /** Absent when it was not asked for. */
  health: healthSchema.optional(),
  staleness: stalenessSchema.optional(),
  /** In the order of the tree; absent when none was declared. */
  dependencies: z.array(dependencySchema).max(16).optional(),
  /** Why a limit was not looked for although it was asked for; absent otherwise. */
  searchLeftOut: z.string().optional(),
});

export type AccessEvidence = z.infer<typeof accessEvidence>;
export type RateLimit = NonNullable<AccessEvidence['rateLimit']>;
export type AnnouncedLimit = z.infer<typeof announcedSchema>;
export type Manners = z.infer<typeof mannersSchema>;
export type Preflight = z.infer<typeof preflightSchema>;
export type Health = z.infer<typeof healthSchema>;
export type Staleness = z.infer<typeof stalenessSchema>;
export type Dependency = z.infer<typeof dependencySchema>;
export type Refusal = z.infer<typeof refusalSchema>;
export type FoundLimit = z.infer<typeof foundLimitSchema>;
export type FoundOpen = z.infer<typeof foundOpenSchema>;
export type TraceMethod = z.infer<typeof traceMethodSchema>;
