// Owns what can be set: whether hellos of its own are sent (the ride's own options rule the rest), three things about the judging.
import { z } from 'zod';
import { options, policy } from './defaults.ts';

export const optionsSchema = z.strictObject({
  /** Hellos of its own beside the ride: what the endpoints offer, not only what they negotiate. */
  survey: z.boolean().default(options.survey),
  /** A few whole handshakes of its own beside the ride: other key types, other names, sessions taken up again; or the key types alone. */
  handshakes: z.union([z.boolean(), z.literal('key-types')]).default(options.handshakes),
  /** Ask the OCSP responders and fetch the revocation lists that the certificates name. */
  revocation: z.boolean().default(options.revocation),
});
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
