// Owns how durations are said in the layers' sentences. Pure.

/** `35 ms`, `3.0 s`. */
export function seconds(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
