// Owns the record of the steps probe: each request of each step with its spans, what was taken from answers, and what of the assertions
// held. Values of secrets, captures and cookies are not in it.
import { z } from 'zod';
import { count, endpointIdSchema, milliseconds, problemSchema, wireTextSchema } from '../../src/model/schema.ts';
import { hopIds } from '../../src/model/trace.ts';

const spanSchema = z.object({
  startMs: z.number(),
  durationMs: milliseconds,
  clock: z.enum(['kernel', 'loop']),
});

const exchangeSchema = z.object({
  method: z.string(),
  /** Of the first request as the person wrote it; of one that an answer chose without the values of its query, names in the places of secrets. */
  url: wireTextSchema,
  endpoint: endpointIdSchema.nullable(),
  /** Over a connection that had carried a request before. */
  reused: z.boolean(),
  spans: z.partialRecord(z.enum(hopIds), spanSchema),
  version: z.enum(['1.1', '2']).nullable(),
  tlsProtocol: z.string().nullable(),
  status: z.int().nullable(),
  /** As transferred. */
  bodyBytes: count.nullable(),
  truncated: z.boolean(),
  /** Content codings in the order they were applied; at most 8. */
  codings: z.array(wireTextSchema),
  cookiesSent: count,
  /** Names. */
  cookiesTaken: z.array(wireTextSchema),
  redirect: z
    .object({
      to: wireTextSchema,
      method: z.string(),
      /** Scheme, host or port change. */
      crossOrigin: z.boolean(),
      /** From https to http. */
      toPlaintext: z.boolean(),
      /** Header names that were not sent on. */
      dropped: z.array(z.string()),
    })
    .nullable(),
  problem: problemSchema.nullable(),
  traceId: z.string().optional(),
});

export const outcomes = ['passed', 'unmet', 'failed', 'skipped'] as const;

const assertionSchema = z.object({
  /** As the person wrote it, in words. */
  says: z.string(),
  held: z.boolean(),
  /** What was there instead; null when it held. */
  saw: wireTextSchema.nullable(),
});

const roundSchema = z.object({
  /** 0-based. */
  round: count,
  startMs: z.number(),
  /** From the first request's begin to the last answer's end. */
  durationMs: milliseconds,
  /** `unmet`: it was answered, and an assertion did not hold. `failed`: no answer that the next step can go on with. */
  outcome: z.enum(outcomes),
  because: wireTextSchema.nullable(),
});

const shownSchema = z.object({
  round: count,
  exchanges: z.array(exchangeSchema),
  assertions: z.array(assertionSchema),
  /** Names of what was taken from the answer. */
  captured: z.array(z.string()),
});

const stepSchema = z.object({
  name: z.string(),
  method: z.string(),
  /** As the person wrote it. */
  url: z.string(),
  rounds: z.array(roundSchema),
  /** Of the first round, of the first that did not pass, and of the last. */
  shown: z.array(shownSchema),
});

export const stepsEvidence = z.object({
  repeat: count,
  /** Rounds that came to their end. */
  completed: count,
  steps: z.array(stepSchema),
});

export type StepsEvidence = z.infer<typeof stepsEvidence>;
export type StepRecord = z.infer<typeof stepSchema>;
export type StepRound = z.infer<typeof roundSchema>;
export type ShownRound = z.infer<typeof shownSchema>;
export type ExchangeRecord = z.infer<typeof exchangeSchema>;
export type AssertionRecord = z.infer<typeof assertionSchema>;
