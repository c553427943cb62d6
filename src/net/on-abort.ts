// Owns many short waits on one signal: one listener for all of them. A signal looks through all its listeners to take one away.
// Never keeps a signal alive.

const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `tell` when the signal is aborted; gives back how to call that off. The signal is not aborted yet. */
export function onAbort(signal: AbortSignal, tell: () => void): () => void {
  const all = waiting.get(signal) ?? listen(signal);
  all.add(tell);
  return () => void all.delete(tell);
}

function listen(signal: AbortSignal): Set<() => void> {
  const all = new Set<() => void>();
  waiting.set(signal, all);
  signal.addEventListener(
    'abort',
    () => {
      for (const tell of all) tell();
      all.clear();
    },
    { once: true },
  );
  return all;
}
