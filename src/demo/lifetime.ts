// Owns everything of a world that must end with it: sockets, servers, timers. Never waits for a peer to be polite.
import type { Socket } from 'node:net';
import { paused } from '../model/paused.ts';

/** What one world holds open. */
export interface Lifetime {
  readonly signal: AbortSignal;
  /** Destroys the socket at the end, if it still lives; swallows its errors, which in a world of faults are expected. */
  hold(socket: Socket): void;
  /** Runs at the end, in any order with others. */
  atEnd(close: () => Promise<void> | void): void;
  /** @returns false when the world ended first */
  sleep(ms: number): Promise<boolean>;
  end(): Promise<void>;
}

export function createLifetime(): Lifetime {
  const ending = new AbortController();
  const sockets = new Set<Socket>();
  const closers: (() => Promise<void> | void)[] = [];
  return {
    signal: ending.signal,
    hold(socket) {
      socket.on('error', () => socket.destroy());
      if (ending.signal.aborted) socket.destroy();
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    },
    atEnd: (close) => void closers.push(close),
    sleep: (ms) => paused(ms, ending.signal),
    async end() {
      ending.abort();
      for (const socket of sockets) socket.destroy();
      await Promise.all(closers.map(async (close) => close()));
    },
  };
}
