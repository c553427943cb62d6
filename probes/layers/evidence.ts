// Owns the record of the layers probe: what a request passed, what each layer says it took, and traces of retries and caches.
import { z } from 'zod';
import { count, endpointIdSchema, milliseconds, wireTextSchema } from '../../src/model/schema.ts';

const layerSchema = z.object({
  name: wireTextSchema,
  kind: z.enum(['edge', 'proxy', 'service', 'unknown']),
  /** The header that gave it away. */
  signal: z.string(),
  /** How surely that header is this layer's: `high` by its form or because it names itself, `low` where it may be another's. */
  confidence: z.enum(['high', 'medium', 'low']).optional(),
});

/** A layer's own part of the waits: what it claims less what the next one inwards claims. */
const stackSchema = z.object({
  name: wireTextSchema,
  /** `upstream`: all that is behind a layer, as that layer says. `rest`: what no layer explains. */
  kind: z.enum(['network', 'edge', 'proxy', 'upstream', 'service', 'rest']),
  /** Header, or what was measured. */
  signal: z.string(),
  confidence: z.enum(['measured', 'said', 'rest']),
  n: count,
  p50Ms: milliseconds,
  /** 95 %; null with too few samples to bound it. */
  p50IntervalMs: z.tuple([milliseconds, milliseconds]).nullable(),
  /** Null with too few samples to bound it. */
  p99Ms: milliseconds.nullable(),
});

const chance = z.number().min(0).max(1);

/** Answers that came after the same wait as if a time-out on the way had run out, and how seldom chance puts waits so close together. */
const timeOutSchema = z.object({
  /** `failed`: the answers are failures. `late`: successes, `extraMs` or whole times of it behind the usual ones. */
  after: z.enum(['failed', 'late']),
  answers: count,
  of: count,
  /** Median of those answers. */
  waitMs: milliseconds,
  extraMs: z.number(),
  /** How far apart they are, whole steps taken off. */
  spreadMs: milliseconds,
  steps: count,
  chance,
});

/** Slow failures, then fast ones alone: as when a circuit breaker opens. */
const breakerSchema = z.object({
  slow: count,
  /** Null when none of them was answered in time. */
  slowP50Ms: milliseconds.nullable(),
  fast: count,
  fastP50Ms: milliseconds,
  /** From the first fast failure to the next success, or to the last one seen. */
  openMs: milliseconds,
  recovered: z.boolean(),
  /** Of slow ones being this much before fast ones when the order means nothing (Mann and Whitney, one-sided). */
  chance,
});

/** A host whose successes right after a failure of its own are later than its others. */
const afterFailureSchema = z.object({
  identity: wireTextSchema,
  answers: count,
  shiftMs: z.number(),
  shiftIntervalMs: z.tuple([z.number(), z.number()]),
  chance,
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
  /** From the network inwards; the parts of one answer make up its wait. */
  stack: z.array(stackSchema).optional(),
  /** Answers in which a layer claims more than the one around it, so that it is left out of the stack. */
  contradicted: count.optional(),
  /** Answers that say whether they came out of a cache; null when none does. */
  /** Answers with a 5xx status. */
  failures: count.optional(),
  timeOuts: z.array(timeOutSchema).optional(),
  /** The hosts probe says of the same answers that they are late. */
  lateByHosts: z.boolean().optional(),
  breaker: breakerSchema.nullable().optional(),
  afterFailure: z.array(afterFailureSchema).optional(),
  cache: z.object({ hits: count, misses: count, ageMaxSeconds: count.nullable() }).nullable().optional(),
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

const marksSchema = z.object({
  /** Ids of requests: how many answers carry one, and how many different ones there are. */
  ids: z.array(z.object({ header: z.string(), n: count, distinct: count })),
  /** Answers that name their trace; `ours`: the one that the request named. */
  traces: z.array(z.object({ header: z.string(), n: count, ours: count })),
  /** Alt-Svc, RFC 7838 3. */
  altSvc: z.array(
    z.object({
      protocol: wireTextSchema,
      authority: wireTextSchema.nullable(),
      maxAgeSeconds: count.nullable(),
      n: count,
    }),
  ),
});

/** Work that goes on after a 202, as asked for at the URL that the answer names. Times count from the start of the sample that began it. */
const workflowSchema = z.object({
  endpoint: endpointIdSchema,
  /** The header that says where to ask; null without one. */
  by: z.enum(['operation-location', 'azure-asyncoperation', 'location']).nullable(),
  /** Without its query, which may hold a key; null where nothing was asked. */
  path: wireTextSchema.nullable(),
  /** The answer says that it is a 202 because the caller asked for that: RFC 7240 4.1. */
  preferred: z.boolean(),
  polls: z.array(
    z.object({
      afterMs: milliseconds,
      status: count.nullable(),
      problem: z.string().nullable(),
      state: wireTextSchema.nullable(),
      percent: z.number().nullable(),
      waitMs: milliseconds,
      retryAfterMs: milliseconds.nullable(),
    }),
  ),
  /** Polls in a row that found the same state. */
  stages: z.array(z.object({ state: wireTextSchema, fromMs: milliseconds, polls: count })),
  /** `running`: not ended when the last was asked. Null: nothing was asked. */
  outcome: z.enum(['succeeded', 'failed', 'canceled', 'running']).nullable(),
  /** Not before, and not after. */
  endedAfterMs: z.tuple([milliseconds, milliseconds]).nullable(),
  /** Why nothing, or no more, was asked. */
  because: z.string().nullable(),
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
    /** Answers with status 503, and those of them that say when to come back, by seconds or by date. */
    unavailable: count.optional(),
    withRetryAfter: count.optional(),
    /** Median wait of answers that took one attempt, and of those that took more; null without any. */
    onceP50Ms: milliseconds.nullable().optional(),
    retriedP50Ms: milliseconds.nullable().optional(),
  }),
  /** Null when the first sample was not answered 202. */
  workflow: workflowSchema.nullable().optional(),
  marks: marksSchema.optional(),
  /** Entries of Server-Timing without a duration, each kind once. */
  notes: z.array(z.object({ name: wireTextSchema, description: wireTextSchema.nullable(), n: count })).optional(),
});

export type LayersEvidence = z.infer<typeof layersEvidence>;
export type SpanRecord = LayersEvidence['spans'][number];
export type LayerRecord = LayersEvidence['byEndpoint'][number]['chain'][number];
export type StackRecord = z.infer<typeof stackSchema>;
export type MarksRecord = z.infer<typeof marksSchema>;
export type TimeOutRecord = z.infer<typeof timeOutSchema>;
export type BreakerRecord = z.infer<typeof breakerSchema>;
export type AfterFailureRecord = z.infer<typeof afterFailureSchema>;
export type WorkflowRecord = z.infer<typeof workflowSchema>;
