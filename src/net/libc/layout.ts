// Owns the numbers and struct layouts of Linux on little-endian LP64, each with the kernel header that it is from. Calls nothing.
import { bytesOf } from '../../model/address-scope.ts';
import { familyOf, ipAddress } from '../../model/target.ts';
import type { IpAddress } from '../../model/text.ts';

/** linux/socket.h */
export const AF_INET = 2;
export const AF_INET6 = 10;
export const MSG_PEEK = 2;
export const MSG_DONTWAIT = 0x40;
export const MSG_ERRQUEUE = 0x2000;
export const MSG_NOSIGNAL = 0x4000;
/** linux/net.h; the flags are those of open(2). */
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
/** asm-generic/socket.h; SO_TIMESTAMPNS is its name for LP64, SO_TIMESTAMPNS_OLD. */
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_LINGER = 13;
export const SO_TIMESTAMPNS = 35;
/** linux/in.h */
export const IPPROTO_IP = 0;
export const IPPROTO_ICMP = 1;
export const IPPROTO_TCP = 6;
export const IP_TTL = 2;
export const IP_MTU_DISCOVER = 10;
export const IP_RECVERR = 11;
export const IP_RECVTTL = 12;
export const IP_MTU = 14;
/** linux/in6.h; IPV6_HOPLIMIT is the type of the control message that IPV6_RECVHOPLIMIT asks for. */
export const IPPROTO_IPV6 = 41;
export const IPPROTO_ICMPV6 = 58;
export const IPV6_UNICAST_HOPS = 16;
export const IPV6_MTU_DISCOVER = 23;
export const IPV6_MTU = 24;
export const IPV6_RECVERR = 25;
export const IPV6_RECVHOPLIMIT = 51;
export const IPV6_HOPLIMIT = 52;
/** Sends at full size with DF, whatever the kernel believes of the path: linux/in.h, linux/in6.h. */
export const PMTUDISC_PROBE = 3;
/** linux/tcp.h */
export const TCP_NODELAY = 1;
export const TCP_MAXSEG = 2;
export const TCP_INFO = 11;
/** SHUT_WR of shutdown(2). */
export const SHUT_WR = 1;
/** asm-generic/poll.h */
export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLERR = 8;
export const POLLHUP = 16;
/** asm-generic/errno.h and errno-base.h */
export const errnos = {
  EPERM: 1,
  EAGAIN: 11,
  EACCES: 13,
  EMFILE: 24,
  ENFILE: 23,
  EMSGSIZE: 90,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETUNREACH: 101,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  EINPROGRESS: 115,
} as const;

/** linux/errqueue.h */
export const SO_EE_ORIGIN_LOCAL = 1;
export const SO_EE_ORIGIN_ICMP = 2;
export const SO_EE_ORIGIN_ICMP6 = 3;

/** struct sockaddr_in (linux/in.h) or sockaddr_in6 (linux/in6.h). */
export function sockaddr(address: IpAddress | null, family: 4 | 6, port: number): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(family === 4 ? 16 : 28));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family === 4 ? AF_INET : AF_INET6, true);
  view.setUint16(2, port, false);
  if (address !== null && familyOf(address) === family) bytes.set(bytesOf(address), family === 4 ? 4 : 8);
  return bytes;
}

export function portOf(address: Uint8Array): number {
  return viewOf(address).getUint16(2, false);
}

/** Null for a family that is none of the two: the kernel writes AF_UNSPEC where nobody can be named. */
export function addressOf(bytes: Uint8Array): IpAddress | null {
  if (bytes.byteLength < 8) return null;
  const family = viewOf(bytes).getUint16(0, true);
  if (family === AF_INET) return ipAddress(bytes.subarray(4, 8).join('.'));
  if (family !== AF_INET6 || bytes.byteLength < 24) return null;
  const view = viewOf(bytes);
  return ipAddress(Array.from({ length: 8 }, (_, at) => view.getUint16(8 + at * 2, false).toString(16)).join(':'));
}

export function int32(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(values.length * 4));
  for (const [at, value] of values.entries()) viewOf(bytes).setInt32(at * 4, value, true);
  return bytes;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** struct cmsghdr (linux/socket.h): length u64 with the header, level and type i32, data; each begins at a multiple of 8. */
const CMSG_HEADER = 16;

/** Ends at the first that does not fit. */
export function* controlMessages(control: Uint8Array): Generator<ControlMessage> {
  const view = viewOf(control);
  for (let at = 0; at + CMSG_HEADER <= control.byteLength; ) {
    const length = Number(view.getBigUint64(at, true));
    if (length < CMSG_HEADER || length > control.byteLength - at) return;
    const data = control.subarray(at + CMSG_HEADER, at + length);
    yield { level: view.getInt32(at + 8, true), type: view.getInt32(at + 12, true), data };
    at += Math.ceil(length / 8) * 8;
  }
}
