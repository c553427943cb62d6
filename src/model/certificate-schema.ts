// Owns the record of one certificate, as probes and `probe certs` write it down. The schema is loaded only where JSON is read back.
import { z } from 'zod';
import { count, wireTextSchema } from './schema.ts';

/** SHA-256 of the DER, lower-case hex. */
export const fingerprintSchema = z.string().regex(/^[0-9a-f]{64}$/);
const instant = z.iso.datetime();

export const certificateSchema = z.object({
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
  /** Dotted OIDs, RFC 5280 4.2.1.12, the first 16; null without the extension; absent in records of older versions. */
  extendedKeyUsage: z.array(z.string()).max(16).nullable().optional(),
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  spkiSha256: fingerprintSchema.nullable(),
  /** Authority information access, RFC 5280 4.2.2.1. */
  caIssuersUrls: z.array(wireTextSchema).max(8),
  ocspUrls: z.array(wireTextSchema).max(8),
  /** Why OpenSSL cannot load the certificate; null when it can. What ASN.1 alone shows is still recorded. */
  parseError: z.string().nullable(),
});
export type CertificateRecord = z.infer<typeof certificateSchema>;
