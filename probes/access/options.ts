// Owns what changes the access probe's looking and its judging.
import { z } from 'zod';
import { options, policy } from './defaults.ts';

export const accessOptions = z.strictObject({
  /** One OPTIONS request to one endpoint: what a browser would be told for a page of another origin. */
  preflight: z.boolean().default(options.preflight),
  /** One TRACE request to one endpoint. */
  tryTrace: z.boolean().default(options.tryTrace),
});
export type AccessOptions = z.infer<typeof accessOptions>;

export const accessPolicy = z.strictObject({
  /** A rate limit with less than this share left is nearly used up. */
  remainingShare: z.number().min(0).max(1).default(policy.remainingShare),
});
export type AccessPolicy = z.infer<typeof accessPolicy>;
