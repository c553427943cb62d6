// Owns the record of the handshakes beyond the ride: other key types, other names, sessions taken up again. Judges nothing.
import { z } from 'zod';
import { fingerprintSchema } from '../../src/model/certificate-schema.ts';
import { count, endpointIdSchema, milliseconds, problemSchema } from '../../src/model/schema.ts';

/**
 * `as-ride`: offered as the ride does. `again`: with the session of the first of these. `elsewhere`: with the session that the
 * endpoint `sessionOf` gave. `rsa`, `ecdsa`: certificates of the other key type alone. `no-name`, `unknown-name`: another SNI.
 */
export const lookKinds = ['as-ride', 'again', 'elsewhere', 'rsa', 'ecdsa', 'no-name', 'unknown-name'] as const;
export type LookKind = (typeof lookKinds)[number];

const lookSchema = z.object({
  kind: z.enum(lookKinds),
  /** Whose session was offered; only for `elsewhere`. */
  sessionOf: endpointIdSchema.nullable(),
  protocol: z.string().nullable(),
  alpn: z.string().nullable(),
  /** The server took up the session that was offered; null when none was. */
  resumed: z.boolean().nullable(),
  /** The first 16 bytes of each ticket: in most servers the name of the key that it is sealed with (RFC 5077 4). Not waited for with another name or key type, nor where the session was taken up. */
  ticketKeyNames: z.array(z.string().regex(/^[0-9a-f]{32}$/)).max(4),
  ticketLifetimeSeconds: count.nullable(),
  /** 0: none is allowed (RFC 8446 4.2.10). Null without ticket, and before TLS 1.3. */
  earlyDataBytes: count.nullable(),
  /** SYN to SYN-ACK. */
  connectMs: milliseconds.nullable(),
  /** ClientHello to ServerHello. */
  answerMs: milliseconds.nullable(),
  /** ClientHello to the end of the handshake. */
  finishedMs: milliseconds.nullable(),
  /** The first certificate that was sent. */
  leaf: fingerprintSchema.nullable(),
  problem: problemSchema.nullable(),
});
export type Look = z.infer<typeof lookSchema>;

const endpointSchema = z.object({
  endpoint: endpointIdSchema,
  /** In the order made. */
  looks: z.array(lookSchema).max(8),
  /** Least time from a request of the ride to the first byte of its answer. */
  leastWaitMs: milliseconds.nullable(),
  /** Least time that a handshake of the ride took. */
  leastHandshakeMs: milliseconds.nullable(),
  /** Hosts that the hosts probe told apart behind the endpoint; null when it could not, or did not look. */
  hostsSeen: count.nullable(),
  /** Of the last earlier journey that noted any: when, and the names of the ticket keys. Null without one. */
  earlier: z.object({ at: z.iso.datetime(), ticketKeyNames: z.array(z.string()).max(16) }).nullable(),
});
export type EndsEndpoint = z.infer<typeof endpointSchema>;

export const endsSchema = z.object({ byEndpoint: z.array(endpointSchema), endpointsLeftOut: count });
export type Ends = z.infer<typeof endsSchema>;
