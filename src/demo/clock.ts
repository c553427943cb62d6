// Owns the world's two clocks: the time of day its certificates are made for, and the monotonic one its caches count down by.
// Never formats a time.

/** Epoch milliseconds. */
export function timeOfDay(): number {
  return Date.now();
}

/** Monotonic seconds. */
export function monotonicSeconds(): number {
  return performance.now() / 1000;
}
