// Owns the record of what one server or resolver says beyond addresses: the zone's SOA, and the record sets of the name.
// Never judges, and holds JSON only.
import { z } from 'zod';
import { problemCodes } from '../../src/model/problem.ts';
import { count, dnsNameSchema, wireTextSchema } from '../../src/model/schema.ts';

export const soa = z.object({
  zone: dnsNameSchema,
  primary: wireTextSchema,
  mailbox: wireTextSchema,
  serial: count,
  refreshSeconds: count,
  retrySeconds: count,
  expireSeconds: count,
  minimumSeconds: count,
  ttlSeconds: count,
});

/** One record set as somebody told it; `name` is what was asked, aliases followed. MX and TXT only with `mailRecords`. */
export const toldSet = z.object({
  name: dnsNameSchema,
  type: z.enum(['HTTPS', 'CAA', 'MX', 'TXT']),
  /** `NOERROR` without records: there are none. Null with an error. */
  rcode: z.string().nullable(),
  error: z.enum(problemCodes).nullable(),
  /** In zone-file form, sorted by it; the owner is at the end of the aliases. */
  records: z.array(z.object({ name: wireTextSchema, ttlSeconds: count, data: wireTextSchema })),
});

/** One link of the alias chain in a resolver's answer. */
export const toldAlias = z.object({ name: wireTextSchema, target: wireTextSchema });

export type SoaEvidence = z.infer<typeof soa>;
export type ToldSetEvidence = z.infer<typeof toldSet>;
export type ToldAliasEvidence = z.infer<typeof toldAlias>;
