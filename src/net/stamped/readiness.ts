// Owns telling sockets of our own that there is something to read, or room to write: one poll(2) that never blocks, every millisecond.
// Needs no exactness: the kernel has stamped what came. Never runs while nobody waits.
import { POLLIN, POLLOUT, viewOf } from '../libc/layout.ts';
import type { Libc } from '../libc/libc.ts';

/** What is waited for, as of now: poll(2)'s events, 0 for nothing. Told what came, errors and hang-ups included. */
export interface Watched {
  readonly fd: number;
  readonly wants: number;
  ready(events: number): void;
  /** Nothing had come at this time of the wall clock. */
  quiet(realNs: bigint): void;
}

export interface Readiness {
  add(one: Watched): void;
  delete(one: Watched): void;
  /** `wants` has grown. */
  wake(): void;
}

const TICK_MS = 1;
/** struct pollfd, asm-generic/poll.h: fd i32, events i16, revents i16. */
const POLLFD_BYTES = 8;

export function openReadiness(libc: Libc): Readiness {
  const all = new Set<Watched>();
  let timer: NodeJS.Timeout | null = null;
  let fds = new Uint8Array(new ArrayBuffer(64 * POLLFD_BYTES));
  const wake = (): void => {
    timer ??= setTimeout(look, TICK_MS);
  };
  const look = (): void => {
    timer = null;
    const waiting = [...all].filter(({ wants }) => (wants & (POLLIN | POLLOUT)) !== 0);
    if (waiting.length === 0) return;
    // Before they are told: one that throws must not stop the others.
    wake();
    const length = waiting.length * POLLFD_BYTES;
    if (fds.byteLength < length) fds = new Uint8Array(new ArrayBuffer(length * 2));
    const view = viewOf(fds);
    for (const [at, { fd, wants }] of waiting.entries()) {
      view.setInt32(at * POLLFD_BYTES, fd, true);
      view.setInt32(at * POLLFD_BYTES + 4, wants, true);
    }
    // Before the poll: what it does not see comes later than this.
    const realNs = libc.realtimeNs();
    if (libc.poll(fds.subarray(0, length)) < 0) return;
    const came = waiting.map((_, at) => view.getInt16(at * POLLFD_BYTES + 6, true));
    for (const [at, one] of waiting.entries()) {
      const events = came[at] ?? 0;
      // One that was told before it may have closed this one, and its number may be another's by now.
      if (!all.has(one)) continue;
      if (events === 0) one.quiet(realNs);
      else one.ready(events);
    }
  };
  return {
    add(one) {
      all.add(one);
      wake();
    },
    delete: (one) => void all.delete(one),
    wake,
  };
}
