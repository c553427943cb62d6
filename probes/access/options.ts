// Owns what changes the access probe's looking and its judging.
import { z } from 'zod';
import { options, policy } from './defaults.ts';

export const accessOptions = z.strictObject({
  /** One OPTIONS request to one endpoint: what a browser would be told for a page of another origin. */
  preflight: z.boolean().default(options.preflight),
  /** One TRACE request to one endpoint. */
  tryTrace: z.boolean().default(options.tryTrace),
  /** Requests ever faster to one endpoint, until one is turned away. Requests a second. */
  findLimit: z
    .strictObject({ fromPerSecond: z.number().min(0.1).max(1000), toPerSecond: z.number().min(0.1).max(1000) })
    .refine(({ fromPerSecond, toPerSecond }) => fromPerSecond < toPerSecond, 'from must be below to')
    .nullable()
    .default(options.findLimit),
  /** Requests held open to one endpoint, one more at a time, until one is turned away: at most so many. */
  findLimitOpen: z.int().min(1).max(256).nullable().default(options.findLimitOpen),
});
export type AccessOptions = z.infer<typeof accessOptions>;

export const accessPolicy = z.strictObject({
  /** A rate limit with less than this share left is nearly used up. */
  remainingShare: z.number().min(0).max(1).default(policy.remainingShare),
});
export type AccessPolicy = z.infer<typeof accessPolicy>;
