// Owns the record of what others could make of the name: targets that nobody holds, servers that give away too much,
// answers for names that do not exist, and what stands beside the name for its certificates. Holds JSON only.
import { z } from 'zod';
import { problemCodes } from '../../src/model/problem.ts';
import { count, dnsNameSchema, ipAddressSchema, problemSchema, wireTextSchema } from '../../src/model/schema.ts';

/** Whether the domain that somebody would have to register is in the zone above it. */
const registrations = ['there', 'absent', 'not-told'] as const;

/** A name that does not exist although something leads to it. */
const missing = z.object({
  name: dnsNameSchema,
  /** The part of it that its owner registers, by the public suffix list; null when no registry sells names there. */
  domain: dnsNameSchema.nullable(),
  /** `absent`: NXDOMAIN for the domain itself: it was never registered, or its registration has lapsed. */
  registration: z.enum(registrations),
});

/** What a name server does with the request for the whole zone. Never more of it is read than proves that it comes. */
const transfer = z.object({
  server: wireTextSchema,
  address: ipAddressSchema,
  /** `open`: the zone began to come. */
  state: z.enum(['open', 'refused', 'failed']),
  /** Null when nothing was heard. */
  rcode: z.string().nullable(),
  error: z.enum(problemCodes).nullable(),
  /** Until the zone ended or the connection was closed from here. */
  recordsSeen: count,
});

/** A name server that says it recurses (RA=1). */
const recursion = z.object({
  server: wireTextSchema,
  address: ipAddressSchema,
  /** What it was asked for: a zone above its own. */
  asked: dnsNameSchema,
  /** Null: it did not say, or serves that zone too. */
  recurses: z.boolean().nullable(),
});

/** A name that nobody has made, beside the name. */
const madeUp = z.object({
  name: dnsNameSchema,
  /** What an authority of the zone says. */
  authority: z.object({
    address: ipAddressSchema,
    rcode: z.string(),
    answers: count,
    addresses: z.array(ipAddressSchema),
  }),
  /** Resolvers, asked only when the authority has no such name. */
  resolvers: z.array(z.object({ resolver: z.string(), rcode: z.string(), addresses: z.array(ipAddressSchema) })),
});

/** The owner of an alias, as a server of its zone answers for other types. */
const aliasOwner = z.object({
  name: dnsNameSchema,
  server: wireTextSchema,
  address: ipAddressSchema,
  /** The zone refers elsewhere for it: the alias stands at the apex of another zone. */
  delegated: z.boolean(),
  /** Types of records that stand beside the alias. */
  beside: z.array(z.string()),
});

const mailExchange = z.object({
  exchange: wireTextSchema,
  /** Null when it is no alias, as it should be. */
  target: wireTextSchema.nullable(),
});

/** Where a certificate authority looks for the answer to its challenge (RFC 8555 8.4). */
const challenge = z.object({
  name: dnsNameSchema,
  /** The end of the alias chain; null when the name is no alias. */
  target: dnsNameSchema.nullable(),
  problem: problemSchema.nullable(),
  /** Of a target that does not exist. */
  missing: missing.optional(),
});

const association = z.object({
  usage: count,
  selector: count,
  matching: count,
  /** Hex; of data that is no hash (matching 0) its SHA-256, null when it is malformed. */
  data: z.string().regex(/^([0-9a-f]{2})*$/),
});

/** TLSA records of one name (RFC 6698). */
const tlsa = z.object({
  name: dnsNameSchema,
  problem: problemSchema.nullable(),
  /** The resolver vouches for them (AD=1). */
  authenticated: z.boolean().nullable(),
  records: z.array(association),
  malformed: count,
});

/** Each part is absent where there was no reason or nobody to ask. */
export const safetySchema = z.object({
  missing: missing.optional(),
  /** Only with `--axfr`. */
  transfers: z.array(transfer).optional(),
  recursion: z.array(recursion).optional(),
  madeUp: madeUp.optional(),
  aliasOwners: z.array(aliasOwner).optional(),
  mailExchanges: z.array(mailExchange).optional(),
  challenge: challenge.optional(),
  tlsa: z.array(tlsa).optional(),
});

export type SafetyEvidence = z.infer<typeof safetySchema>;
export type MissingEvidence = z.infer<typeof missing>;
export type TransferEvidence = z.infer<typeof transfer>;
export type RecursionEvidence = z.infer<typeof recursion>;
export type MadeUpEvidence = z.infer<typeof madeUp>;
export type AliasOwnerEvidence = z.infer<typeof aliasOwner>;
export type MailExchangeEvidence = z.infer<typeof mailExchange>;
export type ChallengeEvidence = z.infer<typeof challenge>;
export type TlsaEvidence = z.infer<typeof tlsa>;
export type AssociationEvidence = z.infer<typeof association>;
