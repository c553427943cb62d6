// Owns the schema of what changed between two journeys, as it is published.
import { z } from 'zod';
import { DIFF_SCHEMA, type Diff, diffOutcomes, findingChanges } from './diff.ts';
import { severities } from './finding.ts';
import { verdicts } from './journey.ts';
import { count, milliseconds } from './schema.ts';
import { hopIds } from './trace.ts';

const side = z.object({
  id: z.string(),
  startedAt: z.iso.datetime(),
  url: z.string(),
  vantage: z.string(),
  verdict: z.enum(verdicts),
  complete: z.boolean(),
});
const place = z.string().nullable();
const severity = z.enum(severities).nullable();

export const diffSchema: z.ZodType<Diff> = z.object({
  schema: z.literal(DIFF_SCHEMA),
  outcome: z.enum(diffOutcomes),
  before: side,
  after: side,
  facts: z.array(
    z.object({
      ...{ section: z.string(), key: z.string(), title: z.string(), place },
      ...{ before: z.string(), after: z.string(), gone: z.array(z.string()), added: z.array(z.string()) },
    }),
  ),
  findings: z.array(
    z.object({
      change: z.enum(findingChanges),
      id: z.string(),
      place,
      before: severity,
      after: severity,
      what: z.string(),
    }),
  ),
  answers: z.array(z.object({ question: count, probe: z.string(), before: z.string(), after: z.string() })),
  latency: z.array(
    z.object({
      hop: z.enum(hopIds),
      place,
      samplesBefore: count,
      samplesAfter: count,
      p50BeforeMs: milliseconds,
      p50AfterMs: milliseconds,
      shiftMs: z.number(),
      intervalMs: z.tuple([z.number(), z.number()]).nullable(),
      chance: z.number().min(0).max(1),
      real: z.boolean(),
    }),
  ),
  notCompared: z.array(z.object({ what: z.string(), place, because: z.string() })),
});
