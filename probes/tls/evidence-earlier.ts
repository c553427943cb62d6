// Owns the record of what earlier journeys to the same host were shown. Judges nothing.
import { z } from 'zod';
import { certificateSchema, fingerprintSchema } from '../../src/model/certificate-schema.ts';
import { endpointIdSchema } from '../../src/model/schema.ts';

export const earlier = z.object({
  id: z.string(),
  startedAt: z.iso.datetime(),
  /** Those that showed a certificate. */
  endpoints: z
    .array(
      z.object({
        endpoint: endpointIdSchema,
        zone: z.string().nullable(),
        leaf: fingerprintSchema,
        /** Other server certificates on the same address. */
        others: z.array(fingerprintSchema).max(8),
        /** The trusted root that the longest-lived path ended in; null when there was none, or nobody looked. */
        root: fingerprintSchema.nullable(),
      }),
    )
    .max(64),
  /** By fingerprint: every server certificate above. */
  certificates: z.record(fingerprintSchema, certificateSchema),
});
export type EarlierTls = z.infer<typeof earlier>;
