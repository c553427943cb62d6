// Owns the part of the dns record that tells whether the answers can be believed: the way of signatures and who serves which of them.
// Never judges, and holds JSON only.
import { z } from 'zod';
import { problemCodes } from '../../src/model/problem.ts';
import { count, dnsNameSchema, ipAddressSchema } from '../../src/model/schema.ts';
import type { DnsName } from '../../src/model/text.ts';

export const dnssecStates = ['secure', 'insecure', 'bogus', 'not-checked'] as const;

/** Why an answer is bogus. */
const dnssecFaults = [
  'no-signature',
  'signature-expired',
  'signature-not-yet-valid',
  'signature-wrong',
  'signer-wrong',
  'key-missing',
  'no-keys',
  'no-matching-key',
  'no-proof',
] as const;
export type DnssecFault = (typeof dnssecFaults)[number];

/** Why DNSSEC is not `secure`, and at which link of the way from the trust anchor the way ends. */
const dnssecReasons = [
  // insecure
  'unsigned-delegation',
  'opt-out',
  'unsupported-algorithm',
  'too-many-iterations',
  ...dnssecFaults,
  // not-checked
  'no-signatures',
  'another-root',
  'root-does-not-verify',
  'served-by-the-resolver',
  'resolver-failed',
  'too-many-questions',
  'cut-off',
  'no-anchor',
  'unfit-name',
] as const;

const zoneName = dnsNameSchema as unknown as z.ZodType<DnsName | '.'>;
const instant = z.iso.datetime();

/** A signature that holds. */
const signature = z.object({
  name: zoneName,
  type: z.string(),
  /** Of the key that made it. */
  tag: count,
  validFrom: instant,
  expiresAt: instant,
  /** The whole life of the records under it. */
  ttlSeconds: count,
});

const key = z.object({
  tag: count,
  algorithm: count,
  sep: z.boolean(),
  /** RFC 4034 2.1.1: without this bit it signs nothing of the zone. Absent in journeys of 0.1.0; so are the two below. */
  zoneKey: z.boolean().optional(),
  /** RFC 5011 2.1 */
  revoked: z.boolean().optional(),
  /** Length of an RSA modulus; null for keys of one size only. */
  bits: count.nullable().optional(),
});

/** A DS record as the parent has it, or a CDS record as the zone does (RFC 7344 3.1). */
const delegationSigner = z.object({
  tag: count,
  algorithm: count,
  digestType: count,
  /** Hex. */
  digest: z.string(),
  /** A key of the zone is the one that it names; where the digest cannot be computed, by tag and algorithm alone. */
  hasKey: z.boolean(),
});

/**
 * How absence is proven. `minimal`: NSEC records that end right behind the name, made for each answer (RFC 4470);
 * `compact`: such ones that say by the NXNAME bit that the name does not exist (RFC 9824 3.1).
 */
const denials = ['nsec', 'nsec3', 'minimal', 'compact'] as const;

const dnssecZone = z.object({
  zone: zoneName,
  /** DS records that its parent holds for it; 0 for the zone of a trust anchor. */
  dsCount: count,
  digestTypes: z.array(count),
  dsAlgorithms: z.array(count),
  /** Those records. Absent in journeys of 0.1.0. */
  ds: z.array(delegationSigner).optional(),
  keys: z.array(key),
  /** Tags of the keys whose signatures held. */
  signedBy: z.array(count),
  signatures: z.array(signature),
  /** The soonest of them. */
  expiresAt: instant.nullable(),
  /** Null when no NSEC3 record was needed. */
  nsec3Iterations: count.nullable(),
  /** Absent when no proof was needed. */
  denial: z.enum(denials).optional(),
  /** Of the NSEC3 records seen: unsigned delegations need not be listed between them (RFC 5155 6). */
  optOut: z.boolean().optional(),
});

/** What one server of the name's zone gives to those who validate, judged by the DS records of its parent. */
const signedServer = z.object({
  address: ipAddressSchema,
  /** The first question that it did not answer; null when it answered all. */
  error: z.enum(problemCodes).nullable(),
  /** Tags of its DNSKEY set, rising; null when it was not told. */
  keys: z.array(count).nullable(),
  /** Its DNSKEY set, and the records of the name or the proof that there are none. */
  sets: z.array(
    z.object({
      name: zoneName,
      type: z.string(),
      /** Of the keys that the signatures name. */
      tags: z.array(count),
      /** Null when a signature holds. */
      fault: z.enum(dnssecFaults).nullable(),
      /** Of the signature that holds; of the one that expired last where that is the fault. */
      expiresAt: instant.nullable(),
    }),
  ),
  /** What the zone wants its parent to publish (RFC 7344); empty without, null when it was not told or not asked. */
  cds: z.array(delegationSigner).nullable(),
  cdnskey: z.array(z.object({ tag: count, algorithm: count, hasKey: z.boolean() })).nullable(),
});

export const dnssecDetailSchema = z.object({
  reason: z.enum(dnssecReasons).nullable(),
  /** `zone` holds the records that should carry the way on: `type` at `name`. */
  link: z.object({ zone: zoneName, name: zoneName, type: z.string() }).nullable(),
  expiredAt: instant.nullable(),
  /** From the trust anchor downwards; as far as the way was gone. */
  zones: z.array(dnssecZone),
  soonestExpiry: signature.extend({ zone: zoneName }).nullable(),
  /** That the verdict took, each asked of the resolver or of one authority. */
  questions: count,
  /** Whom the verdict was told by. Absent in journeys of 0.1.0: the resolver. */
  askedOf: z.enum(['resolver', 'authorities']).optional(),
  /** Why the authorities were asked; absent when the resolver told the verdict. */
  resolverReason: z.enum(dnssecReasons).optional(),
  /** Of the zone of the canonical name, in the order asked. Absent when no DS record leads to its keys, and in journeys of 0.1.0. */
  servers: z.array(signedServer).optional(),
});

export type DnssecDetail = z.infer<typeof dnssecDetailSchema>;
export type DnssecReason = (typeof dnssecReasons)[number];
export type DnssecZoneEvidence = z.infer<typeof dnssecZone>;
export type SignatureEvidence = z.infer<typeof signature>;
export type SignedServerEvidence = z.infer<typeof signedServer>;
export type DelegationSignerEvidence = z.infer<typeof delegationSigner>;
