// Owns the record of who stands behind the name: whose its addresses are by published lists, and who keeps it. Never judges, and holds JSON only.
import { z } from 'zod';
import { count, dnsNameSchema, ipAddressSchema, wireTextSchema } from '../../src/model/schema.ts';

/** One address, with what the lists of `--networks` say of it: nulls where they say nothing. */
export const network = z.object({
  address: ipAddressSchema,
  /** `address`: of the name. `name-server`: of a server of `zone`. */
  of: z.enum(['address', 'name-server']),
  zone: dnsNameSchema.nullable(),
  /** The longest that holds the address. */
  prefix: z.string().nullable(),
  operator: z.string().nullable(),
  service: z.string().nullable(),
  /** As the operator writes it; `global` where it says so. */
  region: z.string().nullable(),
  /** A zone with a location of its own: an AWS Local Zone or Wavelength Zone. */
  localZone: z.string().nullable(),
  asn: count.nullable(),
  asName: wireTextSchema.nullable(),
});

/** What ExternalDNS leaves beside a record that it keeps (its TXT registry). */
export const externalDns = z.object({
  /** Where it stands. */
  name: dnsNameSchema,
  owner: wireTextSchema.nullable(),
  /** `KIND/NAMESPACE/NAME` in the cluster. */
  resource: wireTextSchema.nullable(),
});

export type ExternalDnsEvidence = z.infer<typeof externalDns>;
export type NetworkEvidence = z.infer<typeof network>;
