// Owns the record of what the answers say the time is, beside this machine's clock. Judges nothing.
import { z } from 'zod';
import { count, endpointIdSchema } from '../../src/model/schema.ts';

export const clock = z.object({
  /** When the ride began, by this machine. */
  ownAt: z.iso.datetime(),
  byEndpoint: z
    .array(
      z.object({
        endpoint: endpointIdSchema,
        /** Answers with a readable Date. */
        answers: count.positive(),
        /** Median of Date and Age (RFC 9110 6.6.1, RFC 9111 5.1) less our own time; above 0 when the endpoint is ahead. */
        aheadSeconds: z.number(),
      }),
    )
    .max(64),
});
export type ClockEvidence = z.infer<typeof clock>;
