// Owns what a probe may offer in a ClientHello of its own making, and what it is told of the answer in the clear.
// Declared here, fulfilled by src/net/hello. No handshake is ever finished by it: nothing proves who answers.
import type { Attempt } from '../model/problem.ts';
import type { Endpoint } from '../model/target.ts';
import type { WireText } from '../model/text.ts';

export const helloVersions = ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
export type HelloVersion = (typeof helloVersions)[number];

export interface HelloOffer {
  /** Before TLS 1.3 a client says only the highest, and takes what is older too: RFC 5246 E.1. */
  readonly highest: HelloVersion;
  /** By their names at IANA, the first preferred. */
  readonly ciphers: readonly string[];
  /** By their names at IANA, the first preferred. */
  readonly groups: readonly string[];
  /** Keys for which a share is sent (TLS 1.3). None: the server answers with the group of its choice, HelloRetryRequest, RFC 8446 4.1.4. */
  readonly keyShares?: readonly string[];
  /** By their names at IANA; absent: all that we know. */
  readonly signatureAlgorithms?: readonly string[];
  readonly alpn?: readonly string[];
  /** Offers DEFLATE (RFC 3749) beside none. */
  readonly compression?: true;
  /** Says that a newer version was tried before: TLS_FALLBACK_SCSV, RFC 7507. */
  readonly fallback?: true;
  /** Of an earlier session. */
  readonly ticket?: Uint8Array;
  /** False leaves the name out. */
  readonly servername?: false;
}

/** What a ServerHello chose, and what came behind it in the clear. */
export interface HelloChoice {
  readonly version: HelloVersion | 'unknown';
  /** By its name at IANA, or `0x1234`. */
  readonly cipher: string;
  /** TLS 1.3: chosen by ServerHello or HelloRetryRequest; before it by the ServerKeyExchange. `0x1234` for one without a name here. */
  readonly group: string | null;
  /** Answered by a HelloRetryRequest. */
  readonly retry: boolean;
  readonly compression: boolean;
  readonly alpn: WireText | null;
  /** Numbers, in the order of the server. */
  readonly extensions: readonly number[];
  /** RFC 5746. */
  readonly secureRenegotiation: boolean;
  /** RFC 7627. */
  readonly extendedMasterSecret: boolean;
  /** RFC 7366. */
  readonly encryptThenMac: boolean;
  /** DER, as sent; empty for TLS 1.3, where they are encrypted. */
  readonly certificates: readonly Uint8Array[];
  /** OCSP response; empty: the server sent none. */
  readonly staple: Uint8Array;
  /** Prime of a DHE key exchange. */
  readonly dhBits: number | null;
  /** DER of the names of authorities that the server takes client certificates of. Null: it wants none, or TLS 1.3. */
  readonly clientAuthorities: readonly Uint8Array[] | null;
  /** The first 16 bytes of a ticket: the name of its key in most servers. RFC 5077 4. */
  readonly ticketKeyName: Uint8Array | null;
  /** False when the connection ended before all that belongs to the answer had come. */
  readonly whole: boolean;
}

export type HelloReply =
  | { readonly kind: 'chosen'; readonly choice: HelloChoice }
  /** RFC 8446 6.2: its number and its name. */
  | { readonly kind: 'refused'; readonly alert: number; readonly alertName: string };

/** One connection, one hello, one answer; the server's name and STARTTLS are the target's. Counted in the budget. Never rejects for what the world does. */
export type Hello = (endpoint: Endpoint, offer: HelloOffer, signal: AbortSignal) => Promise<Attempt<HelloReply>>;
