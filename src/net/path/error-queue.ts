// Owns reading the answer of a router from a socket's error queue (ip(7), IP_RECVERR). Bytes in, facts out: asks nobody, and never throws.
import type { TraceReply } from '../../contract/path.ts';
import type { IpAddress } from '../../model/text.ts';
import {
  addressOf,
  controlMessages,
  IP_RECVERR,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_HOPLIMIT,
  IPV6_RECVERR,
  SO_EE_ORIGIN_ICMP,
  SO_EE_ORIGIN_ICMP6,
  SO_TIMESTAMPNS,
  SOL_SOCKET,
  viewOf,
} from '../libc/layout.ts';
import type { Message } from '../libc/libc.ts';

/** struct sock_extended_err, linux/errqueue.h: errno 0, origin 4, type 5, code 6, info 8, data 12; the offender's sockaddr follows. */
const EXTENDED_ERROR_BYTES = 16;

export interface RouterReply {
  readonly icmp: NonNullable<TraceReply['icmp']>;
  readonly from: IpAddress | null;
  readonly outcome: 'router' | 'rejected' | 'port-closed' | 'too-big';
  /** On the wall clock, nanoseconds; null when the kernel did not stamp it. */
  readonly stampNs: bigint | null;
  readonly replyTtl: number | null;
}

/** Null for what is no answer of a router, like an error of this machine's own. */
export function routerReply({ control }: Pick<Message, 'control'>): RouterReply | null {
  let stampNs: bigint | null = null;
  let replyTtl: number | null = null;
  let error: Uint8Array | null = null;
  for (const { level, type, data } of controlMessages(control)) {
    const view = viewOf(data);
    if (level === SOL_SOCKET && type === SO_TIMESTAMPNS && data.length >= 16)
      stampNs = view.getBigInt64(0, true) * 1_000_000_000n + view.getBigInt64(8, true);
    if (isOf(level, type, IP_TTL, IPV6_HOPLIMIT) && data.length >= 4) replyTtl = view.getInt32(0, true);
    if (isOf(level, type, IP_RECVERR, IPV6_RECVERR) && data.length >= EXTENDED_ERROR_BYTES) error = data;
  }
  if (error === null) return null;
  const [origin = 0, type = 0, code = 0] = error.subarray(4);
  const outcome =
    origin === SO_EE_ORIGIN_ICMP ? meaning(type, code) : origin === SO_EE_ORIGIN_ICMP6 ? meaning6(type, code) : null;
  if (outcome === null) return null;
  const from = addressOf(error.subarray(EXTENDED_ERROR_BYTES));
  const isTtl = replyTtl !== null && replyTtl >= 0 && replyTtl <= 255;
  return { icmp: { type, code }, from, outcome, stampNs, replyTtl: isTtl ? replyTtl : null };
}

function isOf(level: number, type: number, type4: number, type6: number): boolean {
  return (level === IPPROTO_IP && type === type4) || (level === IPPROTO_IPV6 && type === type6);
}

/** RFC 792; codes of type 3: RFC 1812 5.2.7.1. */
function meaning(type: number, code: number): RouterReply['outcome'] | null {
  if (type === 11) return 'router';
  if (type !== 3) return null;
  return code === 3 ? 'port-closed' : code === 4 ? 'too-big' : 'rejected';
}

/** RFC 4443 3. */
function meaning6(type: number, code: number): RouterReply['outcome'] | null {
  if (type === 3) return 'router';
  if (type === 2) return 'too-big';
  if (type !== 1) return null;
  return code === 4 ? 'port-closed' : 'rejected';
}

/** Of the TCP header that a router quotes; null when it quotes too little (RFC 792 asks for 8 bytes only) or there is none. RFC 9293 3.1, 3.2. */
export function quotedMss(header: Uint8Array): number | null {
  const end = Math.min(((header[12] ?? 0) >> 4) * 4, header.length);
  for (let at = 20; at < end; ) {
    const kind = header[at] ?? 0;
    if (kind === 0) return null;
    if (kind === 1) {
      at += 1;
      continue;
    }
    const length = header[at + 1] ?? 0;
    if (length < 2 || at + length > end) return null;
    if (kind === 2 && length === 4) return viewOf(header).getUint16(at + 2, false);
    at += length;
  }
  return null;
}
