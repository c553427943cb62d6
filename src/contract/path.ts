// Owns what a probe may ask of the network between here and an endpoint, and what it is told of each packet sent to learn it.
// Declared here, fulfilled by src/net/path. Nothing is ever said to the endpoint: a connection that comes to be is reset at once.
import type { Attempt } from '../model/problem.ts';
import type { Endpoint } from '../model/target.ts';
import type { IpAddress } from '../model/text.ts';
import type { Clock, TraceMethod } from '../model/trace.ts';

export interface TraceOptions {
  /** `tcp`: to the very port. `udp`: to port 33434. */
  readonly method: 'tcp' | 'udp';
  /** Source ports, traced side by side: routers with several equal ways choose by them. */
  readonly flows: number;
  /** Takes this source port for the first flow: the way of a connection that had it. */
  readonly sourcePort?: number;
  /** Times each router is asked on each flow. After six they are a second apart. */
  readonly rounds: number;
  /** Of those, how many go as far as the endpoint. */
  readonly targetRounds: number;
  readonly maxTtl: number;
  /** Routers in a row without an answer behind which no further is asked. */
  readonly silentStop: number;
  /** Longest wait for one answer, below the first re-send of a SYN at 1000. */
  readonly giveUpMs: number;
  /** Lets the program mtr do it where this machine does not allow it otherwise. */
  readonly mtr?: boolean;
}

/**
 * `router`: its lifetime ended there. `reached`: the port is open. `refused`: the endpoint closed it, so it was reached too.
 * `rejected`: somebody, the endpoint's own packet filter maybe, says that no packet gets through. `silent`: no answer in time.
 */
export const traceOutcomes = ['router', 'reached', 'refused', 'rejected', 'silent'] as const;
export type TraceOutcome = (typeof traceOutcomes)[number];

/** What came of one packet. */
export interface TraceReply {
  /** From 0, as in `Traced.sourcePorts`. */
  readonly flow: number;
  /** From 0. */
  readonly round: number;
  readonly ttl: number;
  readonly outcome: TraceOutcome;
  /** Null when silent. */
  readonly from: IpAddress | null;
  /** Type and code of ICMP (RFC 792) or ICMPv6 (RFC 4443), by the family of the endpoint; null for an answer of TCP or none. */
  readonly icmp: { readonly type: number; readonly code: number } | null;
  /** Null when silent, or when the wall clock was set meanwhile. */
  readonly latencyMs: number | null;
  readonly clock: Clock;
  /** Lifetime that the answer of a router had left when it came here: tells the length of the way back. */
  readonly replyTtl: number | null;
  /** Maximum segment size in the SYN as the router quotes it (RFC 9293 3.7.1); null when it quotes less than that. */
  readonly quotedMssBytes: number | null;
}

export interface Traced {
  readonly method: TraceMethod;
  /** By flow; null when another program traced. */
  readonly sourcePorts: readonly (number | null)[];
  /** In the order sent. */
  readonly replies: readonly TraceReply[];
  /** Largest packet that the kernel believes to get through, from what routers told it before; null when it does not say. */
  readonly pathMtuBytes: number | null;
}

/**
 * Counted in the budget. `skipped` where this machine does not allow it, with the reason; `failed` for `no-route`, `no-descriptors` and the like;
 * `unfinished` with what was learnt when the signal came. Never rejects for what the world does.
 */
export type Trace = (endpoint: Endpoint, options: TraceOptions, signal: AbortSignal) => Promise<Attempt<Traced>>;

/** One connection on which one segment is sent that just fits into a packet of a size. */
export interface SegmentTrial {
  /** The packet, IP header included. */
  readonly packetBytes: number;
  /** The endpoint has acknowledged the segment. */
  readonly delivered: boolean;
  /** What the endpoint said then, in order: a gap ends it. Null where nothing was asked of it. */
  readonly receivedBytes: number | null;
  /** It closed the connection, or refused in words: there was no more to come. */
  readonly ended: boolean;
  /** Data in the largest segment that came from it, as the kernel estimates it; null when none came. */
  readonly receivedMssBytes: number | null;
  /** Largest packet that the kernel believes to get through afterwards. */
  readonly mtuBytes: number | null;
}

/** Which routers answered a datagram of a size whose lifetime ended with them. */
export interface Reach {
  readonly packetBytes: number;
  readonly ttl: number;
  readonly from: IpAddress;
}

/** What came of packets of full size. */
export interface FullSize {
  /** The first is of the size that both ends agreed on; others only when that one came to no end. */
  readonly trials: readonly SegmentTrial[];
  /** The farthest that answered each of two sizes, the larger first; empty where nothing had to be found. */
  readonly reaches: readonly Reach[];
}

/**
 * Counted in the budget. `skipped` where this machine does not allow it or nothing can be said to the endpoint, `failed` when there is no connection,
 * `unfinished` with what was learnt when the signal came. Never rejects for what the world does.
 */
export type TryFullSize = (endpoint: Endpoint, signal: AbortSignal) => Promise<Attempt<FullSize>>;
