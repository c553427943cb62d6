// Owns how many pieces of work are under way at once. Never drops one: those past the bound wait for their turn.

export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** Runs what it is given, at most `limit` at once, in the order given. */
export function openGate(limit: number): Gate {
  const waiting: (() => void)[] = [];
  let free = limit;
  return async (work) => {
    if (free > 0) free -= 1;
    // The place of one that ended is handed on, not given back: nobody who comes later gets in between.
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
