// Owns the record of the layers probe: what a request passed, what each layer says it took, and traces of retries and caches.
import { z } from 'zod';
import { count, endpointIdSchema, milliseconds, wireTextSchema } from '../../src/model/schema.ts';

const layerSchema = z.object({
  name: wireTextSchema,
  kind: z.enum(['edge', 'proxy', 'service', 'unknown']),
  /** The header that gave it away. */
  signal: z.string(),
});

const endpointSchema = z.object({
  endpoint: endpointIdSchema,
  zone: z.string().nullable(),
  answered: count,
  /** From the client inwards. */
  chain: z.array(layerSchema),
  /** Median from request written to first byte; null without an answer. */
  waitP50Ms: milliseconds.nullable(),
  /** What the wait was longer than the largest claim of the same answer, as a median; null without a claim. */
  unexplainedMs: milliseconds.nullable(),
});

const spanSchema = z.object({
  name: wireTextSchema,
  source: z.enum(['server-timing', 'header']),
  endpoint: endpointIdSchema,
  n: count,
  p50Ms: milliseconds,
  /** Null with too few samples to bound it. */
  p99Ms: milliseconds.nullable(),
  maxMs: milliseconds,
  /** Answers in which the layer claims more time than the client waited for it. */
  beyondWait: count,
  /** The largest such excess. */
  beyondWaitMaxMs: milliseconds,
});

export const layersEvidence = z.object({
  byEndpoint: z.array(endpointSchema),
  spans: z.array(spanSchema),
  /** Via members, RFC 9110 7.6.3, each kind once. */
  proxies: z.array(
    z.object({
      protocol: wireTextSchema,
      receivedBy: wireTextSchema,
      comment: wireTextSchema.nullable(),
      n: count,
    }),
  ),
  /** Members of Cache-Status (RFC 9211) and X-Cache as sent, each kind once, at most 16. */
  cacheStatus: z.array(z.object({ header: z.string(), value: wireTextSchema, n: count })),
  retryHints: z.object({
    /** Answers that carry x-envoy-attempt-count. */
    counted: count,
    /** Answers that took more than one attempt. */
    retried: count,
    attemptsMax: count.nullable(),
    /** Retry-After on 503 answers, where it is in seconds: the largest. RFC 9110 10.2.3. */
    retryAfterSeconds: count.nullable(),
  }),
});

export type LayersEvidence = z.infer<typeof layersEvidence>;
export type SpanRecord = LayersEvidence['spans'][number];
export type LayerRecord = LayersEvidence['byEndpoint'][number]['chain'][number];
