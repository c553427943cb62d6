// Owns the record of the access probe: what callers were answered, challenges, rate limits, strict transport security.
import { z } from 'zod';
import { count, endpointIdSchema, wireTextSchema } from '../../src/model/schema.ts';

const rateLimitForms = ['structured', 'ratelimit', 'x-ratelimit'] as const;

const rateLimitSchema = z.object({
  limit: z.number().nonnegative().nullable(),
  /** The lowest that was announced. */
  remaining: z.number().nonnegative().nullable(),
  resetSeconds: z.number().nonnegative().nullable(),
  /** The policy as sent. */
  policy: wireTextSchema.nullable(),
  /** `structured`: RateLimit as structured fields; `ratelimit`: RateLimit-Limit, -Remaining, -Reset; `x-ratelimit`: X-RateLimit-*. */
  form: z.enum(rateLimitForms),
  endpoint: endpointIdSchema,
});

export const accessEvidence = z.object({
  /** Statuses of the request as it was ridden; anonymous unless credentials were given to the ride. */
  anonymousStatus: z.record(z.string(), count),
  /** WWW-Authenticate, RFC 9110 11.6.1; each scheme and realm once, at most 16. */
  challenges: z.array(z.object({ scheme: wireTextSchema, realm: wireTextSchema.nullable(), n: count })),
  /** 401 answers without a challenge. */
  unchallenged: count,
  rateLimit: rateLimitSchema.nullable(),
  /** 429 answers. */
  throttled: count,
  /** The largest Retry-After of 429 answers, where it is in seconds. */
  throttledRetryAfterSeconds: count.nullable(),
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
  /** Whether the server asked for a client certificate: the ride's handshake does not show it yet. */
  clientCertificateRequested: z.boolean().nullable(),
});

export type AccessEvidence = z.infer<typeof accessEvidence>;
export type RateLimit = NonNullable<AccessEvidence['rateLimit']>;
