// Owns the monotonic clock of everything that touches the wire.
// Never tells the time of day.

/** Monotonic milliseconds since the process started, fractional. */
export function now(): number {
  return performance.now();
}
