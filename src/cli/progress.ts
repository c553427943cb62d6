// Owns the progress line on standard error: one line, rewritten in place, on a terminal only.
import type { Progress } from '../journey/ride.ts';
import { now } from '../net/clock.ts';
import type { Io } from './io.ts';

/** Rewrites of the line a second, at most. */
const REDRAWS = 10;
const ERASE_LINE = '\r\x1b[2K';

interface RewrittenLine {
  /** Passed over when the line was written just now. */
  readonly write: (words: string) => void;
  readonly clear: () => void;
}

/** Behind the words stands how long it has taken. */
function rewrittenLine(io: Io, wanted: boolean): RewrittenLine {
  if (!wanted || !io.stderrIsTerminal) return { write: () => undefined, clear: () => undefined };
  const beganMs = now();
  let lastMs = Number.NEGATIVE_INFINITY;
  let shown = false;
  return {
    write(words) {
      const atMs = now();
      if (atMs - lastMs < 1000 / REDRAWS) return;
      lastMs = atMs;
      shown = true;
      const line = `${words}, ${((atMs - beganMs) / 1000).toFixed(1)} s`;
      io.err(`${ERASE_LINE}${line.slice(0, io.columns - 1)}`);
    },
    clear() {
      if (shown) io.err(ERASE_LINE);
      shown = false;
    },
  };
}

export interface ProgressLine {
  show(progress: Progress): void;
  clear(): void;
}

export function progressLine(io: Io, wanted: boolean): ProgressLine {
  const { write, clear } = rewrittenLine(io, wanted);
  return {
    show({ endpoint, done, failed, total }) {
      const where = endpoint.zone === null ? endpoint.id : `${endpoint.zone} ${endpoint.id}`;
      const failures = failed === 0 ? '' : `, ${failed} failed`;
      write(`riding ${where}: ${done} of ${total} samples${failures}`);
    },
    clear,
  };
}

export interface CountLine {
  /** One more is done. */
  step(): void;
  clear(): void;
}

/** `looked at 1200 of 10000 targets, 8.3 s` */
export function countLine(io: Io, wanted: boolean, total: number, noun: string): CountLine {
  const { write, clear } = rewrittenLine(io, wanted);
  let done = 0;
  return {
    step() {
      done++;
      write(`looked at ${done} of ${total} ${noun}`);
    },
    clear,
  };
}
