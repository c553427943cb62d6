// Owns reading the kernel's view of a connection: getsockopt(TCP_INFO), Linux only, through koffi where it is installed.
// Never required: without it every figure is the event loop's and says so.
import type { Socket } from 'node:net';
import type { TcpFacts } from '../model/trace.ts';
import { IPPROTO_TCP, TCP_INFO } from './libc/layout.ts';
import type { Libc } from './libc/libc.ts';
import { openLibc } from './libc/open.ts';

/** struct tcp_info, linux/tcp.h: byte offsets of u32 fields (`STATE`, `OPTIONS`: u8); times in microseconds. */
const STATE = 0;
const OPTIONS = 5;
const SND_MSS = 16;
const RCV_MSS = 20;
const UNACKED = 24;
const RTT = 68;
const TOTAL_RETRANS = 100;
/** How long ago data came, ms, counted in jiffies. */
const LAST_DATA_RECV = 52;
/** Bytes that were given to the kernel and have not been sent even once. */
const NOT_SENT = 144;
/** Segments with data that came. */
const DATA_SEGS_IN = 152;
/** Segments that came before what they follow: Linux 4.19. */
const RCV_OOOPACK = 224;
/** Old kernels give a shorter struct: the last field read must lie inside it. */
const NEEDED_BYTES = TOTAL_RETRANS + 4;
/** Of `STATE`, net/tcp_states.h: nothing is left of the connection, while a FIN of the peer alone leaves TCP_CLOSE_WAIT. */
const TCP_CLOSE = 7;
/** Bit of `OPTIONS`, and what it takes of each segment with its filling: RFC 7323 3.2. */
const TIMESTAMPS = 1;
const TIMESTAMP_BYTES = 12;
/** What the kernel says when it has no figure. */
const NO_RTT = 0xffff_ffff;

/** Read at once after each call, never kept. */
const room = new Uint8Array(new ArrayBuffer(256));
const view = new DataView(room.buffer);
let libc: Libc | null = null;
let jiffy: number | null = null;

/** Loads the foreign function once, before the first sample, so that no sample pays for it. */
export async function openTcpInfo(): Promise<void> {
  if (libc !== null) return;
  ({ libc } = await openLibc());
  // The first call is the slow one: about half a millisecond. No descriptor has this number.
  libc?.getsockopt(-1, IPPROTO_TCP, TCP_INFO, room);
  jiffy = libc?.jiffyMs() ?? null;
}

/** Null when the kernel cannot be asked. Call it right at `connect`, before data moves the round trip time. */
export function readTcpInfo(socket: Socket): TcpFacts | null {
  const fd = descriptorOf(socket);
  return libc === null || fd === null ? null : readTcpInfoOf(libc, fd);
}

/** The same of a socket of our own. */
export function readTcpInfoOf(own: Libc, fd: number): TcpFacts | null {
  if (own.getsockopt(fd, IPPROTO_TCP, TCP_INFO, room) < NEEDED_BYTES) return null;
  const rttMicroseconds = view.getUint32(RTT, true);
  return {
    rttMs: rttMicroseconds === 0 || rttMicroseconds === NO_RTT ? null : rttMicroseconds / 1000,
    retransmits: view.getUint32(TOTAL_RETRANS, true),
    mssBytes: view.getUint32(SND_MSS, true),
  };
}

/** How far a connection of our own has come with what was sent on it. */
export interface SegmentFacts {
  /** Data in a segment of full size. */
  readonly mssBytes: number;
  /** Its TCP header with the options of every segment. */
  readonly headerBytes: number;
  /** Everything that was given to the kernel is acknowledged. */
  readonly acknowledged: boolean;
  /** Data in the largest segment that came, as the kernel estimates it: 536 at least. */
  readonly receivedMssBytes: number;
  readonly rttMs: number;
}

/** Null where the kernel does not tell all of it (before Linux 4.6). */
export function segmentFacts(own: Libc, fd: number): SegmentFacts | null {
  if (own.getsockopt(fd, IPPROTO_TCP, TCP_INFO, room) < NOT_SENT + 4) return null;
  return {
    mssBytes: view.getUint32(SND_MSS, true),
    headerBytes: 20 + ((view.getUint8(OPTIONS) & TIMESTAMPS) === 0 ? 0 : TIMESTAMP_BYTES),
    acknowledged: view.getUint32(UNACKED, true) === 0 && view.getUint32(NOT_SENT, true) === 0,
    receivedMssBytes: view.getUint32(RCV_MSS, true),
    rttMs: view.getUint32(RTT, true) / 1000,
  };
}

/** What has come on a connection, as the kernel counts it. */
export interface Received {
  /** Since the last segment with data, ms; up to a jiffy off. */
  readonly ageMs: number;
  /** With data. Null where the kernel does not count them (before Linux 4.6). */
  readonly segments: number | null;
  /** False when one came before what it follows, or nobody counts that. */
  readonly isInOrder: boolean;
}

/** Null when the kernel cannot be asked. */
export function readReceived(socket: Socket): Received | null {
  const fd = descriptorOf(socket);
  return libc === null || fd === null ? null : readReceivedOf(libc, fd);
}

/** The same of a socket of our own. */
export function readReceivedOf(own: Libc, fd: number): Received | null {
  const length = own.getsockopt(fd, IPPROTO_TCP, TCP_INFO, room);
  if (length < NEEDED_BYTES) return null;
  return {
    ageMs: view.getUint32(LAST_DATA_RECV, true),
    segments: length < DATA_SEGS_IN + 4 ? null : view.getUint32(DATA_SEGS_IN, true),
    isInOrder: length >= RCV_OOOPACK + 4 && view.getUint32(RCV_OOOPACK, true) === 0,
  };
}

/**
 * Whether a connection that we have not ended was ended by a reset. The kernel tells of a reset once: a write that nobody waits for may
 * take it, and every read after that sees an end like any other. False when the kernel cannot be asked.
 */
export function wasReset(socket: Socket): boolean {
  const fd = descriptorOf(socket);
  if (libc === null || fd === null) return false;
  return libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, room) >= NEEDED_BYTES && view.getUint8(STATE) === TCP_CLOSE;
}

/** Null when the kernel cannot be asked. */
export function jiffyMs(): number | null {
  return jiffy;
}

/** The descriptor is Node's own business: guarded, because it may go away. */
function descriptorOf(socket: Socket): number | null {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: unknown } | null };
  return typeof handle?.fd === 'number' && handle.fd >= 0 ? handle.fd : null;
}
