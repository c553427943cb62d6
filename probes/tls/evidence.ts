// Owns the record of the tls probe: what each endpoint presented, and every certificate once. Judges nothing.
import { z } from 'zod';
import { count, dnsNameSchema, endpointIdSchema, wireTextSchema } from '../../src/model/schema.ts';

/** SHA-256 of the DER, lower-case hex. */
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/);
const instant = z.iso.datetime();

const certificateSchema = z.object({
  /** RFC 4514 text, most specific part first; empty for an empty name; null when it cannot be read. */
  subject: wireTextSchema.nullable(),
  issuer: wireTextSchema.nullable(),
  /** The DER bytes of the serial number, a leading 00 included. */
  serialHex: z.string().regex(/^([0-9a-f]{2})*$/),
  notBefore: instant.nullable(),
  notAfter: instant.nullable(),
  /** From notBefore to notAfter. */
  lifetimeDays: z.number().nullable(),
  /** From the ride's start to notAfter, negative after it. Checks measure against their own time instead. */
  daysLeft: z.number().nullable(),
  /** dNSName and iPAddress entries, the first 100. */
  sans: z.array(wireTextSchema).max(100),
  /** All subjectAltName entries, of every kind. */
  sansTotal: count,
  /** `rsa`, `ec`, `ed25519`...; null when the key cannot be read. */
  keyType: z.string().nullable(),
  keyBits: count.nullable(),
  curve: z.string().nullable(),
  /** Field's name of the algorithm, else its dotted OID. */
  signatureAlgorithm: z.string().nullable(),
  /** Issued by itself: same names and the signature fits its own key. */
  selfSigned: z.boolean(),
  /** basicConstraints cA, RFC 5280 4.2.1.9. */
  isCa: z.boolean(),
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  spkiSha256: fingerprint.nullable(),
  /** Authority information access, RFC 5280 4.2.2.1. */
  caIssuersUrls: z.array(wireTextSchema).max(8),
  ocspUrls: z.array(wireTextSchema).max(8),
  /** Why OpenSSL cannot load the certificate; null when it can. What ASN.1 alone shows is still recorded. */
  parseError: z.string().nullable(),
});
export type TlsCertificate = z.infer<typeof certificateSchema>;

const shapeSchema = z.object({
  /** Certificates that lead from the leaf upwards, each issued by an earlier one, leaf first. */
  path: z.array(fingerprint),
  /** Each certificate on the path comes after the one that it certifies (RFC 5246 7.4.2). */
  ordered: z.boolean(),
  /** The issuer of the last certificate on the path was not sent, not trusted here, and is not known to be a root. */
  missingIntermediate: z.boolean(),
  /** Issuer name of the path's last certificate; null when that one is self-signed. */
  missingIssuer: wireTextSchema.nullable(),
  /** The missing certificate, when another endpoint sent it. */
  missingSeenAs: fingerprint.nullable(),
  /** Where the path's last certificate says its issuer can be fetched. */
  aiaUrl: wireTextSchema.nullable(),
  /** Sent, but not on the path. */
  extra: z.array(fingerprint),
  /** Sent more than once. */
  duplicates: z.array(fingerprint),
  /** A self-signed certificate on the path behind the leaf. */
  rootSent: fingerprint.nullable(),
});
export type ChainShape = z.infer<typeof shapeSchema>;

const chainSchema = z.object({
  /** As sent, in that order, the first 16. Empty when no handshake finished. */
  chainSent: z.array(fingerprint),
  certificatesSent: count,
  /** Handshakes that showed this chain. */
  count,
  /** OpenSSL's verdict against the trusted roots when riding; null without a handshake. */
  trusted: z.boolean().nullable(),
  trustError: z.string().nullable(),
  trustErrorSays: z.string().nullable(),
  /** RFC 9525: subjectAltName only. Null without a readable leaf. */
  hostnameMatches: z.boolean().nullable(),
  shape: shapeSchema.nullable(),
});
export type TlsChain = z.infer<typeof chainSchema>;

const endpointSchema = chainSchema.extend({
  endpoint: endpointIdSchema,
  zone: z.string().nullable(),
  /** Finished ones. */
  handshakes: count,
  /** Samples that ended inside the handshake, and those that were cut in it when the ride was stopped. */
  failures: count,
  /** Samples that ended before it; those of an address family that this machine lacks are not counted. */
  unreached: count,
  /** Of the first handshake. */
  protocol: z.string().nullable(),
  /** All that were negotiated. */
  protocols: z.array(z.string()),
  cipher: z.string().nullable(),
  group: z.string().nullable(),
  alpn: z.string().nullable(),
  /** What was asked for by SNI; null when nothing was. */
  servername: dnsNameSchema.nullable(),
  ocspStapled: z.boolean().nullable(),
  /** Different chains on the same endpoint, most frequent first, the first 8: several servers behind one address. */
  otherChains: z.array(chainSchema).max(8),
});
export type TlsEndpoint = z.infer<typeof endpointSchema>;

export const evidenceSchema = z.object({
  byEndpoint: z.array(endpointSchema),
  /** By fingerprint: every certificate of every chain above. */
  certificates: z.record(fingerprint, certificateSchema),
});
export type TlsEvidence = z.infer<typeof evidenceSchema>;
