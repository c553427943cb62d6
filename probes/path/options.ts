// Owns what changes the path probe's looking (options, kept with the evidence) and its judging (policy, kept with the judgement).
import { z } from 'zod';
import { options, policy } from './defaults.ts';

export const pathOptions = z.strictObject({
  /** False sends nothing. */
  trace: z.boolean().default(options.trace),
  method: z.enum(['tcp', 'udp']).default(options.method),
  /** Source ports for each endpoint: of two equal ways, six find both with 95 %. */
  flows: z.int().min(1).max(16).default(options.flows),
  /** Times each router is asked on each flow; behind six they take a second each. */
  rounds: z.int().min(1).max(100).default(options.rounds),
  /** Of those, how many go as far as the endpoint: each is a connection there that is reset. */
  targetRounds: z.int().min(1).max(100).default(options.targetRounds),
  maxTtl: z.int().min(1).max(64).default(options.maxTtl),
  /** Routers without an answer in a row behind which no further is asked. */
  silentStop: z.int().min(1).max(16).default(options.silentStop),
  /** Below the first re-send of a SYN, which comes after a second. */
  giveUpMs: z.int().min(50).max(950).default(options.giveUpMs),
  /** The first of each zone, at most so many. */
  maxEndpoints: z.int().min(1).max(32).default(options.maxEndpoints),
  /** Lets the program mtr trace where this machine does not allow it otherwise: it takes a second for each round. */
  mtr: z.boolean().default(options.mtr),
  /** Whether packets of full size are tried: one connection more, and some more where they do not get through. */
  fullSize: z.boolean().default(options.fullSize),
  /** Whose names are asked for (PTR). Those of private addresses are nobody's business but the site's. */
  names: z.enum(['public', 'all', 'none']).default(options.names),
});
export type PathOptions = z.infer<typeof pathOptions>;

export const pathPolicy = z.strictObject({
  /** Share of lost packets that the endpoint's own loss must exceed with 97.5 % confidence to count. */
  lossShare: z.number().min(0).max(1).default(policy.lossShare),
  /** A step between two routers that is at least so large, and more than half of the whole way, is told. */
  jumpMs: z.number().min(1).default(policy.jumpMs),
  /** Flows whose packets take so much longer than others' are told. */
  flowsMs: z.number().min(1).default(policy.flowsMs),
});
export type PathPolicy = z.infer<typeof pathPolicy>;
