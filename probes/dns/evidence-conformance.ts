// Owns the record of how one name server takes what it need not know: EDNS of a later version, unknown options, types and opcodes.
// Never judges, and holds JSON only.
import { z } from 'zod';
import { problemCodes } from '../../src/model/problem.ts';
import { count, ipAddressSchema, milliseconds } from '../../src/model/schema.ts';

/**
 * Questions of RFC 8906 8 and DNS flag day 2019, each for the zone's SOA unless said otherwise. `plain`: without EDNS;
 * `edns-version`: EDNS version 1; `edns-option`: an option that nobody knows; `edns-flag`: a flag that nobody knows;
 * `unknown-type`: a type for private use; `opcode`: an opcode that nobody knows; `reserved-bit`: the Z bit of the header;
 * `any`: type ANY; `cookie`: a client cookie (RFC 7873), the name in letters of both cases; `bad-cookie`: one of 4 octets.
 */
export const trialNames = [
  'plain',
  'edns-version',
  'edns-option',
  'edns-flag',
  'unknown-type',
  'opcode',
  'reserved-bit',
  'any',
  'cookie',
  'bad-cookie',
] as const;

const edns = z.object({
  version: count,
  /** The 16 flags of the OPT record. */
  flags: count,
  options: z.array(z.object({ code: count, bytes: count })),
});

const trialReply = z.object({
  rcode: z.string(),
  authoritative: z.boolean(),
  truncated: z.boolean(),
  reservedBit: z.boolean(),
  /** Of each record in the answer section. */
  answerTypes: z.array(z.string()),
  /** The owner of the first answer is written as it was asked for; null without answers. */
  ownerAsAsked: z.boolean().nullable(),
  /** Null without OPT record. */
  edns: edns.nullable(),
  sizeBytes: count,
  trailingBytes: count,
  question: z.enum(['same', 'other-case', 'none']),
  elapsedMs: milliseconds,
});

const trial = z.object({
  trial: z.enum(trialNames),
  /** Null: why there is none stands in `error`. */
  reply: trialReply.nullable(),
  error: z.enum(problemCodes).nullable(),
});

/** One question with rising room for the answer. */
const ladder = z.object({
  /** What was asked with DO=1: the larger of what the zone is known to hold. */
  name: z.string(),
  type: z.string(),
  steps: z.array(
    z.object({
      /** Room that the question offers. */
      payloadBytes: count,
      /** Null when no reply came. */
      sizeBytes: count.nullable(),
      truncated: z.boolean(),
      error: z.enum(problemCodes).nullable(),
    }),
  ),
});

/** Two questions at once on one TCP connection: the SOA and that of the ladder. */
const pipeline = z.object({
  answered: count,
  /** The server closed the connection before the last answer. */
  closedEarly: z.boolean(),
  /** Size of the ladder's answer; null when it did not come. */
  wholeBytes: count.nullable(),
  error: z.enum(problemCodes).nullable(),
});

export const conformanceSchema = z.object({
  trials: z.array(trial),
  /** Both only with `conformance: "whole"`, and when time was left. */
  ladder: ladder.optional(),
  pipeline: pipeline.optional(),
});

/** To what only a server that was silent is asked: the same question without EDNS, the reply from whomever it comes. */
export const plainReplySchema = z.object({
  /** Null: from the address and port that were asked. Resolvers throw away what comes from others (RFC 5452 9.1). */
  from: ipAddressSchema.nullable(),
});

export type ConformanceEvidence = z.infer<typeof conformanceSchema>;
export type TrialEvidence = z.infer<typeof trial>;
export type TrialReplyEvidence = z.infer<typeof trialReply>;
export type TrialName = (typeof trialNames)[number];
export type LadderEvidence = z.infer<typeof ladder>;
