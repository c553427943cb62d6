// Owns durations as Go writes and reads them (package time). Knows nothing of the flags and files they stand in.

/** Nanoseconds in each unit that Go reads: time.ParseDuration, `unitMap`. Days and weeks are none of them. */
const UNITS: { readonly [unit: string]: number } = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Largest duration, ns: an int64. */
const MOST = 2 ** 63;

/**
 * Reads `5s`, `1m30s`, `1.5s`, `-2h`, `0`.
 * @returns milliseconds, or null for what time.ParseDuration refuses
 */
export function goDuration(text: string): number | null {
  const found = /^([-+]?)(.+)$/s.exec(text);
  if (found === null) return null;
  const [, sign, size = ''] = found;
  if (size === '0') return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(size)) return null;
  let nanoseconds = 0;
  for (const [, amount = '', unit = ''] of size.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    nanoseconds += Number(amount) * (UNITS[unit] ?? 0);
  }
  if (nanoseconds >= MOST) return null;
  return ((sign === '-' ? -1 : 1) * nanoseconds) / 1e6;
}

/** As Duration.String prints it: `1m30s`, `500ms`, `0s`. @param ms milliseconds */
export function formatGoDuration(ms: number): string {
  if (ms === 0) return '0s';
  const sign = ms < 0 ? '-' : '';
  const nanoseconds = Math.round(Math.abs(ms) * 1e6);
  if (nanoseconds < 1e3) return `${sign}${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${sign}${nanoseconds / 1e3}µs`;
  if (nanoseconds < 1e9) return `${sign}${nanoseconds / 1e6}ms`;
  const hours = Math.floor(nanoseconds / 3600e9);
  const minutes = Math.floor((nanoseconds % 3600e9) / 60e9);
  const seconds = (nanoseconds % 60e9) / 1e9;
  return `${sign}${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}
