// Owns the part of the record that tells what is known of revocation and of certificate transparency. Judges nothing.
import { z } from 'zod';
import { fingerprintSchema } from '../../src/model/certificate-schema.ts';
import { count, endpointIdSchema, wireTextSchema } from '../../src/model/schema.ts';

const instant = z.iso.datetime();
const fingerprint = fingerprintSchema;

const sctSchema = z.object({
  /** SHA-256 of the log's key, lower-case hex. */
  logId: fingerprint,
  /** Null for a time that no calendar has. */
  timestamp: instant.nullable(),
  version: count,
});
export type SctRecord = z.infer<typeof sctSchema>;

/** What an issuer says of one certificate. Everything but `because` is null when it said nothing that can be read. */
const statementSchema = z.object({
  /** What was read, believed or not. */
  status: z.enum(['good', 'revoked', 'unknown']).nullable(),
  /** Why it is not to be believed or says nothing; null when it is to be believed while it is current. */
  because: z.string().nullable(),
  /** True when `because` is about the prober's own knowledge (the issuer's certificate is not known), and blames nobody. */
  unchecked: z.boolean(),
  /** Who signed: the issuer, or a responder that the issuer made one (RFC 6960 4.2.2.2). */
  signedBy: z.enum(['issuer', 'delegate']).nullable(),
  thisUpdate: instant.nullable(),
  /** Null also for "newer information is available at any time" (RFC 6960 2.4). */
  nextUpdate: instant.nullable(),
  revokedAt: instant.nullable(),
  /** CRLReason, RFC 5280 5.3.1. */
  reason: z.string().nullable(),
});
export type Statement = z.infer<typeof statementSchema>;

const stapleSchema = z.object({
  endpoint: endpointIdSchema,
  /** The certificate that it came with. */
  leaf: fingerprint,
  /** Handshakes with this certificate that brought this very response, or none. */
  handshakes: count,
  /** SHA-256 of the response; null: none came, or (`tooLarge`) one of more than 16 KiB. */
  response: fingerprint.nullable(),
  tooLarge: z.boolean(),
  /** Null without a response. */
  statement: statementSchema.nullable(),
  producedAt: instant.nullable(),
  /** Timestamps inside the response (RFC 6962 3.3). */
  scts: z.array(sctSchema).max(32),
});
export type StapleRecord = z.infer<typeof stapleSchema>;

const promiseSchema = z.object({
  /** RFC 7633: whoever has this certificate promises a staple in every handshake. */
  mustStaple: z.boolean(),
  /** Distribution points, RFC 5280 4.2.1.13. */
  crlUrls: z.array(wireTextSchema).max(8),
  /** Timestamps inside the certificate, RFC 6962 3.3. */
  scts: z.array(sctSchema).max(32),
  /** The extension is there and breaks its own format. */
  sctsUnreadable: z.boolean(),
});

const askedSchema = statementSchema.extend({
  certificate: fingerprint,
  /** `none`: the certificate names nobody to ask. */
  method: z.enum(['ocsp', 'crl', 'none']),
  url: wireTextSchema.nullable(),
  /** Of a list: its number, in hex, and how many certificates are on it. */
  crlNumberHex: z.string().nullable(),
  crlEntries: count.nullable(),
  /** True when the answer was fetched before in the same process, and still holds. */
  kept: z.boolean(),
  elapsedMs: z.number().nonnegative(),
});
export type AskedRecord = z.infer<typeof askedSchema>;

export const revocationSchema = z.object({
  /** The first 256. */
  staples: z.array(stapleSchema).max(256),
  /** Of every certificate at the head of a chain. */
  leaves: z.record(fingerprint, promiseSchema),
  /** Only with `--revocation`: what was asked about each certificate on a path, the first 64. */
  asked: z.array(askedSchema).max(256).optional(),
  /** Certificates on a path that were not asked about, because there were too many. */
  askedLeftOut: count.optional(),
});
export type RevocationEvidence = z.infer<typeof revocationSchema>;
