// Owns the runtime schema of the journey document: reads old journeys back, and is published as schema/journey-1.json.
import { z } from 'zod';
import { type CheckResult, confidences, type Finding, outcomes, severities } from './finding.ts';
import { type Journey, type JudgedWith, type ProbeState, SCHEMA, verdicts } from './journey.ts';
import type { Json } from './json.ts';
import type { Hop, LatencySummary } from './latency.ts';
import { problemCodes } from './problem.ts';
import { count, endpointIdSchema, ipAddressSchema, milliseconds, pointerSchema, problemSchema } from './schema.ts';
import { type Endpoint, starttlsProtocols, type Target, zoneSources } from './target.ts';
import { hopIds } from './trace.ts';

const jsonSchema = z.json() as unknown as z.ZodType<Json>;
const timestamp = z.iso.datetime();

const targetSchema = z.object({
  input: z.string(),
  url: z.string(),
  scheme: z.enum(['https', 'http']),
  host: z.string(),
  isAddress: z.boolean(),
  port: z.int().min(1).max(65_535),
  starttls: z.enum(starttlsProtocols).optional(),
}) as unknown as z.ZodType<Target>;

const endpointSchema: z.ZodType<Endpoint> = z.object({
  id: endpointIdSchema,
  address: ipAddressSchema,
  port: z.int().min(1).max(65_535),
  family: z.literal([4, 6]),
  zone: z.string().nullable(),
  zoneSource: z.enum(zoneSources).nullable(),
  ttlSeconds: count.nullable(),
});

const latencySchema: z.ZodType<LatencySummary> = z.object({
  min: milliseconds,
  mean: milliseconds,
  stddev: milliseconds.nullable(),
  p50: milliseconds,
  p90: milliseconds,
  p95: milliseconds,
  p99: milliseconds,
  max: milliseconds,
  p99Interval: z.tuple([milliseconds, milliseconds]).nullable(),
  samples: z.array(milliseconds),
});

const hopSchema = z.object({
  id: z.enum(hopIds),
  endpoint: endpointIdSchema.nullable(),
  zone: z.string().nullable(),
  attempts: count,
  skipped: count.optional(),
  startedLateMs: milliseconds.optional(),
  failures: count,
  errors: z.partialRecord(z.enum(problemCodes), count),
  cutAfterMs: milliseconds.optional(),
  clock: z.enum(['kernel', 'loop']),
  uncertaintyMs: milliseconds.optional(),
  retransmits: count.optional(),
  latencyMs: latencySchema.nullable(),
}) as z.ZodType<Hop>;

const probeStateSchema: z.ZodType<ProbeState> = z.object({
  state: z.enum(['complete', 'failed', 'skipped', 'unfinished']),
  elapsedMs: milliseconds,
  problem: problemSchema.nullable(),
  because: z.string().nullable(),
});

const checkResultSchema: z.ZodType<CheckResult> = z.object({
  id: z.string(),
  probe: z.string(),
  outcome: z.enum(outcomes),
  because: z.string().nullable(),
});

const stepSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('change'), text: z.string() }),
  z.object({ kind: z.literal('command'), argv: z.array(z.string()) }),
]);

const findingSchema = z.object({
  id: z.string(),
  severity: z.enum(severities),
  probe: z.string(),
  endpoint: endpointIdSchema.nullable(),
  zone: z.string().nullable(),
  what: z.string(),
  soWhat: z.string(),
  nowWhat: z.string(),
  steps: z.array(stepSchema),
  evidence: z.array(pointerSchema),
  change: z.object({ before: z.string(), after: z.string() }).optional(),
}) as unknown as z.ZodType<Finding>;

const judgedWithSchema = z.object({
  policy: z.record(z.string(), jsonSchema),
  asOf: timestamp,
  version: z.string(),
  expectations: z.record(z.string(), z.record(z.string(), jsonSchema)).optional(),
}) as z.ZodType<JudgedWith>;

const answerSchema = z.object({
  question: z.literal([1, 2, 3, 4, 5, 6]),
  probe: z.string(),
  title: z.string(),
  summary: z.string(),
  confidence: z.enum(confidences),
  facts: z.record(z.string(), jsonSchema),
});

function observationShape(evidence: Readonly<Record<string, z.ZodType>>) {
  const known = Object.fromEntries(Object.entries(evidence).map(([id, schema]) => [id, schema.nullable()]));
  return {
    schema: z.literal(SCHEMA),
    id: z.string(),
    startedAt: timestamp,
    durationMs: milliseconds,
    complete: z.boolean(),
    target: targetSchema,
    vantage: z.object({ name: z.string(), zone: z.string().nullable(), addresses: z.array(ipAddressSchema) }),
    budget: z.object({
      dnsQueries: count,
      connections: count,
      requests: count,
      bytesSent: count,
      bytesReceived: count,
      traceProbes: count.optional(),
    }),
    endpoints: z.array(endpointSchema),
    hops: z.array(hopSchema),
    probes: z.record(z.string(), probeStateSchema),
    riddenWith: z.record(z.string(), jsonSchema),
    evidence: z.object(known).partial(),
  };
}

/** The schema of a whole journey with the evidence of the given probes; evidence of unknown probes is dropped. */
export function journeySchema(evidence: Readonly<Record<string, z.ZodType>>): z.ZodType<Journey> {
  return z.object({
    ...observationShape(evidence),
    verdict: z.enum(verdicts),
    checks: z.array(checkResultSchema),
    judgedWith: judgedWithSchema,
    answers: z.array(answerSchema),
    findings: z.array(findingSchema),
    asked: z.object({ by: z.string(), at: timestamp }).optional(),
  }) as unknown as z.ZodType<Journey>;
}
