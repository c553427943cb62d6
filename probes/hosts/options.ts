// Owns what changes the hosts probe's looking and its judging.
import { z } from 'zod';
import { options, policy } from './defaults.ts';

export const hostsOptions = z.strictObject({
  /** Requests beyond the ride to endpoints with several hosts: bursts, and a few while another is kept open. */
  infer: z.boolean().default(options.infer),
  /** From the beginning of one burst to that of the next at least. */
  burstEveryMs: z.int().min(50).max(5000).default(options.burstEveryMs),
});
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
