// Owns reading the kernel's view of a connection: getsockopt(TCP_INFO), Linux only, through koffi where it is installed.
// Never required: without it every figure is the event loop's and says so.
import type { Socket } from 'node:net';
import type { TcpFacts } from '../model/trace.ts';

/** linux/in.h, linux/tcp.h */
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
/** struct tcp_info, linux/tcp.h: byte offsets of u32 fields; times in microseconds. */
const SND_MSS = 16;
const RTT = 68;
const TOTAL_RETRANS = 100;
/** Old kernels give a shorter struct: the last field read must lie inside it. */
const NEEDED_BYTES = TOTAL_RETRANS + 4;
/** What the kernel says when it has no figure. */
const NO_RTT = 0xffff_ffff;

type GetSockOpt = (fd: number, level: number, name: number, value: Uint8Array, length: Uint32Array) => number;

let getSockOpt: GetSockOpt | null = null;

/** Loads the foreign function once, before the first sample, so that no sample pays for it. */
export async function openTcpInfo(): Promise<void> {
  if (getSockOpt !== null || process.platform !== 'linux') return;
  try {
    const { default: koffi } = await import('koffi');
    getSockOpt = koffi
      .load(null)
      .func('int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ uint32_t *length)') as GetSockOpt;
    // The first call is the slow one: about half a millisecond. No descriptor has this number.
    getSockOpt(-1, IPPROTO_TCP, TCP_INFO, new Uint8Array(256), new Uint32Array([256]));
  } catch {
    getSockOpt = null;
  }
}

/** Null when the kernel cannot be asked. Call it right at `connect`, before data moves the round trip time. */
export function readTcpInfo(socket: Socket): TcpFacts | null {
  const fd = descriptorOf(socket);
  if (getSockOpt === null || fd === null) return null;
  const info = new Uint8Array(256);
  const length = new Uint32Array([info.byteLength]);
  if (getSockOpt(fd, IPPROTO_TCP, TCP_INFO, info, length) !== 0 || (length[0] ?? 0) < NEEDED_BYTES) return null;
  const view = new DataView(info.buffer);
  const rttMicroseconds = view.getUint32(RTT, true);
  return {
    rttMs: rttMicroseconds === 0 || rttMicroseconds === NO_RTT ? null : rttMicroseconds / 1000,
    retransmits: view.getUint32(TOTAL_RETRANS, true),
    mssBytes: view.getUint32(SND_MSS, true),
  };
}

/** The descriptor is Node's own business: guarded, because it may go away. */
function descriptorOf(socket: Socket): number | null {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: unknown } | null };
  return typeof handle?.fd === 'number' && handle.fd >= 0 ? handle.fd : null;
}
