// Owns what a probe may offer in a TLS handshake beyond the ride, and what it is told of it. Declared here, fulfilled by src/net.
// No request is ever sent in one, and what a session holds never leaves src/net.
import type { Problem } from '../model/problem.ts';
import type { Endpoint } from '../model/target.ts';
import type { DnsName } from '../model/text.ts';
import type { Fingerprint, TlsFacts } from '../model/trace.ts';

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

declare const sealed: unique symbol;

/** What a server gave for taking up the session again. It holds secrets: nobody can look into it, and nothing prints it. */
export interface TlsSession {
  readonly [sealed]: never;
}

/** What is absent is as in the ride. */
export interface HandshakeOffer {
  /** Null: no SNI. */
  readonly servername?: DnsName | null;
  readonly alpn?: readonly string[];
  /** Certificates with keys of this type alone will do. */
  readonly keyType?: 'rsa' | 'ecdsa';
  /** By OpenSSL's names (`X25519`, `P-256`), the first preferred. */
  readonly groups?: readonly string[];
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
  /** Offered to be taken up again; a server that does so shows no certificates. */
  readonly resume?: TlsSession;
  /** DER. What `facts.verifyError` is to rest on: reading all of a system's roots would hold up a ride. Absent: none, and it says nothing. */
  readonly roots?: readonly Uint8Array[];
  /** Tickets that come behind the handshake are not waited for, as they never are where the session was taken up. */
  readonly noTickets?: true;
}

export interface HandshakeReply {
  /** What was seen, also when it failed after the certificates had come; null when nothing was. */
  readonly facts: TlsFacts | null;
  /** DER of `facts.chainSent`. */
  readonly certificates: ReadonlyMap<Fingerprint, Uint8Array>;
  /** The server took up the session that was offered. */
  readonly resumed: boolean;
  /** The first 16 bytes of each session ticket, at most 4: in most servers the name of the key that it is sealed with (RFC 5077 4). */
  readonly tickets: readonly Uint8Array[];
  /** How long the server says it takes the last ticket back; null without one. */
  readonly ticketLifetimeSeconds: number | null;
  /** How much early data the server allows with the last ticket (RFC 8446 4.2.10); 0: none. Null without ticket, and before TLS 1.3. */
  readonly earlyDataBytes: number | null;
  /** Of the last ticket or session id; null when the server gave none. */
  readonly session: TlsSession | null;
  /** SYN to SYN-ACK, by the kernel where it says. */
  readonly connectMs: number | null;
  /** ClientHello to the ServerHello read. */
  readonly answerMs: number | null;
  /** ClientHello to the end of the handshake. */
  readonly finishedMs: number | null;
  readonly problem: Problem | null;
}

/** One connection, one handshake; the server's address is pinned. Counted in the budget. Never rejects for what the world does. */
export type Handshake = (endpoint: Endpoint, offer: HandshakeOffer, signal: AbortSignal) => Promise<HandshakeReply>;
