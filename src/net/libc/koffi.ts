// Owns the C library as koffi calls it. Never imported but by open.ts, lazily: koffi is an optional dependency.
import koffi from 'koffi';
import type { Libc, Message } from './libc.ts';

type Call = (...values: readonly (number | bigint | Uint8Array | Uint32Array)[]) => number;

/** struct msghdr (linux/socket.h, LP64): name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48. */
const MSGHDR_BYTES = 56;
const CONTROL_LENGTH = 40;
const FLAGS = 48;
/** struct iovec: base 0, len 8. */
const IOVEC_BYTES = 16;
/** A quoted packet is cut by the kernel to 576 bytes (RFC 1812 4.3.2.3), control messages of one answer are below 200. */
const PAYLOAD_BYTES = 2048;
const MOST_PAYLOAD_BYTES = 65_536;
const CONTROL_BYTES = 512;
/** linux/time.h */
const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC_COARSE = 6;

/** @throws when there is no binary for this machine, or the C library lacks a function */
export function koffiLibc(): Libc {
  // Null: what is in the process already, by whichever file name this distribution calls it.
  const library = koffi.load(null);
  const call = (signature: string): Call => library.func(signature) as unknown as Call;
  const [socket, close] = [call('int socket(int family, int type, int protocol)'), call('int close(int fd)')];
  const bind = call('int bind(int fd, const void *address, uint32_t length)');
  const connect = call('int connect(int fd, const void *address, uint32_t length)');
  const getsockname = call('int getsockname(int fd, _Out_ void *address, _Inout_ uint32_t *length)');
  const setsockopt = call('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)');
  const getsockopt = call('int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ uint32_t *length)');
  const poll = call('int poll(_Inout_ void *fds, uint64_t count, int timeout)');
  const send = call('int64_t send(int fd, const void *bytes, uint64_t length, int flags)');
  const recv = call('int64_t recv(int fd, _Out_ void *bytes, uint64_t length, int flags)');
  const shutdown = call('int shutdown(int fd, int how)');
  const clockGettime = call('int clock_gettime(int clock, _Out_ void *time)');
  const clockGetres = call('int clock_getres(int clock, _Out_ void *time)');
  const time = new DataView(new ArrayBuffer(16));
  const timeBytes = new Uint8Array(time.buffer);
  return {
    socket: (family, type, protocol) => told(socket(family, type, protocol)),
    bind: (fd, address) => told(bind(fd, address, address.byteLength)),
    connect: (fd, address) => told(connect(fd, address, address.byteLength)),
    getsockname: (fd, address) => lengthTold((length) => getsockname(fd, address, length), address),
    setsockopt: (fd, level, name, value) => told(setsockopt(fd, level, name, value, value.byteLength)),
    getsockopt: (fd, level, name, value) => lengthTold((length) => getsockopt(fd, level, name, value, length), value),
    poll: (fds) => told(poll(fds, fds.byteLength / 8, 0)),
    send: (fd, bytes, flags) => told(send(fd, bytes, bytes.byteLength, flags)),
    recv: (fd, bytes, flags) => told(recv(fd, bytes, bytes.byteLength, flags)),
    recvmsg: messageReader(call('int64_t recvmsg(int fd, _Inout_ void *message, int flags)')),
    shutdown: (fd, how) => told(shutdown(fd, how)),
    close: (fd) => told(close(fd)),
    realtimeNs() {
      clockGettime(CLOCK_REALTIME, timeBytes);
      return time.getBigInt64(0, true) * 1_000_000_000n + time.getBigInt64(8, true);
    },
    jiffyMs() {
      clockGetres(CLOCK_MONOTONIC_COARSE, timeBytes);
      return time.getInt32(8, true) / 1e6;
    },
  };
}

function told(result: number): number {
  return result < 0 ? -koffi.errno() : result;
}

function lengthTold(call: (length: Uint32Array) => number, room: Uint8Array): number {
  const length = new Uint32Array([room.byteLength]);
  const result = call(length);
  return result < 0 ? told(result) : (length[0] ?? 0);
}

/** The struct points at buffers of its own, which live as long as the function. Made of ArrayBuffers: those never move. */
function messageReader(recvmsg: Call): Libc['recvmsg'] {
  const payload = new Uint8Array(new ArrayBuffer(MOST_PAYLOAD_BYTES));
  const control = new Uint8Array(new ArrayBuffer(CONTROL_BYTES));
  const vector = new DataView(new ArrayBuffer(IOVEC_BYTES));
  const header = new DataView(new ArrayBuffer(MSGHDR_BYTES));
  vector.setBigUint64(0, koffi.address(payload.buffer), true);
  header.setBigUint64(16, koffi.address(vector.buffer), true);
  header.setBigUint64(24, 1n, true);
  header.setBigUint64(32, koffi.address(control.buffer), true);
  const bytes = new Uint8Array(header.buffer);
  return (fd, flags, most = PAYLOAD_BYTES): Message | number => {
    const room = Math.min(most, MOST_PAYLOAD_BYTES);
    // Here and not before: what a function does not use may be collected, and the struct points at it.
    vector.setBigUint64(8, BigInt(room), true);
    header.setBigUint64(CONTROL_LENGTH, BigInt(CONTROL_BYTES), true);
    header.setInt32(FLAGS, 0, true);
    const length = recvmsg(fd, bytes, flags);
    if (length < 0) return told(length);
    return {
      payload: payload.subarray(0, Math.min(length, room)),
      control: control.subarray(0, Math.min(Number(header.getBigUint64(CONTROL_LENGTH, true)), CONTROL_BYTES)),
      flags: header.getInt32(FLAGS, true),
    };
  };
}
