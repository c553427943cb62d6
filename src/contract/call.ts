// Owns what one HTTP request beyond the ride is: to any URL, on a connection of its own or one kept from before.
// Declares no redirects, cookies or decoding: those are the business of whoever asks.
import type { Problem } from '../model/problem.ts';
import type { Secret } from '../model/secret.ts';
import type { Endpoint } from '../model/target.ts';
import type { WireText } from '../model/text.ts';
import type { Fingerprint, HopId, HttpFacts, Span, TcpFacts, TlsFacts } from '../model/trace.ts';

/** A connection that was kept after an answer. Closed with the journey at the latest. */
export interface KeptConnection {
  /** `https://host:port` it was made for; requests to another one get a connection of their own. */
  readonly origin: string;
  /** False when either side has closed it. */
  isUsable(): boolean;
  close(): void;
}

/** What the ride asks, for requests alike. Values that a person gave are secret. */
export interface AskedRequest {
  readonly method: string;
  readonly headers: readonly (readonly [string, Secret | string])[];
  readonly body: Uint8Array | null;
  /** It shows who the caller is beside what stands in these headers. */
  readonly withCredentials?: true;
}

export interface CallRequest {
  /** http or https, of any host; without user name and password. A secret one is never repeated in a message. */
  readonly url: string | Secret;
  readonly method: string;
  /** Secret values, and a body, are withheld from servers that could not be verified, unless the journey is told otherwise. */
  readonly headers: readonly (readonly [string, Secret | string])[];
  readonly body: Uint8Array | Secret | null;
  /**
   * Shows who the journey's caller is, when the URL is of the target's origin and no header `authorization` is given. Withheld as secret
   * values are.
   */
  readonly credentials?: true;
  /** Where to go; absent: the host of the URL is looked up with the journey's resolvers, and the first address is taken. */
  readonly endpoint?: Endpoint;
  /** Used when it is of the URL's origin and still usable, else a new one is opened. */
  readonly connection?: KeptConnection | null;
  /** Hands the connection over after the answer; absent: it is closed. */
  readonly keep?: true;
  /** Absent: as the journey's own requests. */
  readonly http?: '1.1' | '2' | 'negotiated';
  /** Bytes of the body, as transferred, that are read and kept; what is longer is cut (`http.truncated`). */
  readonly maxBodyBytes: number;
  /**
   * Where it may go without `endpoint`. `public`: not inside a site, to this machine or this link. `site`: there too, but not to this link
   * and not where clouds answer for their metadata. `any`: a person named it.
   */
  readonly reach: 'public' | 'site' | 'any';
  /** The trace that it joins, where it carries one at all; absent: one of its own. */
  readonly traceId?: string;
}

export interface CallRecord {
  /** Null when the name gave no address that may be gone to. */
  readonly endpoint: Endpoint | null;
  readonly startMs: number;
  /** `resolve` when the name was looked up; `connect` and `tls` not on a kept connection. `total` is without `resolve`. */
  readonly spans: Readonly<Partial<Record<HopId, Span>>>;
  readonly tcp: TcpFacts | null;
  /** Of the connection, also when it is a kept one. */
  readonly tls: TlsFacts | null;
  /** Why the certificate does not vouch for the host of the URL; null when it does, or in the clear. */
  readonly unverified: WireText | null;
  /** DER by fingerprint of the certificates in `tls.chainSent`. */
  readonly certificates: ReadonlyMap<Fingerprint, Uint8Array>;
  readonly http: HttpFacts | null;
  /** As transferred, cut to `maxBodyBytes`; null without an answer. */
  readonly body: Uint8Array | null;
  readonly problem: Problem | null;
  /** It went over a connection that had carried a request before. */
  readonly reused: boolean;
  /** What was sent beyond the request itself, and must not be written down of what comes back. Absent: nothing. */
  readonly secrets?: readonly Secret[];
  /** Only with `keep`, and when it can carry another request. */
  readonly connection: KeptConnection | null;
  /** As it was sent in its trace headers; absent when it was part of no trace. */
  readonly traceId?: string;
  readonly spanId?: string;
}

/**
 * Never rejects for what the world does.
 * @throws UsageError for a URL, header or method that cannot be sent; its message never repeats a value
 */
export type Call = (request: CallRequest, signal: AbortSignal) => Promise<CallRecord>;
