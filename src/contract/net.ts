// Owns what the wire offers to a probe's gather. Declared here, fulfilled by src/net, so that contract stands below net.
import type { Attempt } from '../model/problem.ts';
import type { DnsName, IpAddress, WireText } from '../model/text.ts';
import type { Lookup } from '../model/trace.ts';

export interface DnsServer {
  readonly address: IpAddress;
  readonly port: number;
}

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
  'SRV',
  'DS',
  'DNSKEY',
] as const;
export type RecordType = (typeof recordTypes)[number];

export interface DnsQuestion {
  readonly name: DnsName | '.';
  readonly type: RecordType;
  /** True asks a resolver; false asks an authority for its own data (RD=0). */
  readonly recursionDesired: boolean;
  /** Over TCP at once; without it UDP, and TCP after truncation. */
  readonly transport?: 'tcp';
  /** Asks the server which of its nodes answers (RFC 5001). */
  readonly nsid?: true;
  /** Asks for signatures (DO=1, RFC 3225), and a validating resolver for what it would hold back (CD=1, RFC 4035 3.2.2). */
  readonly dnssec?: true;
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
}

/** One resource record. Types that are not read further are kept as `other` with their RDATA in hex (at most 512 bytes; those of DNSSEC whole). */
export type DnsRecord = RecordBase &
  (
    | { readonly type: 'A' | 'AAAA'; readonly address: IpAddress }
    | { readonly type: 'CNAME' | 'NS' | 'PTR'; readonly target: WireText }
    | { readonly type: 'SOA'; readonly soa: Soa }
    | { readonly type: 'TXT'; readonly text: readonly WireText[] }
    | { readonly type: 'other'; readonly typeName: string; readonly rdataHex: string }
  );

export interface DnsReply {
  readonly server: DnsServer;
  readonly transport: 'udp' | 'tcp';
  /** RFC 6895 2.3 mnemonic (`NOERROR`, `NXDOMAIN`, `SERVFAIL`...), extended code included, or `RCODE17`. */
  readonly rcode: string;
  readonly authoritative: boolean;
  readonly recursionAvailable: boolean;
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
  readonly elapsedMs: number;
}

export interface DnsClient {
  /** Resolvers in the order they are asked: those given, else the system's. Never empty. */
  readonly resolvers: readonly DnsServer[];
  /** One question to one server: UDP with re-sends inside the step timeout, TCP after truncation. Any rcode is `complete`. */
  query(server: DnsServer, question: DnsQuestion, signal: AbortSignal): Promise<Attempt<DnsReply>>;
  /** A and AAAA side by side through the resolvers, aliases followed to their end. */
  lookup(name: DnsName, signal: AbortSignal): Promise<Lookup>;
}

/** What `gather` may use. Every byte sent through it is counted in the journey's budget. */
export interface Net {
  /** Monotonic milliseconds. */
  now(): number;
  readonly dns: DnsClient;
}
