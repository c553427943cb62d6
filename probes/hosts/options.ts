// Owns what changes the hosts probe's looking (nothing yet) and its judging.
import { z } from 'zod';
import { policy } from './defaults.ts';

export const hostsOptions = z.strictObject({});
export type HostsOptions = z.infer<typeof hostsOptions>;

export const hostsPolicy = z.strictObject({
  /** A sick host that takes this share of an endpoint's requests makes it critical. */
  criticalShare: z.number().min(0).max(1).default(policy.criticalShare),
});
export type HostsPolicy = z.infer<typeof hostsPolicy>;
