// Owns the record of one sample: what happened to one request on one new connection to one endpoint.
import type { Problem } from './problem.ts';
import type { DnsName, EndpointId, IpAddress, WireText } from './text.ts';

/** `kernel`: stamped by the kernel (TCP_INFO, or each arrival on a socket of our own). `loop`: this process' event loop, which adds its own delay under load. */
export type Clock = 'kernel' | 'loop';

/** A phase of a request. A phase that did not happen is absent, never 0. Milliseconds on a monotonic clock since the ride began. */
export interface Span {
  readonly startMs: number;
  readonly durationMs: number;
  readonly clock: Clock;
  /** The truth is not further away than this, ms. Absent where nobody can say: a busy event loop is late without a bound. */
  readonly uncertaintyMs?: number;
  /** Segments of ours that the kernel sent again within it. Absent when none was, or nobody counted. */
  readonly retransmits?: number;
}

/**
 * In riding order. `resolve`: the lookup of the same round (absent for addresses given by hand). `connect`: SYN to SYN-ACK.
 * `tls`: connected to handshake finished. `send`: request written. `wait`: written to first response byte. `receive`: to the last byte.
 * `total`: from the start of connect to the last byte (the lookup is not part of it: it is shared by all endpoints).
 * By the kernel's clock they are what the network and the server took: `tls` is the sum of its flights, `total` the sum of the phases, both
 * without the time that this process took in between.
 */
export const hopIds = ['resolve', 'connect', 'tls', 'send', 'wait', 'receive', 'total'] as const;
export type HopId = (typeof hopIds)[number];

/** SHA-256 of a certificate's DER, lower-case hex. */
export type Fingerprint = string;

/**
 * What the TLS handshake showed, also when it failed after the certificates had come (`problem.step` is then `tls`, `alpn` null and,
 * before TLS 1.3, `cipher` "unknown").
 */
export interface TlsFacts {
  readonly protocol: string;
  readonly cipher: string;
  /** Key exchange group, null for static RSA. */
  readonly group: string | null;
  readonly alpn: string | null;
  readonly servername: DnsName | null;
  /** Certificates as sent, in that order; look them up in `Ride.certificates`. */
  readonly chainSent: readonly Fingerprint[];
  /** OpenSSL's verdict on the chain against the trusted roots: null is trusted, else its code (`CERT_HAS_EXPIRED`). */
  readonly verifyError: string | null;
  readonly ocspStapled: boolean;
  /** SHA-256 of the stapled OCSP response: look it up in `Ride.staples`. Absent without one, and for one too large to keep. */
  readonly ocspResponse?: Fingerprint;
  /**
   * The first 16 bytes of the first session ticket, lower-case hex: in most servers the name of the key that it is sealed with
   * (RFC 5077 4), which is one for each process that made its own. Absent without ticket.
   */
  readonly ticketKeyName?: string;
}

/** The kernel's view of the connection when it was established (linux/tcp.h, struct tcp_info). */
export interface TcpFacts {
  readonly rttMs: number | null;
  readonly retransmits: number;
  /** How often the SYN was sent again before its answer came: of a connect of about 1, 2, 3 s. Absent when never. */
  readonly synsLost?: number;
  /** Largest segment the peer takes, bytes. */
  readonly mssBytes: number;
}

/** What the server answered. Header values are cut to 4 KiB each for the record, and all fields of an answer to 8 KiB. */
export interface HttpFacts {
  /** Undici tells 1.x from 2 only; an HTTP/1.0 answer reads as 1.1. */
  readonly version: '1.1' | '2';
  readonly status: number;
  /** In the order sent, names as sent (HTTP/1.1 keeps case). */
  readonly headers: readonly (readonly [WireText, WireText])[];
  readonly trailers: readonly (readonly [WireText, WireText])[];
  /** True when headers or trailers were left out for their size: then a field that is not there may have been sent. */
  readonly fieldsTruncated: boolean;
  /** Bytes of the body as transferred (before content decoding). */
  readonly bodyBytes: number;
  /** SHA-256 of the body as transferred, lower-case hex; of the part read when `truncated`. */
  readonly bodySha256: string;
  /** The first 512 bytes, undecoded, as UTF-8 text. */
  readonly bodyStart: WireText;
  /** True when the body was larger than the limit and the rest was not read. */
  readonly truncated: boolean;
}

export interface RequestTrace {
  readonly endpoint: EndpointId;
  /** 0-based number of the sample on this endpoint. */
  readonly sequence: number;
  readonly startMs: number;
  readonly spans: Readonly<Partial<Record<HopId, Span>>>;
  readonly tcp: TcpFacts | null;
  readonly tls: TlsFacts | null;
  readonly http: HttpFacts | null;
  /** Null when the exchange finished. */
  readonly problem: Problem | null;
  /** From the sample's start to the moment the ride was stopped, ms; only of samples that were under way then (`cancelled`). */
  readonly cutAfterMs?: number;
  /** From the sample's start to its end by the loop's clock, ms; only of samples with a problem, whose last phase has no span. */
  readonly endedAfterMs?: number;
  /** The trace that its headers name, and the request's span in it (lower-case hex); absent when it carries none of ours. */
  readonly traceId?: string;
  readonly spanId?: string;
}

/** One address record that a lookup ended in. */
export interface ResolvedAddress {
  readonly address: IpAddress;
  readonly family: 4 | 6;
  readonly ttlSeconds: number;
}

/** An alias on the way: RFC 1034 3.6.2. */
export interface Alias {
  readonly name: DnsName;
  readonly target: DnsName;
  readonly ttlSeconds: number;
  /** The record of which a server made this alias (RFC 6672): a whole subtree moves with it. Absent for a CNAME record of its own. */
  readonly dname?: { readonly name: DnsName; readonly target: WireText; readonly ttlSeconds: number };
}

export const dnsTransports = ['udp', 'tcp', 'tls', 'https'] as const;
export type DnsTransport = (typeof dnsTransports)[number];

/** What a resolver's certificate was found to hold for; `none`: it was not verified, so that anybody on the way may have answered. */
export const peerVerifications = ['name', 'address', 'none'] as const;
export type PeerVerification = (typeof peerVerifications)[number];

/** What one lookup (A and AAAA side by side) of the target's name gave. */
export interface Lookup {
  readonly startMs: number;
  /**
   * From the first query sent to the moment when both families had come to their end: addresses, none, or the last resolver given up.
   * The ride has its addresses then, not before: a family that times out while the other has answered is waited for.
   */
  readonly durationMs: number;
  readonly resolver: string;
  /** Only over TLS and HTTPS. */
  readonly resolverVerified?: PeerVerification;
  readonly aliases: readonly Alias[];
  /** Owner of the addresses: the end of the alias chain. */
  readonly canonicalName: DnsName;
  readonly addresses: readonly ResolvedAddress[];
  /**
   * Null when at least one family gave addresses; a family without addresses is no problem by itself. `cancelled` when a family was
   * still waited for as the ride was stopped: `addresses` are those of the other, `durationMs` is no latency.
   */
  readonly problem: Problem | null;
  /** Problem of the one family while the other answered (an AAAA query that times out hurts real clients: RFC 4074). */
  readonly familyProblems: { readonly ipv4: Problem | null; readonly ipv6: Problem | null };
}

/** What the network between was traced by; `icmp` only where another program traced. */
export const traceMethods = ['tcp', 'udp', 'icmp'] as const;
export type TraceMethod = (typeof traceMethods)[number];

/** Of the samples of one endpoint, or of the lookups. */
export interface StartFacts {
  /** Left out, because as many as may be were under way when they were due, or because this process was stopped then. Absent when none was. */
  readonly skipped?: number;
  /** The longest that a start came behind its due time, ms. Absent when each came before the next of its kind was due. */
  readonly startedLateMs?: number;
}

/** Everything that riding showed: the input of every probe that reads traces. */
export interface Ride {
  readonly traces: readonly RequestTrace[];
  readonly lookups: readonly Lookup[];
  /** By endpoint; null: of the lookups. Absent: nobody counted. */
  readonly starts?: ReadonlyMap<EndpointId | null, StartFacts>;
  /** DER by fingerprint, of every certificate in any `chainSent`. */
  readonly certificates: ReadonlyMap<Fingerprint, Uint8Array>;
  /** DER by SHA-256, of every stapled OCSP response in any `ocspResponse`. */
  readonly staples?: ReadonlyMap<Fingerprint, Uint8Array>;
}
