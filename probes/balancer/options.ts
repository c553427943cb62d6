// Owns what changes the balancer probe's looking and its judging.
import { z } from 'zod';
import { options, policy } from './defaults.ts';

export const balancerOptions = z.strictObject({
  /** A few requests on one connection to each endpoint that shows several hosts: whether its host changes within it. */
  reuse: z.boolean().default(options.reuse),
  /** Whether the addresses are asked for their names (PTR), where a zone is not known otherwise. */
  reverseNames: z.boolean().default(options.reverseNames),
  /** Requests that break the rules of HTTP, and one connection held idle, to one endpoint of each zone. */
  intrusive: z.boolean().default(options.intrusive),
  /** From one of these requests to the next at least. */
  everyMs: z.int().min(1).max(60_000).default(options.everyMs),
});
export type BalancerOptions = z.infer<typeof balancerOptions>;

export const balancerPolicy = z.strictObject({
  /** A zone is slow when its median is this many times that of the others, ... */
  slowRatio: z.number().min(1).default(policy.slowRatio),
  /** ... and this much longer, ... */
  slowDifferenceMs: z.number().min(0).default(policy.slowDifferenceMs),
  /** ... and each has this many samples: 6 is the least that bounds a median with 95 % confidence. */
  slowSamples: z.int().min(6).default(policy.slowSamples),
  /** Lost first packets are a warning when surely this share of connections had one. */
  lostShare: z.number().min(0).max(1).default(policy.lostShare),
  /** Answers an endpoint must have given before it is compared with others. */
  compareAnswers: z.int().min(2).default(policy.compareAnswers),
});
export type BalancerPolicy = z.infer<typeof balancerPolicy>;
