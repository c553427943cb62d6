// Owns the record of the tls probe: what each endpoint presented, and every certificate once. Judges nothing.
import { z } from 'zod';
import { type CertificateRecord, certificateSchema, fingerprintSchema } from '../../src/model/certificate-schema.ts';
import { count, dnsNameSchema, endpointIdSchema, wireTextSchema } from '../../src/model/schema.ts';
import { clock } from './evidence-clock.ts';
import { earlier } from './evidence-earlier.ts';
import { endsSchema } from './evidence-ends.ts';
import { postureSchema } from './evidence-posture.ts';
import { revocationSchema } from './evidence-revocation.ts';

const fingerprint = fingerprintSchema;

export type TlsCertificate = CertificateRecord;

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

const verdictSchema = z.object({
  /** A path leads to a trusted root, and nothing that programs refuse is wrong with it or with the server certificate. */
  valid: z.boolean(),
  /** What `faults` speak of, leaf first. The trusted root at its end need not have been sent: `certificates` may lack it. */
  path: z.array(fingerprint),
  /** All that is wrong, what programs refuse first, the first 32. */
  faults: z
    .array(
      z.object({
        /** As in src/x509/fault.ts: `expired`, `missing-issuer`... */
        code: z.string(),
        /** False: a rule is broken that few programs enforce. */
        fatal: z.boolean(),
        certificate: fingerprint,
        subject: wireTextSchema.nullable(),
        /** A clause to stand behind "The certificate". */
        says: z.string(),
        /** What a stranger wrote and the fault is about: the name of the missing issuer. */
        about: wireTextSchema.nullable(),
      }),
    )
    .max(32),
  /** Every path that holds, the longest-lived first, the first 8. */
  paths: z
    .array(z.object({ certificates: z.array(fingerprint), endsAt: z.iso.datetime(), endsBy: fingerprint }))
    .max(8),
  /** The trusted root at the end is among those that Node.js ships, which are Mozilla's. Absent in old journeys. */
  publicRoot: z.boolean().optional(),
});
export type TlsVerdict = z.infer<typeof verdictSchema>;

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
  /** Our own, against the same roots as OpenSSL's, when riding. Absent without those roots, and in old journeys. */
  verdict: verdictSchema.optional(),
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
  /** The chain with a key of the other type (RSA, ECDSA), when a handshake that would take no other showed one that the ride did not. */
  twin: chainSchema.optional(),
});
export type TlsEndpoint = z.infer<typeof endpointSchema>;

export const evidenceSchema = z.object({
  byEndpoint: z.array(endpointSchema),
  /** By fingerprint: every certificate of every chain above, and the server certificates that only hellos of our own showed. */
  certificates: z.record(fingerprint, certificateSchema),
  /** What time the answers say it is. Absent when none says so, and in old journeys. */
  clock: clock.optional(),
  /** Of earlier journeys to the same host, the oldest first; absent when none was given. */
  earlier: z.array(earlier).optional(),
  /** What the endpoints offered to hellos of our own. Absent when none were sent, and in old journeys. */
  posture: postureSchema.optional(),
  /** Staples, timestamps, and what the issuers' servers say. Absent over plain http and in old journeys. */
  revocation: revocationSchema.optional(),
  /** Handshakes beyond the ride. Absent when none were made, and in old journeys. */
  ends: endsSchema.optional(),
  /** The certificate of ours that servers get when they ask for one. Absent when the ride has none, and in old journeys. */
  client: certificateSchema.optional(),
});
export type TlsEvidence = z.infer<typeof evidenceSchema>;
