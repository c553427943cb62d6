// Owns what an opener has under way: stopped by the caller's signal or at its close, which waits until everything has ended.

export interface UnderWay {
  /** The work's own promise; its signal fires with the caller's, and at the close. */
  run<T>(signal: AbortSignal, work: (stop: AbortSignal) => Promise<T>): Promise<T>;
  /** Stops everything, and settles when it has ended. */
  stop(): Promise<void>;
}

export function openUnderWay(): UnderWay {
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();
  return {
    run(signal, work) {
      const one = work(AbortSignal.any([signal, closing.signal]));
      running.add(one);
      const forget = (): boolean => running.delete(one);
      one.then(forget, forget);
      return one;
    },
    async stop() {
      closing.abort();
      await Promise.allSettled(running);
    },
  };
}
