// Owns what can be set: nothing about the looking (the ride's own options rule it), three things about the judging.
import { z } from 'zod';
import { policy } from './defaults.ts';

export const optionsSchema = z.strictObject({});
export type TlsOptions = z.infer<typeof optionsSchema>;

export const policySchema = z.strictObject({
  /** A certificate with fewer days left is a warning. */
  warnDays: z.number().nonnegative().default(policy.warnDays),
  /** A certificate with fewer days left is critical. */
  criticalDays: z.number().nonnegative().default(policy.criticalDays),
  /** `--insecure`: what only trust decides (chain, host name) is a notice. */
  ignoreTrust: z.boolean().default(policy.ignoreTrust),
});
export type TlsPolicy = z.infer<typeof policySchema>;
