// Owns the record of the balancer probe: what each endpoint answered, and the signals of what stands in front of the hosts.
import { z } from 'zod';
import { faults, problemCodes, steps } from '../../src/model/problem.ts';
import { count, endpointIdSchema, milliseconds, wireTextSchema } from '../../src/model/schema.ts';

/** `layer` and `scope` are what the signal speaks for; null when it only names a product. Weights add up: 2 is needed to conclude. */
const signalSchema = z.object({
  signal: z.string(),
  says: z.string(),
  layer: z.literal([4, 7]).nullable(),
  product: z.string().nullable(),
  scope: z.enum(['zonal', 'regional', 'global']).nullable(),
  /** True when it stands for an edge that shields what is behind it: a CDN or a web application firewall. */
  shields: z.boolean(),
  weight: z.int().min(1).max(3),
  endpoints: z.array(endpointIdSchema),
});

/** All answers of one endpoint with one status. */
const answersSchema = z.object({
  status: z.int(),
  n: count,
  /** Of the most frequent form, in the order sent, as sent. */
  headerNames: z.array(wireTextSchema),
  /** How many different sets of header names were seen, order and case aside. */
  headerVariants: count,
  /** SHA-256 of bodies, most frequent first, at most 16. */
  bodies: z.array(z.object({ sha256: z.string(), n: count })),
});

const problemSeenSchema = z.object({
  code: z.enum(problemCodes),
  step: z.enum(steps),
  fault: z.enum(faults),
  /** Words of the first one. */
  detail: wireTextSchema.nullable(),
  n: count,
});

const endpointSchema = z.object({
  endpoint: endpointIdSchema,
  zone: z.string().nullable(),
  /** Requests that were begun, `cut` among them. */
  attempts: count,
  /** Exchanges that finished, whatever their status. */
  ok: count,
  /** `cancelled` are those that were cut. */
  failures: z.partialRecord(z.enum(problemCodes), count),
  /** Unanswered when the ride was stopped, by the deadline or by hand: not failures of the service. Absent in journeys of 0.1.0. */
  cut: count.optional(),
  /** The longest that one of them had waited since its start; null without one. */
  cutAfterMs: milliseconds.nullable().optional(),
  /** Most frequent first. */
  problems: z.array(problemSeenSchema),
  statuses: z.record(z.string(), count),
  answers: z.array(answersSchema),
  /** The most frequent Server header. */
  server: wireTextSchema.nullable(),
  /** Leaf certificates by SHA-256 and how often each was served; `switches` counts changes from one sample to the next. */
  certificates: z.array(z.object({ fingerprint: z.string(), n: count })),
  certificateSwitches: count,
  /** Medians of finished exchanges; null without one. */
  waitP50Ms: milliseconds.nullable(),
  totalP50Ms: milliseconds.nullable(),
  /** As the hosts probe concluded; null when it could not tell. */
  algorithm: z.string().nullable(),
});

export const balancerEvidence = z.object({
  layer: z.literal([4, 7]).nullable(),
  /** `strong`: signals of weight 3 or more. `weak`: of weight 2. Null without a layer. */
  layerConfidence: z.enum(['strong', 'weak']).nullable(),
  scope: z.enum(['zonal', 'regional', 'global']).nullable(),
  product: z.string().nullable(),
  signals: z.array(signalSchema),
  byEndpoint: z.array(endpointSchema),
  zones: z.array(z.object({ zone: z.string().nullable(), endpoints: z.array(endpointIdSchema) })),
});

export type BalancerEvidence = z.infer<typeof balancerEvidence>;
export type EndpointRecord = BalancerEvidence['byEndpoint'][number];
export type AnswersRecord = EndpointRecord['answers'][number];
export type Signal = BalancerEvidence['signals'][number];
