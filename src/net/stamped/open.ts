// Owns whether this machine can stamp: the C library, and the kernel's willingness.
// Never fails: where it cannot, there is null, and net.Socket does the work.
import type { Endpoint } from '../../model/target.ts';
import { now } from '../clock.ts';
import { AF_INET, int32, SO_TIMESTAMPNS, SOCK_CLOEXEC, SOCK_DGRAM, SOL_SOCKET } from '../libc/layout.ts';
import { openLibc } from '../libc/open.ts';
import { openReadiness } from './readiness.ts';
import { StampedSocket } from './socket.ts';

export interface Stamping {
  connect(endpoint: Endpoint): StampedSocket;
  close(): void;
}

/** Null without Linux, koffi, or the right to use them. */
export async function openStamping(): Promise<Stamping | null> {
  const { libc } = await openLibc();
  if (libc === null) return null;
  // The kernel stamps packets while any socket wants it, and takes a moment to begin: this one wants it all the time.
  const wanting = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (wanting < 0) return null;
  if (libc.setsockopt(wanting, SOL_SOCKET, SO_TIMESTAMPNS, int32(1)) < 0) {
    libc.close(wanting);
    return null;
  }
  const around = { libc, readiness: openReadiness(libc), now };
  let closed = false;
  return {
    connect: (endpoint) => new StampedSocket(around, endpoint),
    close() {
      if (!closed) libc.close(wanting);
      closed = true;
    },
  };
}
