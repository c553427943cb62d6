// Owns the schema of what is read back of a report of `probe certs`. Loaded only where one is compared with; the rest is passed over.
import { z } from 'zod';
import { certificateSchema, fingerprintSchema } from './certificate-schema.ts';

export const reportSchema = z.object({
  schema: z.literal('certs/1'),
  startedAt: z.iso.datetime(),
  places: z.array(z.object({ id: z.string(), target: z.string().optional(), chain: z.array(fingerprintSchema) })),
  certificates: z.record(fingerprintSchema, certificateSchema),
  problems: z.array(z.object({ id: z.string(), certificate: fingerprintSchema.nullable() })),
});
