// Owns the record of the probe-name probe: the Server values of each endpoint. The only file here that other probes may import.
// Never holds what JSON cannot: unknown is null, units stand in the names.
import { z } from 'zod';
import { count, endpointIdSchema, wireTextSchema } from '../../src/model/schema.ts';

export const probeNameEvidence = z.object({
  byEndpoint: z.array(
    z.object({
      endpoint: endpointIdSchema,
      zone: z.string().nullable(),
      answered: count,
      /** Distinct values of Server (RFC 9110 10.2.4) as sent, most frequent first. */
      servers: z.array(z.object({ value: wireTextSchema, n: count })),
      /** Distinct values that the bound left out. */
      serversLeftOut: count,
    }),
  ),
});

export type ProbeNameEvidence = z.infer<typeof probeNameEvidence>;
