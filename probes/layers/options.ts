// Owns what changes the layers probe's looking (nothing yet) and its judging.
import { z } from 'zod';
import { policy } from './defaults.ts';

export const layersOptions = z.strictObject({});
export type LayersOptions = z.infer<typeof layersOptions>;

export const layersPolicy = z.strictObject({
  /** A claim is doubted when it exceeds the wait by more than this in more than half of the answers. */
  claimToleranceMs: z.number().min(0).default(policy.claimToleranceMs),
  /** Answers of a host right after its failure are later than its others by this much at least, with 95 % confidence. */
  slowAfterFailureMs: z.number().min(0).default(policy.slowAfterFailureMs),
});
export type LayersPolicy = z.infer<typeof layersPolicy>;
