// Owns what changes the access probe's looking (nothing yet) and its judging.
import { z } from 'zod';
import { policy } from './defaults.ts';

export const accessOptions = z.strictObject({});
export type AccessOptions = z.infer<typeof accessOptions>;

export const accessPolicy = z.strictObject({
  /** A rate limit with less than this share left is nearly used up. */
  remainingShare: z.number().min(0).max(1).default(policy.remainingShare),
});
export type AccessPolicy = z.infer<typeof accessPolicy>;
