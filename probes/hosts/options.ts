// Owns what changes the hosts probe's looking (nothing yet) and its judging.
import { z } from 'zod';
import { policy } from './defaults.ts';

export const hostsOptions = z.strictObject({});
export type HostsOptions = z.infer<typeof hostsOptions>;

export const hostsPolicy = z.strictObject({
  /** A sick host that takes this share of an endpoint's requests makes it critical. */
  criticalShare: z.number().min(0).max(1).default(policy.criticalShare),
  /** A host is slow when its median is this many times that of its peers, ... */
  slowRatio: z.number().min(1).default(policy.slowRatio),
  /** ... and it is later than they are by this much at least, with 95 % confidence. */
  slowDifferenceMs: z.number().min(0).default(policy.slowDifferenceMs),
});
export type HostsPolicy = z.infer<typeof hostsPolicy>;
