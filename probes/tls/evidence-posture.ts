// Owns the record of what the endpoints offered when they were asked with hellos of our own. Judges nothing.
import { z } from 'zod';
import { fingerprintSchema } from '../../src/model/certificate-schema.ts';
import { count, endpointIdSchema, wireTextSchema } from '../../src/model/schema.ts';

/** True and false as seen; null: not asked, or not to be told. */
const told = z.boolean().nullable();

/** Names in the order in which the server took them. `complete`: it refused the rest. */
const listSchema = z.object({ names: z.array(z.string()), complete: z.boolean() });

const protocolSchema = z.object({
  protocol: z.enum(['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']),
  offered: told,
  /** Chosen of all that we know; null where none was. */
  cipher: z.string().nullable(),
  group: z.string().nullable(),
});

/** What a server of TLS 1.2 or older says of itself in the clear. */
const traitsSchema = z.object({
  /** The protocol that it was said in. */
  protocol: z.string(),
  /** RFC 5746. */
  secureRenegotiation: z.boolean(),
  /** RFC 7627. */
  extendedMasterSecret: z.boolean(),
  ocspStapled: z.boolean(),
  clientCertificateWanted: z.boolean(),
  /** Names of the authorities that client certificates are taken of, the first 64. */
  clientAuthorities: z.array(wireTextSchema).max(64),
  certificate: fingerprintSchema.nullable(),
});

/** Of the one endpoint that was asked for everything. */
const thoroughSchema = z.object({
  ciphers: z.array(
    listSchema.extend({
      protocol: z.string(),
      /** Whose order decides. */
      order: z.enum(['server', 'client']).nullable(),
    }),
  ),
  /** Of TLS 1.3; null without it. */
  groups: listSchema.nullable(),
  /** A hybrid group with ML-KEM. */
  postQuantum: told,
  /** RFC 3749. */
  compression: told,
  /** RFC 7507: refuses a client that comes back with an older protocol than both know. */
  fallbackRefused: told,
  /** Each offered alone. */
  alpn: z.array(z.object({ name: z.string(), accepted: told })),
  /** Key types of certificates, each asked for alone. */
  keyTypes: z.array(
    z.object({ keyType: z.enum(['rsa', 'ecdsa']), served: told, certificate: fingerprintSchema.nullable() }),
  ),
  /** Takes DHE, offered nothing else; null without TLS 1.2 or older too. */
  dhe: told,
  /** The shortest prime of a DHE key exchange that was seen. */
  dhBits: count.nullable(),
});

const endpointSchema = z.object({
  endpoint: endpointIdSchema,
  zone: z.string().nullable(),
  hellos: count,
  /** Why fewer were sent than meant; null when none is missing. */
  cutShort: z.string().nullable(),
  protocols: z.array(protocolSchema),
  /** Asked for ciphers that nobody should take, and nothing else, in TLS 1.2 or older. */
  weakCipher: z.object({ offered: told, cipher: z.string().nullable() }),
  traits: traitsSchema.nullable(),
  thorough: thoroughSchema.nullable(),
});

export const postureSchema = z.object({
  byEndpoint: z.array(endpointSchema),
  /** Endpoints that were asked nothing, so that the number of hellos stays bounded. */
  endpointsLeftOut: count,
});

export type Posture = z.infer<typeof postureSchema>;
export type PostureEndpoint = Posture['byEndpoint'][number];
export type PostureProtocol = PostureEndpoint['protocols'][number];
export type PostureTraits = NonNullable<PostureEndpoint['traits']>;
export type Thorough = NonNullable<PostureEndpoint['thorough']>;
export type OfferedList = z.infer<typeof listSchema>;
