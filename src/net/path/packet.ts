// Owns one packet with a short lifetime, and what came of it: a SYN to the very port, or a datagram. Any user may send it.
// Sources: ip(7), ipv6(7), tcp(7); Linux commit 45af29ca761c (5.9) lets an unprivileged SYN read its errors.
import type { TraceReply } from '../../contract/path.ts';
import type { IpAddress } from '../../model/text.ts';
import * as layout from '../libc/layout.ts';
import type { Libc, Message } from '../libc/libc.ts';
import { readTcpInfoOf } from '../tcp-info.ts';
import { quotedMss, type RouterReply, routerReply } from './error-queue.ts';
import type { Poller } from './poller.ts';

const { errnos } = layout;
/** Answers that a socket may have queued; one is expected. */
const MAX_QUEUED = 8;
/** UDP's traditional port of traceroute: nobody listens there. */
const UDP_PORT = 33434;

export interface Wire {
  readonly libc: Libc;
  readonly poller: Poller;
  readonly signal: AbortSignal;
}

export interface Packet {
  readonly method: 'tcp' | 'udp';
  readonly address: IpAddress;
  readonly family: 4 | 6;
  readonly port: number;
  /** 0: any. */
  readonly sourcePort: number;
  readonly ttl: number;
  readonly giveUpMs: number;
  /** Of a datagram: the whole packet, which nobody may take apart. */
  readonly packetBytes?: number;
}

type Came = Omit<TraceReply, 'flow' | 'round' | 'ttl'>;

/** `errno`: the kernel did not take it. */
export type Fate =
  | { readonly sent: true; readonly sourcePort: number; readonly mtuBytes: number | null; readonly came: Came }
  | { readonly sent: false; readonly errno: number };

export async function sendPacket(wire: Wire, packet: Packet): Promise<Fate> {
  const { libc } = wire;
  const type =
    (packet.method === 'tcp' ? layout.SOCK_STREAM : layout.SOCK_DGRAM) | layout.SOCK_NONBLOCK | layout.SOCK_CLOEXEC;
  const fd = libc.socket(packet.family === 4 ? layout.AF_INET : layout.AF_INET6, type, 0);
  if (fd < 0) return { sent: false, errno: -fd };
  try {
    const refused = prepare(libc, fd, packet);
    if (refused < 0) return { sent: false, errno: -refused };
    return await launch(wire, fd, packet);
  } finally {
    libc.close(fd);
  }
}

/** 0, or what the kernel did not like. */
function prepare(libc: Libc, fd: number, { family, ttl, sourcePort, packetBytes }: Packet): number {
  const four = family === 4;
  const level = four ? layout.IPPROTO_IP : layout.IPPROTO_IPV6;
  const discover = four ? layout.IP_MTU_DISCOVER : layout.IPV6_MTU_DISCOVER;
  const on = layout.int32(1);
  const results = [
    libc.setsockopt(fd, level, four ? layout.IP_TTL : layout.IPV6_UNICAST_HOPS, layout.int32(ttl)),
    libc.setsockopt(fd, level, four ? layout.IP_RECVERR : layout.IPV6_RECVERR, on),
    libc.setsockopt(fd, level, four ? layout.IP_RECVTTL : layout.IPV6_RECVHOPLIMIT, on),
    libc.setsockopt(fd, layout.SOL_SOCKET, layout.SO_TIMESTAMPNS, on),
    // The next packet of the flow takes the same port, and a connection that comes to be leaves no TIME_WAIT: it is reset.
    libc.setsockopt(fd, layout.SOL_SOCKET, layout.SO_REUSEADDR, on),
    libc.setsockopt(fd, layout.SOL_SOCKET, layout.SO_LINGER, layout.int32(1, 0)),
    ...(packetBytes === undefined ? [] : [libc.setsockopt(fd, level, discover, layout.int32(layout.PMTUDISC_PROBE))]),
    libc.bind(fd, layout.sockaddr(null, family, sourcePort)),
  ];
  return results.find((result) => result < 0) ?? 0;
}

async function launch(wire: Wire, fd: number, packet: Packet): Promise<Fate> {
  const { libc } = wire;
  const isTcp = packet.method === 'tcp';
  const to = layout.sockaddr(packet.address, packet.family, isTcp ? packet.port : UDP_PORT);
  const beganNs = libc.realtimeNs();
  const connected = libc.connect(fd, to);
  if (connected < 0 && connected !== -errnos.EINPROGRESS) return { sent: false, errno: -connected };
  const sent = isTcp ? 0 : libc.send(fd, datagram(packet), layout.MSG_NOSIGNAL);
  if (sent < 0) return { sent: false, errno: -sent };
  const own = new Uint8Array(28);
  libc.getsockname(fd, own);
  return {
    ...{ sent: true, sourcePort: layout.portOf(own), mtuBytes: mtuOf(libc, fd, packet.family) },
    came: await awaited(wire, fd, packet, beganNs),
  };
}

/** IP header and UDP header: RFC 791, RFC 8200, RFC 768. */
const UDP_HEADS = { 4: 28, 6: 48 } as const;

/** Begins with the lifetime, by which a late answer is told, and our name. */
function datagram({ ttl, family, packetBytes = 0 }: Packet): Uint8Array {
  const mark = [ttl, 0x4f, 0x75, 0x74, 0x72, 0x69, 0x64, 0x65];
  const bytes = new Uint8Array(new ArrayBuffer(Math.max(mark.length, packetBytes - UDP_HEADS[family])));
  bytes.set(mark);
  return bytes;
}

/** Of the route as the kernel knows it; it learns from routers that say "too big". */
export function mtuOf(libc: Libc, fd: number, family: 4 | 6): number | null {
  const value = layout.int32(0);
  const [level, name] = family === 4 ? [layout.IPPROTO_IP, layout.IP_MTU] : [layout.IPPROTO_IPV6, layout.IPV6_MTU];
  const read = libc.getsockopt(fd, level, name, value);
  return read < 4 ? null : layout.viewOf(value).getInt32(0, true);
}

const SILENT: Came = {
  ...{
    outcome: 'silent',
    from: null,
    icmp: null,
    latencyMs: null,
    clock: 'loop',
    replyTtl: null,
    quotedMssBytes: null,
  },
};

async function awaited({ libc, poller, signal }: Wire, fd: number, packet: Packet, beganNs: bigint): Promise<Came> {
  const wanted = packet.method === 'tcp' ? layout.POLLOUT : layout.POLLIN;
  const untilNs = beganNs + BigInt(Math.round(packet.giveUpMs * 1e6));
  for (;;) {
    const leftMs = Number(untilNs - libc.realtimeNs()) / 1e6;
    const events = await poller.wait(fd, wanted, Math.min(Math.max(leftMs, 0), packet.giveUpMs), signal);
    if (events === 0) return SILENT;
    const wokeNs = libc.realtimeNs();
    const came = queued(libc, fd, packet, { beganNs, wokeNs }) ?? direct(libc, fd, packet, { beganNs, wokeNs }, events);
    if (came !== null) return came;
  }
}

interface Moments {
  readonly beganNs: bigint;
  readonly wokeNs: bigint;
}

/** The first answer of a router that is for this packet. */
function queued(libc: Libc, fd: number, packet: Packet, moments: Moments): Came | null {
  for (let count = 0; count < MAX_QUEUED; count++) {
    const message = libc.recvmsg(fd, layout.MSG_ERRQUEUE | layout.MSG_DONTWAIT);
    if (typeof message === 'number') return null;
    const reply = routerReply(message);
    if (reply === null || reply.outcome === 'too-big' || isOfAnother(packet, message)) continue;
    return routed(reply, packet, message, moments);
  }
  return null;
}

/** A late answer to an earlier datagram of the flow. For a SYN the kernel looks itself: the sequence number differs. */
function isOfAnother({ method, ttl }: Packet, { payload }: Message): boolean {
  return method === 'udp' && payload.length > 0 && payload[0] !== ttl;
}

function routed(reply: RouterReply, packet: Packet, { payload }: Message, { beganNs, wokeNs }: Moments): Came {
  const { stampNs, from, icmp, replyTtl } = reply;
  // The first stamps of a process may be late: the kernel turns stamping on by and by.
  const byKernel = stampNs !== null && stampNs <= wokeNs;
  return {
    outcome: reply.outcome === 'router' ? 'router' : endOf(reply, packet),
    ...{
      from,
      icmp,
      replyTtl,
      latencyMs: sinceMs(beganNs, byKernel ? stampNs : wokeNs),
      clock: byKernel ? 'kernel' : 'loop',
    },
    quotedMssBytes: packet.method === 'tcp' ? quotedMss(payload) : null,
  };
}

/** A datagram to a closed port arrived; a SYN that is told the same met a packet filter. */
function endOf({ outcome, from }: RouterReply, { method, address }: Packet): Came['outcome'] {
  return outcome === 'port-closed' && method === 'udp' && from === address ? 'refused' : 'rejected';
}

/** An answer of the endpoint itself, which is in no queue. */
function direct(libc: Libc, fd: number, packet: Packet, moments: Moments, events: number): Came | null {
  const value = layout.int32(0);
  libc.getsockopt(fd, layout.SOL_SOCKET, layout.SO_ERROR, value);
  const errno = layout.viewOf(value).getInt32(0, true);
  const reached = { ...SILENT, from: packet.address, latencyMs: sinceMs(moments.beganNs, moments.wokeNs) };
  if (errno === errnos.ECONNREFUSED) return { ...reached, outcome: 'refused' };
  // An error without an answer in the queue: an old kernel, or one of this machine.
  if (errno !== 0) return SILENT;
  if (packet.method === 'udp') return (events & layout.POLLIN) === 0 ? null : { ...reached, outcome: 'reached' };
  if ((events & layout.POLLOUT) === 0) return null;
  const tcp = readTcpInfoOf(libc, fd);
  const rttMs = tcp?.retransmits === 0 ? tcp.rttMs : null;
  return { ...reached, outcome: 'reached', ...(rttMs === null ? {} : { latencyMs: rttMs, clock: 'kernel' as const }) };
}

/** Null when the wall clock was set back meanwhile. */
function sinceMs(beganNs: bigint, endedNs: bigint): number | null {
  return endedNs < beganNs ? null : Number(endedNs - beganNs) / 1e6;
}
