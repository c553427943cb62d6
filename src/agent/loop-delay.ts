// Owns how late the event loop was, over the last half to whole minute: what a scrape gets does not depend on who else scraped.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const WINDOW_MS = 30_000;
/** Looks this often, ms: no shorter delay is seen, and none is told of. */
const RESOLUTION_MS = 10;

export interface LoopDelay {
  /** Seconds, by percentile; the 100th is the longest. */
  read(): ReadonlyMap<number, number>;
  stop(): void;
}

export function watchLoopDelay(): LoopDelay {
  const open = (): ReturnType<typeof monitorEventLoopDelay> => {
    const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    histogram.enable();
    return histogram;
  };
  let [older, younger] = [open(), open()];
  const turn = setInterval(() => {
    older.disable();
    [older, younger] = [younger, open()];
  }, WINDOW_MS).unref();
  return {
    read: () =>
      new Map(
        [50, 99, 100].map((percentile) => [
          percentile,
          // What it measures is the time from look to look.
          older.count === 0 ? 0 : Math.max(0, older.percentile(percentile) / 1e9 - RESOLUTION_MS / 1000),
        ]),
      ),
    stop() {
      clearInterval(turn);
      older.disable();
      younger.disable();
    },
  };
}
