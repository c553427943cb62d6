// Owns what changes the layers probe's looking and its judging.
import { z } from 'zod';
import { options, policy } from './defaults.ts';

export const layersOptions = z.strictObject({
  /** Ask for the outcome of work that a 202 began: of the first sample's only. */
  poll: z.boolean().default(options.poll),
});
export type LayersOptions = z.infer<typeof layersOptions>;

export const layersPolicy = z.strictObject({
  /** A claim is doubted when it exceeds the wait by more than this in more than half of the answers. */
  claimToleranceMs: z.number().min(0).default(policy.claimToleranceMs),
  /** Answers of a host right after its failure are later than its others by this much at least, with 95 % confidence. */
  slowAfterFailureMs: z.number().min(0).default(policy.slowAfterFailureMs),
});
export type LayersPolicy = z.infer<typeof layersPolicy>;
