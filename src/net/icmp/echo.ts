// Owns one echo request and its reply: on a socket that needs no rights where this machine allows that (ping_group_range, icmp(7)), else on
// a raw one. Sends one packet, never again. Says at the outset when neither is allowed.
import { networkInterfaces } from 'node:os';
import { familyOf, ipAddress } from '../../model/target.ts';
import type { IpAddress } from '../../model/text.ts';
import { now } from '../clock.ts';
import * as layout from '../libc/layout.ts';
import type { Libc } from '../libc/libc.ts';
import { openLibc } from '../libc/open.ts';
import { openPoller, type Poller } from '../path/poller.ts';
import { behindIpv4Header, isReply, requestBytes } from './message.ts';

export interface EchoOrder {
  /** May name its interface: `fe80::1%eth0`. */
  readonly address: string;
  readonly source: string | null;
  readonly sequence: number;
  /** Of sockets with rights; others get one of the kernel. */
  readonly id: number;
  readonly payload: Uint8Array;
  /** 0: as this machine has it. */
  readonly ttl: number;
  /** IPv4 alone: in IPv6 no router takes a packet apart. */
  readonly dontFragment: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** The socket is ready, the packet goes now. */
  readonly onReady: () => void;
}

export type EchoOutcome =
  | { readonly state: 'replied'; readonly rttMs: number; readonly hopLimit: number | null }
  | { readonly state: 'silent' }
  | {
      readonly state: 'failed';
      readonly at: 'open' | 'send' | 'receive';
      readonly because: string;
      readonly code: string;
    };

/** Octets behind the ICMP header that fit into one packet of IPv4. */
export const MOST_PAYLOAD_BYTES = 65_507;
const MOST_BYTES = 65_536;

interface Opened {
  readonly fd: number;
  /** Raw sockets of IPv4 give the IP header along, and everybody's replies. */
  readonly raw: boolean;
}

const PERMISSION =
  'allow it to the group of this process (sysctl -w net.ipv4.ping_group_range="0 2147483647"), or give the process CAP_NET_RAW';
const ELSEWHERE = 'leave icmp modules to blackbox_exporter, or take them out';

let ready: Promise<{ readonly libc: Libc; readonly poller: Poller } | string> | null = null;

function prepare(): Promise<{ readonly libc: Libc; readonly poller: Poller } | string> {
  ready ??= openLibc().then((opened) =>
    opened.libc === null ? opened.because : { libc: opened.libc, poller: openPoller(opened.libc, now) },
  );
  return ready;
}

/** Why no echo can be sent from here, and what helps; null: it can. */
export async function echoRefusal(): Promise<{ readonly because: string; readonly remedy: string } | null> {
  const own = await prepare();
  if (typeof own === 'string') return { because: `ICMP cannot be sent from here: ${own}`, remedy: ELSEWHERE };
  const opened = open(own.libc, 4);
  if (typeof opened === 'number')
    return { because: `ICMP cannot be sent from here: ${wordsOf(opened)}`, remedy: PERMISSION };
  own.libc.close(opened.fd);
  return null;
}

export async function echo(order: EchoOrder): Promise<EchoOutcome> {
  const own = await prepare();
  if (typeof own === 'string') return { state: 'failed', at: 'open', because: own, code: 'ENOSYS' };
  const to = addressed(order.address);
  if (to === null) return { state: 'failed', at: 'open', because: `${order.address} is no address`, code: 'EINVAL' };
  const opened = open(own.libc, to.family);
  if (typeof opened === 'number') return failed('open', opened);
  try {
    return await exchanged(own, opened, to, order);
  } finally {
    own.libc.close(opened.fd);
  }
}

/** @returns the errno of the last try when there is none */
function open(libc: Libc, family: 4 | 6): Opened | number {
  const [domain, protocol] =
    family === 4 ? [layout.AF_INET, layout.IPPROTO_ICMP] : [layout.AF_INET6, layout.IPPROTO_ICMPV6];
  const flags = layout.SOCK_NONBLOCK | layout.SOCK_CLOEXEC;
  const fd = libc.socket(domain, layout.SOCK_DGRAM | flags, protocol);
  if (fd >= 0) return { fd, raw: false };
  const raw = libc.socket(domain, layout.SOCK_RAW | flags, protocol);
  return raw < 0 ? -raw : { fd: raw, raw: true };
}

interface Addressed {
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
}

function addressed(text: string): Addressed | null {
  const [plain = '', zone] = text.split('%');
  const address: IpAddress | null = ipAddress(plain);
  if (address === null) return null;
  const family = familyOf(address);
  const bytes = layout.sockaddr(address, family, 0);
  // sockaddr_in6, linux/in6.h: the scope is in the last four of 28 bytes.
  if (family === 6 && zone !== undefined) layout.viewOf(bytes).setUint32(24, scopeOf(zone), true);
  return { family, bytes };
}

/** Of an interface, by its name or number. */
function scopeOf(zone: string): number {
  if (/^\d+$/.test(zone)) return Number(zone);
  const own = networkInterfaces()[zone]?.find(({ family, internal }) => family === 'IPv6' && !internal);
  return own?.scopeid ?? 0;
}

async function exchanged(
  { libc, poller }: { readonly libc: Libc; readonly poller: Poller },
  { fd, raw }: Opened,
  to: Addressed,
  order: EchoOrder,
): Promise<EchoOutcome> {
  const refused = configure(libc, fd, to.family, order);
  if (refused !== 0) return failed('open', refused);
  const wanted = { ...order, family: to.family, id: raw ? order.id : null };
  const bytes = requestBytes(wanted);
  order.onReady();
  const beganNs = libc.realtimeNs();
  const beganMs = now();
  const sent = libc.connect(fd, to.bytes) || Math.min(0, libc.send(fd, bytes, layout.MSG_NOSIGNAL));
  if (sent < 0) return failed('send', -sent);
  for (;;) {
    const leftMs = order.timeoutMs - (now() - beganMs);
    const events = await poller.wait(fd, layout.POLLIN, Math.max(0, leftMs), order.signal);
    if (events === 0) return { state: 'silent' };
    const message = libc.recvmsg(fd, layout.MSG_DONTWAIT, MOST_BYTES);
    if (message === -layout.errnos.EAGAIN) continue;
    if (typeof message === 'number') return failed('receive', -message);
    const wokeNs = libc.realtimeNs();
    if (!isReply(raw && to.family === 4 ? behindIpv4Header(message.payload) : message.payload, wanted)) continue;
    const { stampNs, hopLimit } = noted(message.control);
    const endNs = stampNs !== null && stampNs >= beganNs && stampNs <= wokeNs ? stampNs : null;
    return { state: 'replied', rttMs: endNs === null ? now() - beganMs : Number(endNs - beganNs) / 1e6, hopLimit };
  }
}

/** 0, or what the kernel did not like. */
function configure(libc: Libc, fd: number, family: 4 | 6, { source, ttl, dontFragment }: EchoOrder): number {
  const four = family === 4;
  const level = four ? layout.IPPROTO_IP : layout.IPPROTO_IPV6;
  const on = layout.int32(1);
  // Without these two a reply is one all the same: it only lacks its hop limit, or the kernel's time.
  libc.setsockopt(fd, level, four ? layout.IP_RECVTTL : layout.IPV6_RECVHOPLIMIT, on);
  libc.setsockopt(fd, layout.SOL_SOCKET, layout.SO_TIMESTAMPNS, on);
  const results = [0];
  if (ttl > 0)
    results.push(libc.setsockopt(fd, level, four ? layout.IP_TTL : layout.IPV6_UNICAST_HOPS, layout.int32(ttl)));
  if (dontFragment && four)
    results.push(libc.setsockopt(fd, level, layout.IP_MTU_DISCOVER, layout.int32(layout.PMTUDISC_PROBE)));
  if (source !== null) {
    const from = addressed(source);
    results.push(from?.family === family ? libc.bind(fd, from.bytes) : -layout.errnos.EAFNOSUPPORT);
  }
  return -(results.find((result) => result < 0) ?? 0);
}

/** What the kernel wrote beside a reply. */
function noted(control: Uint8Array): { readonly stampNs: bigint | null; readonly hopLimit: number | null } {
  let stampNs: bigint | null = null;
  let hopLimit: number | null = null;
  for (const { level, type, data } of layout.controlMessages(control)) {
    const view = layout.viewOf(data);
    if (level === layout.SOL_SOCKET && type === layout.SO_TIMESTAMPNS && data.length >= 16)
      stampNs = view.getBigInt64(0, true) * 1_000_000_000n + view.getBigInt64(8, true);
    const isLimit =
      (level === layout.IPPROTO_IP && type === layout.IP_TTL) ||
      (level === layout.IPPROTO_IPV6 && type === layout.IPV6_HOPLIMIT);
    if (isLimit && data.length >= 4) hopLimit = view.getInt32(0, true);
  }
  return { stampNs, hopLimit };
}

function failed(at: 'open' | 'send' | 'receive', errno: number): EchoOutcome {
  return { state: 'failed', at, because: wordsOf(errno), code: NAMES.get(errno) ?? '' };
}

const NAMES = new Map<number, string>(Object.entries(layout.errnos).map(([name, number]) => [number, name]));

function wordsOf(errno: number): string {
  const name = NAMES.get(errno) ?? `errno ${errno}`;
  if (name === 'EACCES' || name === 'EPERM') return `the system does not permit it (${name})`;
  if (name === 'EMSGSIZE') return 'message too long (EMSGSIZE)';
  return name;
}
