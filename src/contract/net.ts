// Owns what the wire offers to a probe's gather. Declared here, fulfilled by src/net, so that contract stands below net.
import type { CookiePair } from '../model/cookie.ts';
import type { Attempt } from '../model/problem.ts';
import type { OnStep } from '../model/step-trace.ts';
import type { Endpoint } from '../model/target.ts';
import type { DnsName, IpAddress, WireText } from '../model/text.ts';
import type { DnsTransport, Lookup, PeerVerification, RequestTrace } from '../model/trace.ts';
import type { Call } from './call.ts';
import type { Converse } from './conversation.ts';
import type { Handshake } from './handshake.ts';
import type { Hello } from './hello.ts';
import type { Trace, TryFullSize } from './path.ts';
import type { Talk } from './talk.ts';

/** Asked over UDP, and over TCP after truncation. */
export interface PlainDnsServer {
  readonly transport?: never;
  readonly address: IpAddress;
  readonly port: number;
}

/** DNS over TLS, RFC 7858. */
export interface TlsDnsServer {
  readonly transport: 'tls';
  readonly address: IpAddress;
  readonly port: number;
  /** The certificate must hold for it. Null: it is tried against the address, and a failure does not stop the asking (RFC 7858 4.1). */
  readonly name: DnsName | null;
}

/** DNS over HTTPS, RFC 8484. The certificate must hold for the host of the URL. */
export interface HttpsDnsServer {
  readonly transport: 'https';
  /** Without fragment. A host that is a name is looked up once, at the resolvers of the system. */
  readonly url: string;
}

export type DnsServer = PlainDnsServer | TlsDnsServer | HttpsDnsServer;

export const recordTypes = [
  'A',
  'AAAA',
  'CNAME',
  'NS',
  'SOA',
  'PTR',
  'TXT',
  'MX',
  'CAA',
  'HTTPS',
  'SVCB',
  'SRV',
  'DS',
  'DNSKEY',
  'CDS',
  'CDNSKEY',
  'TLSA',
] as const;
export type RecordType = (typeof recordTypes)[number];

export interface DnsQuestion {
  readonly name: DnsName | '.';
  readonly type: RecordType;
  /** True asks a resolver; false asks an authority for its own data (RD=0). */
  readonly recursionDesired: boolean;
  /** Asks a resolver to say whether it validated the answer (AD=1, RFC 6840 5.7). */
  readonly authenticated?: true;
  /** Over TCP at once; without it UDP, and TCP after truncation. */
  readonly transport?: 'tcp';
  /** Asks the server which of its nodes answers (RFC 5001). */
  readonly nsid?: true;
  /** Asks for signatures (DO=1, RFC 3225), and a validating resolver for what it would hold back (CD=1, RFC 4035 3.2.2). */
  readonly dnssec?: true;
  /** Asks on behalf of clients in this network, `address/length` (RFC 7871); bits behind the length are not sent. */
  readonly clientSubnet?: string;
}

/** Start of authority, RFC 1035 3.3.13. Times in seconds. */
export interface Soa {
  readonly primary: WireText;
  readonly mailbox: WireText;
  readonly serial: number;
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
  readonly minimumSeconds: number;
}

interface RecordBase {
  /** Owner name in lower case without the final dot; unprintable bytes as `\DDD` (RFC 1035 5.1). */
  readonly name: WireText;
  readonly ttlSeconds: number;
  /** It was 2^31 s or more on the wire, which counts as 0: RFC 2181 8. */
  readonly ttlTooLarge?: true;
}

/** Data of a SVCB or HTTPS record, RFC 9460 2.2. */
export interface Svcb {
  /** 0: alias mode, everything but `target` is empty. */
  readonly priority: number;
  /** `.` stands for the owner itself in service mode, for "no such service" in alias mode. */
  readonly target: WireText;
  /** Numbers of the keys that a client must understand to use the record. */
  readonly mandatory: readonly number[];
  /** As given; http/1.1 comes with them unless `noDefaultAlpn` (RFC 9460 9.5). */
  readonly alpn: readonly WireText[];
  readonly noDefaultAlpn: boolean;
  /** Null: the port of the URL. */
  readonly port: number | null;
  readonly ipv4Hint: readonly IpAddress[];
  readonly ipv6Hint: readonly IpAddress[];
  /** True when keys for an encrypted client hello are there. */
  readonly ech: boolean;
  /** Keys that are not read further, in rising order. */
  readonly otherKeys: readonly number[];
}

/** One property of a CAA record, RFC 8659 4.1. */
export interface Caa {
  readonly flags: number;
  /** An issuer that does not understand the tag must not issue. */
  readonly critical: boolean;
  /** Letters and digits, lower case. */
  readonly tag: WireText;
  /** Unprintable bytes as `\DDD`. */
  readonly value: WireText;
}

/**
 * One resource record. Types that are not read further are kept as `other` with their RDATA in hex (at most 512 bytes; those of DNSSEC and TLSA whole), records
 * of the types HTTPS, SVCB, CAA and MX that break their own format as `malformed`. `presentation`: as in a zone file.
 */
export type DnsRecord = RecordBase &
  (
    | { readonly type: 'A' | 'AAAA'; readonly address: IpAddress }
    | { readonly type: 'CNAME' | 'NS' | 'PTR'; readonly target: WireText }
    | { readonly type: 'SOA'; readonly soa: Soa }
    | { readonly type: 'TXT'; readonly text: readonly WireText[] }
    | { readonly type: 'MX'; readonly preference: number; readonly exchange: WireText }
    | { readonly type: 'HTTPS' | 'SVCB'; readonly svcb: Svcb; readonly presentation: WireText }
    | { readonly type: 'CAA'; readonly caa: Caa; readonly presentation: WireText }
    | { readonly type: 'other' | 'malformed'; readonly typeName: string; readonly rdataHex: string }
  );

/** The beginning of a zone transfer, RFC 5936. */
export interface ZoneTransfer {
  /** Of the first message. */
  readonly rcode: string;
  /** Records that came before the zone ended or enough was seen; 0: nothing of the zone. */
  readonly records: number;
}

/** Why a server answers as it does, in its own words: RFC 8914. */
export interface ExtendedError {
  readonly code: number;
  /** As IANA names the code, or `EDE31`. */
  readonly name: string;
  /** Empty when the server gave none. */
  readonly text: WireText;
}

/** For which clients an answer is meant: RFC 7871 6. */
export interface ClientSubnet {
  /** The subnet that was asked for, `address/length`. */
  readonly subnet: string;
  /** How many bits of it the answer depends on; 0: on none. */
  readonly scopePrefix: number;
}

/** Unix ms. */
export interface CertificateLife {
  readonly startsAtMs: number;
  readonly endsAtMs: number;
}

export interface DnsReply {
  readonly server: DnsServer;
  readonly transport: DnsTransport;
  /** Only over TLS and HTTPS. */
  readonly verified?: PeerVerification;
  /** RFC 6895 2.3 mnemonic (`NOERROR`, `NXDOMAIN`, `SERVFAIL`...), extended code included, or `RCODE17`. */
  readonly rcode: string;
  readonly authoritative: boolean;
  readonly recursionAvailable: boolean;
  /** AD bit: a validating resolver vouches for the answer (RFC 4035 3.2.3); worth what the way to it is worth. */
  readonly authenticated: boolean;
  /** True when the UDP answer was truncated and TCP was used, or TCP failed too. */
  readonly truncated: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
  /** Records whose data could not be read; they are left out of the lists. */
  readonly unreadableRecords: number;
  /** The DO bit came back: the sender knows DNSSEC (RFC 3225 3). */
  readonly dnssecOk: boolean;
  /** What the node that answered calls itself (RFC 5001), or `0x` and hex when it is no printable text; null without. */
  readonly nsid: WireText | null;
  /** Why it answers so, at most 8; absent without. */
  readonly ede?: readonly ExtendedError[];
  readonly clientSubnet?: ClientSubnet;
  /** Whether the server repeats a question in the letters it was asked in (draft-vixie-dnsext-dns0x20); absent: it was not tried. */
  readonly caseKept?: boolean;
  /** Of the certificate that the resolver showed; only over TLS and HTTPS. */
  readonly certificate?: CertificateLife;
  readonly elapsedMs: number;
}

/** One go at a server within one question. */
export interface DnsTry {
  readonly transport: DnsTransport;
  /** Datagrams; 1 on a connection. */
  readonly sent: number;
  readonly edns: boolean;
  readonly cookie: boolean;
  /** Response code of the reply, or why there was none. */
  readonly outcome: string;
  readonly truncated: boolean;
  /** See DnsReply. Null: not tried, or no reply to tell it by. */
  readonly caseKept: boolean | null;
  readonly elapsedMs: number;
}

/** What came of a question, with every go that it took, in order. */
export type DnsAsked = Attempt<DnsReply> & { readonly tries?: readonly DnsTry[] };

/** A question out of the ordinary, to see how a server treats what it need not know (RFC 8906 8). Sent as it is. */
export interface DnsTrial {
  /** Null: a bare header, because an opcode without definition has no question either. */
  readonly question: { readonly name: DnsName | '.'; readonly type: number } | null;
  /** Absent: 0, a query. */
  readonly opcode?: number;
  /** The bit of the header that nobody has given a meaning (Z, RFC 1035 4.1.1). */
  readonly reservedBit?: true;
  /** The name in letters of both cases (draft-vixie-dnsext-dns0x20). */
  readonly mixedCase?: true;
  /** Absent: without OPT record. */
  readonly edns?: TrialEdns;
}

export interface TrialEdns {
  readonly version: number;
  /** The 16 flags of the OPT record (RFC 6891 6.1.4). */
  readonly flags: number;
  readonly payloadBytes: number;
  readonly options: readonly { readonly code: number; readonly data: Uint8Array }[];
}

/** A reply to a trial, as far as it shows how the server takes it. */
export interface DnsTrialReply {
  readonly rcode: string;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly reservedBit: boolean;
  /** Of each record in the answer section. */
  readonly answerTypes: readonly string[];
  /** True when the owner of the first answer is written letter by letter as it was asked for; null without answers. */
  readonly ownerAsAsked: boolean | null;
  /** Null without OPT record. Options by code, with the length of their data. */
  readonly edns: {
    readonly version: number;
    readonly flags: number;
    readonly options: readonly { readonly code: number; readonly bytes: number }[];
  } | null;
  readonly sizeBytes: number;
  /** Behind the last record. */
  readonly trailingBytes: number;
  /** The question as it came back: letter by letter, in letters of another case, or not at all. */
  readonly question: 'same' | 'other-case' | 'none';
  /** Whom it came from; null: from the address and port that were asked. */
  readonly from: IpAddress | null;
  /** Datagrams sent until it came. */
  readonly sent: number;
  readonly elapsedMs: number;
}

/** What came of questions sent at once on one TCP connection (RFC 7766 6.2.1.1). */
export interface PipelineReply {
  /** In the order of the questions; null: the connection ended, or time did, before its answer. */
  readonly replies: readonly (DnsTrialReply | null)[];
  /** True when the server closed the connection before the last answer. */
  readonly closedEarly: boolean;
}

export interface DnsClient {
  /** Resolvers in the order they are asked: those given, else the system's. Never empty. */
  readonly resolvers: readonly DnsServer[];
  /** One question to one server: UDP with re-sends inside the step timeout and TCP after truncation, or TLS or HTTPS alone. Any rcode is `complete`. */
  query(server: DnsServer, question: DnsQuestion, signal: AbortSignal): Promise<DnsAsked>;
  /** Asks for a whole zone over TCP, and hangs up as soon as it begins to come. */
  transfer(server: PlainDnsServer, zone: DnsName, signal: AbortSignal): Promise<Attempt<ZoneTransfer>>;
  /** One trial over UDP, with re-sends; the reply may come from anywhere. */
  trial(server: PlainDnsServer, trial: DnsTrial, signal: AbortSignal): Promise<Attempt<DnsTrialReply>>;
  /** Trials on one TCP connection, sent at once; `failed` only when it cannot be opened. */
  pipeline(server: PlainDnsServer, trials: readonly DnsTrial[], signal: AbortSignal): Promise<Attempt<PipelineReply>>;
  /** A and AAAA side by side through the resolvers, aliases followed to their end. */
  lookup(name: DnsName, signal: AbortSignal): Promise<Lookup>;
}

/** A question to a server that a document from the wire names, so that nobody vouches for its URL. */
export interface Fetch {
  readonly url: string;
  /** POST with it; absent: GET. */
  readonly post?: { readonly body: Uint8Array; readonly contentType: string };
  readonly maxBytes: number;
  /** `public`: addresses inside a site, of this machine and of this link are not gone to. */
  readonly reach: 'public' | 'any';
  /** Wall clock, Unix ms. */
  readonly asOfMs: number;
  /** Until when (Unix ms) the answer holds for everybody who asks the same; null: it is not kept. */
  readonly keepUntilMs: (body: Uint8Array) => number | null;
}

/** Bodies are shared between askers: the same object for the same answer. */
export type Fetched =
  | { readonly state: 'answered'; readonly body: Uint8Array; readonly kept: boolean; readonly elapsedMs: number }
  | { readonly state: 'failed'; readonly because: WireText; readonly elapsedMs: number };

/** Never rejects for what the world does. */
export type FetchNamed = (question: Fetch, signal: AbortSignal) => Promise<Fetched>;

/**
 * One more sample like those of the ride. With `until` the request is kept open till that resolves: it has a body of two bytes (or the
 * one it was given), of which all but the first are held back. Never rejects for what the world does.
 */
export type SampleMore = (
  endpoint: Endpoint,
  sequence: number,
  signal: AbortSignal,
  until?: Promise<void>,
) => Promise<RequestTrace>;

/** The same, as a client that sends this cookie back. Null where the journey's own requests carry cookies: one field holds them all (RFC 6265 5.4). */
export type SampleWith = (cookie: CookiePair) => SampleMore | null;

/** What `gather` may use. Every byte sent through it is counted in the journey's budget. */
export interface Net {
  /** Monotonic milliseconds. */
  now(): number;
  readonly dns: DnsClient;
  /** Hellos to an endpoint, with the server name of the ride; absent where nothing beyond the ride may be sent. */
  readonly hello?: Hello;
  /** TLS handshakes beyond the ride; absent where nothing beyond it may be sent. */
  readonly handshake?: Handshake;
  /** Samples beyond the ride; absent where nothing beyond it may be sent. */
  readonly sample?: SampleMore;
  /** Absent where `sample` is. */
  readonly sampleWith?: SampleWith;
  /** HTTP requests beyond the ride, to any URL; absent where nothing beyond it may be sent. */
  readonly call?: Call;
  /** Given each step as it went; absent where nobody asked. */
  readonly onStep?: OnStep;
  /** WebSockets, gRPC health checks and lines, to any host; absent where `call` is. */
  readonly talk?: Talk;
  /** Several messages on one connection; absent where nothing beyond the ride may be sent. */
  readonly converse?: Converse;
  /** Absent where nothing may be fetched. */
  readonly fetchNamed?: FetchNamed;
  /** The network to an endpoint, router by router; absent where nothing beyond the ride may be sent. */
  readonly trace?: Trace;
  /** Packets of full size to an endpoint; absent where nothing beyond the ride may be sent. */
  readonly fullSize?: TryFullSize;
}
