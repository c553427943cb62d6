// Owns the calls of the C library that Node does not offer: sockets with options, the error queue, the kernel's stamps.
// Declared here, fulfilled by koffi.ts. Never blocks: every socket is made non-blocking.

/** A result below 0 is the negated errno, as the kernel itself gives it; names are those of the manual's section 2. */
export interface Libc {
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array): number;
  connect(fd: number, address: Uint8Array): number;
  /** Bytes of the local address written to `address`. */
  getsockname(fd: number, address: Uint8Array): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** Bytes written to `value`: an old kernel writes a shorter struct. */
  getsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** Of `struct pollfd`s, 8 bytes each, how many have something to say now. */
  poll(fds: Uint8Array): number;
  send(fd: number, bytes: Uint8Array, flags: number): number;
  recv(fd: number, bytes: Uint8Array, flags: number): number;
  /** At most `most` bytes of payload: 2048 when not said, 65,536 at the most. */
  recvmsg(fd: number, flags: number, most?: number): Message | number;
  shutdown(fd: number, how: number): number;
  close(fd: number): number;
  /** The wall clock, which the kernel stamps packets by; nanoseconds. */
  realtimeNs(): bigint;
  /** What the kernel counts time in where it needs no exactness: one jiffy, ms. */
  jiffyMs(): number;
}

/** What recvmsg(2) gave. The bytes are valid until the next call. */
export interface Message {
  readonly payload: Uint8Array;
  readonly control: Uint8Array;
  readonly flags: number;
}
