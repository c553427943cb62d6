// Owns a link that takes its time: two TUN devices, each packet of one written to the other after a while. A program of its own.
// Never forwards faster than it says. A packet comes out without what the kernel had noted beside it, as from a real wire.
import { closeSync, openSync, read, writeSync } from 'node:fs';
import koffi from 'koffi';

/** linux/if_tun.h */
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
/** struct ifreq, linux/if.h: name 16 bytes, then a union that begins with the flags. */
const IFREQ_BYTES = 40;
const MTU_BYTES = 2048;

const [near = '', far = '', delay = '0'] = process.argv.slice(2);
const ioctl = koffi.load(null).func('int ioctl(int fd, uint64_t request, _Inout_ void *argument)') as unknown as (
  fd: number,
  request: number,
  argument: Uint8Array,
) => number;

function openTun(name: string): number {
  const fd = openSync('/dev/net/tun', 'r+');
  const request = Buffer.alloc(IFREQ_BYTES);
  request.write(name, 'latin1');
  request.writeUInt16LE(IFF_TUN | IFF_NO_PI, 16);
  if (ioctl(fd, TUNSETIFF, request) >= 0) return fd;
  closeSync(fd);
  throw new Error(`no TUN device ${name}: errno ${koffi.errno()}`);
}

function forward(from: number, to: number): void {
  const buffer = Buffer.alloc(MTU_BYTES);
  read(from, buffer, 0, buffer.length, null, (error, length) => {
    // A device that is down gives EIO: until it is up.
    if (error !== null) {
      setTimeout(() => forward(from, to), 20);
      return;
    }
    const packet = Buffer.from(buffer.subarray(0, length));
    later(performance.now() + Number(delay), () => deliver(to, packet));
    forward(from, to);
  });
}

/** Timers are up to two milliseconds late, by turns: the last of them is spent looking at the clock. */
function later(atMs: number, act: () => void): void {
  const leftMs = atMs - performance.now();
  if (leftMs <= 0) act();
  else if (leftMs > 2) setTimeout(() => later(atMs, act), leftMs - 2);
  else setImmediate(() => later(atMs, act));
}

function deliver(to: number, packet: Buffer): void {
  try {
    writeSync(to, packet);
  } catch {
    // The other end is down: lost, as on a wire.
  }
}

const [a, b] = [openTun(near), openTun(far)];
forward(a, b);
forward(b, a);
