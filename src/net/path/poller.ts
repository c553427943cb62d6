// Owns waiting for sockets of our own on the main thread: one poll(2) that never blocks, every few milliseconds, for all of them.
// Needs no exactness: the kernel has stamped what came. Never runs while nobody waits.
import { POLLERR, POLLHUP, viewOf } from '../libc/layout.ts';
import type { Libc } from '../libc/libc.ts';

/** How often is looked, ms. */
const TICK_MS = 5;
/** struct pollfd, asm-generic/poll.h: fd i32, events i16, revents i16. */
const POLLFD_BYTES = 8;

export interface Poller {
  /** Resolves to the events that came, 0 after `timeoutMs` or the signal. */
  wait(fd: number, events: number, timeoutMs: number, signal: AbortSignal): Promise<number>;
}

interface Waiting {
  readonly fd: number;
  readonly events: number;
  readonly untilMs: number;
  readonly signal: AbortSignal;
  readonly tell: (events: number) => void;
}

export function openPoller(libc: Libc, now: () => number): Poller {
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | null = null;
  const look = (): void => {
    timer = null;
    const came = polled(libc, waiting);
    // After the poll: what came while the loop was busy is no timeout.
    const nowMs = now();
    const done = waiting.map((one, at) => (came[at] ?? 0) !== 0 || nowMs >= one.untilMs || one.signal.aborted);
    const told = waiting.flatMap((one, at) => (done[at] === true ? [[one, came[at] ?? 0] as const] : []));
    waiting = waiting.filter((_, at) => done[at] !== true);
    if (waiting.length > 0) timer = setTimeout(look, TICK_MS);
    for (const [one, events] of told) one.tell(events);
  };
  return {
    wait(fd, events, timeoutMs, signal) {
      // On this machine the answer is there already.
      const [came = 0] = polled(libc, [{ fd, events }]);
      if (came !== 0 || signal.aborted) return Promise.resolve(came);
      return new Promise((tell) => {
        waiting.push({ fd, events, untilMs: now() + timeoutMs, signal, tell });
        timer ??= setTimeout(look, TICK_MS);
      });
    },
  };
}

function polled(libc: Libc, all: readonly Pick<Waiting, 'fd' | 'events'>[]): readonly number[] {
  if (all.length === 0) return [];
  const fds = new Uint8Array(new ArrayBuffer(all.length * POLLFD_BYTES));
  const view = viewOf(fds);
  for (const [at, { fd, events }] of all.entries()) {
    view.setInt32(at * POLLFD_BYTES, fd, true);
    view.setInt16(at * POLLFD_BYTES + 4, events | POLLERR | POLLHUP, true);
  }
  libc.poll(fds);
  return all.map((_, at) => view.getInt16(at * POLLFD_BYTES + 6, true));
}
