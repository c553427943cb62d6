// Owns what changes the probe-name probe's looking (options, kept with the evidence) and its judging (policy, kept with the judgement).
import { z } from 'zod';
import { options, policy } from './defaults.ts';

export const probeNameOptions = z.strictObject({
  /** Distinct Server values that are kept of one endpoint: a service that sends another one each time must not fill the journey. */
  valuesPerEndpoint: z.int().min(1).max(64).default(options.valuesPerEndpoint),
});
export type ProbeNameOptions = z.infer<typeof probeNameOptions>;

export const probeNamePolicy = z.strictObject({
  /** A version counts with at least so many dotted parts: `Apache/2` says less than `Apache/2.4.62`. */
  versionParts: z.int().min(1).max(4).default(policy.versionParts),
});
export type ProbeNamePolicy = z.infer<typeof probeNamePolicy>;
