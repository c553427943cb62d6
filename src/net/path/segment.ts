// Owns one connection on which one segment of a certain size is sent, and whether it arrived and what came back. Any user may do it.
// Ends with a reset; never says a second word.
import type { SegmentTrial } from '../../contract/path.ts';
import type { Endpoint } from '../../model/target.ts';
import * as layout from '../libc/layout.ts';
import type { Libc } from '../libc/libc.ts';
import { type SegmentFacts, segmentFacts } from '../tcp-info.ts';
import type { Opening } from './opening.ts';
import { mtuOf, type Wire } from './packet.ts';

/** IP header without options: RFC 791, RFC 8200. */
const IP_HEAD = { 4: 20, 6: 40 } as const;
const TCP_HEAD = 20;
/** Looked at so often, ms: the kernel wakes nobody for an acknowledgement. */
const LOOK_MS = 20;
/** A SYN, and a segment, is sent three times within: RFC 6298 2, 5.5, with Linux' least timeout of 200 ms. */
const PATIENCE_MS = 900;
const PATIENCE_ROUND_TRIPS = 4;
/** So much of an answer has no gap that matters: a certificate and its signature are longer than a server's first words. */
export const ENOUGH_BYTES = 1024;
const READ_BYTES = 16_384;
/** RFC 8446 5.1: the type of a record in which a server refuses. */
const ALERT = 21;

export interface SegmentSent {
  readonly trial: SegmentTrial;
  readonly sentBytes: number;
}

/** Null without a connection. @param packetBytes neither end sends larger packets; null: as large as both like */
export async function trySegment(
  wire: Wire,
  { address, family, port }: Endpoint,
  opening: Opening,
  packetBytes: number | null,
): Promise<SegmentSent | null> {
  const { libc } = wire;
  const type = layout.SOCK_STREAM | layout.SOCK_NONBLOCK | layout.SOCK_CLOEXEC;
  const fd = libc.socket(family === 4 ? layout.AF_INET : layout.AF_INET6, type, 0);
  if (fd < 0) return null;
  try {
    libc.setsockopt(fd, layout.SOL_SOCKET, layout.SO_LINGER, layout.int32(1, 0));
    libc.setsockopt(fd, layout.IPPROTO_TCP, layout.TCP_NODELAY, layout.int32(1));
    const mss = packetBytes === null ? null : packetBytes - IP_HEAD[family] - TCP_HEAD;
    if (mss !== null && libc.setsockopt(fd, layout.IPPROTO_TCP, layout.TCP_MAXSEG, layout.int32(mss)) < 0) return null;
    const connected = libc.connect(fd, layout.sockaddr(address, family, port));
    if (connected < 0 && connected !== -layout.errnos.EINPROGRESS) return null;
    const events = await wire.poller.wait(fd, layout.POLLOUT, PATIENCE_MS, wire.signal);
    const facts = (events & layout.POLLERR) === 0 && events !== 0 ? segmentFacts(libc, fd) : null;
    if (facts === null) return null;
    const sent = libc.send(fd, opening.bytes(facts.mssBytes), layout.MSG_NOSIGNAL);
    if (sent < 0) return null;
    const came = await awaited(wire, fd, opening, PATIENCE_MS + PATIENCE_ROUND_TRIPS * facts.rttMs);
    const whole = facts.mssBytes + facts.headerBytes + IP_HEAD[family];
    return { trial: { packetBytes: whole, mtuBytes: mtuOf(libc, fd, family), ...came }, sentBytes: sent };
  } finally {
    libc.close(fd);
  }
}

type Came = Omit<SegmentTrial, 'packetBytes' | 'mtuBytes'>;

async function awaited(
  { libc, poller, signal }: Wire,
  fd: number,
  opening: Opening,
  patienceMs: number,
): Promise<Came> {
  const beganNs = libc.realtimeNs();
  const heard: Heard = { bytes: 0, first: 0, ended: false };
  for (;;) {
    await poller.wait(fd, layout.POLLIN, LOOK_MS, signal);
    hear(libc, fd, heard);
    const facts = segmentFacts(libc, fd);
    // A server that has said something has got the question, whatever became of the connection since.
    const delivered = heard.bytes > 0 || facts?.acknowledged === true;
    const isAll = !opening.asks || heard.ended || heard.bytes >= ENOUGH_BYTES;
    const late = Number(libc.realtimeNs() - beganNs) / 1e6 >= patienceMs;
    if ((delivered && isAll) || heard.ended || late || signal.aborted) return told(facts, opening, heard, delivered);
  }
}

interface Heard {
  bytes: number;
  /** The first byte of all. */
  first: number;
  ended: boolean;
}

function hear(libc: Libc, fd: number, heard: Heard): void {
  const room = new Uint8Array(new ArrayBuffer(READ_BYTES));
  const read = libc.recv(fd, room, layout.MSG_DONTWAIT);
  if (read === -layout.errnos.EAGAIN) return;
  if (read <= 0) heard.ended = true;
  if (read <= 0) return;
  if (heard.bytes === 0) heard.first = room[0] ?? 0;
  heard.bytes += read;
  if (heard.first === ALERT) heard.ended = true;
}

function told(facts: SegmentFacts | null, { asks }: Opening, { bytes, ended }: Heard, delivered: boolean): Came {
  return {
    ...{ delivered, ended },
    receivedBytes: asks ? bytes : null,
    receivedMssBytes: bytes === 0 || facts === null ? null : facts.receivedMssBytes,
  };
}
