// Owns durations as people write them: `500ms`, `5s`, `2m`, `12h`, `30d`.
import { UsageError } from './usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * @returns whole milliseconds: timers take no others, and 16.1 s is 16100.000000000002 ms by multiplication. Not 0 unless the text says so.
 * @throws UsageError when the text is no duration; `option` names it for the person
 */
export function parseDuration(text: string, option: string): number {
  const found = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(text.trim());
  const unit = UNITS[found?.[2] ?? ''];
  if (found?.[1] === undefined || unit === undefined) {
    throw new UsageError(
      `${option}: "${text}" is not a duration`,
      'write a number and a unit: 500ms, 5s, 2m, 12h, 30d',
    );
  }
  const ms = Number(found[1]) * unit;
  return ms === 0 ? 0 : Math.max(1, Math.round(ms));
}

/** Shortest exact text of a duration: 5000 -> `5s`. */
export function formatDuration(ms: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find(
    (name) => ms >= (UNITS[name] ?? 1) && ms % (UNITS[name] ?? 1) === 0,
  );
  return unit === undefined ? `${ms}ms` : `${ms / (UNITS[unit] ?? 1)}${unit}`;
}
