// Owns how numbers are written for people: durations, bytes, counts, times.

/** A duration in milliseconds with the digits that matter: `0.42 ms`, `8.3 ms`, `412 ms`, `1.2 s`. */
export function formatMs(ms: number): string {
  if (ms > 0 && ms < 0.005) return '<0.01 ms';
  if (ms < 0.995) return `${ms.toFixed(2)} ms`;
  if (ms < 99.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)} s`;
  return `${(ms / 1000).toFixed(0)} s`;
}

/** Bytes in decimal units: `812 B`, `42 kB`, `1.2 MB`, `3.4 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${(bytes / 1000).toFixed(bytes < 9_950 ? 1 : 0)} kB`;
  if (bytes < 999_950_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

/** `1 warning`, `2 warnings`. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}

/** RFC 3339 UTC as people read it: `2026-11-20 22:00:12 UTC`; anything else as it is. */
export function formatTime(rfc3339: string): string {
  const found = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?Z$/.exec(rfc3339);
  return found === null ? rfc3339 : `${found[1]} ${found[2]} UTC`;
}
