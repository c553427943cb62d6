// Owns reading points in time and durations out of header fields: HTTP dates in their three forms, RFC 3339, Retry-After.
// Never guesses: what is none of them is null.
import { type Fields, fieldValue } from './fields.ts';
import { interpret, type WireText } from './text.ts';

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const FIXED = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const RFC850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;
/** Seconds may be left out, as Atlassian does. */
const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/;

/** An HTTP date (RFC 9110 5.6.7), Unix ms, or null. `nowMs` tells the century of a year of two digits. */
export function httpDate(text: WireText | null, nowMs: number): number | null {
  return text === null ? null : interpret(text, (raw) => parsed(raw.trim(), nowMs));
}

function parsed(raw: string, nowMs: number): number | null {
  const fixed = FIXED.exec(raw);
  if (fixed !== null) return instant(fixed[3], fixed[2], fixed[1], fixed.slice(4));
  const old = RFC850.exec(raw);
  if (old !== null) return instant(String(centuryOf(Number(old[3]), nowMs)), old[2], old[1], old.slice(4));
  const asctime = ASCTIME.exec(raw);
  if (asctime !== null) return instant(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6));
  return null;
}

/** More than 50 years ahead is the century before: RFC 9110 5.6.7. */
function centuryOf(year: number, nowMs: number): number {
  const now = new Date(nowMs).getUTCFullYear();
  const full = Math.floor(now / 100) * 100 + year;
  return full > now + 50 ? full - 100 : full;
}

function instant(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  clock: readonly (string | undefined)[],
): number | null {
  const at = MONTHS.indexOf(month ?? '');
  const [hours = 99, minutes = 99, seconds = 99] = clock.map(Number);
  if (at < 0 || hours > 23 || minutes > 59 || seconds > 60) return null;
  // A leap second is the one before it: this clock has none.
  const ms = Date.UTC(Number(year), at, Number(day), hours, minutes, Math.min(59, seconds));
  return new Date(ms).getUTCDate() === Number(day) ? ms : null;
}

/** A point in time as RFC 3339 writes it, Unix ms, or null. */
export function rfc3339(text: WireText | null): number | null {
  if (text === null) return null;
  return interpret(text, (raw) => {
    const found = RFC3339.exec(raw.trim());
    if (found === null) return null;
    const [, day, minute, second = ':00', zone = 'Z'] = found;
    const ms = Date.parse(`${day}T${minute}${second}${zone.toUpperCase()}`);
    return Number.isFinite(ms) ? ms : null;
  });
}

/** What time it was for the server: its Date field, else the clock here. */
export function serverTime(fields: Fields, nowMs: number): number {
  return httpDate(fieldValue(fields, 'date'), nowMs) ?? nowMs;
}

/** Longer than this is no pause that anybody keeps: a year. */
const LONGEST_SECONDS = 31_622_400;

/** Seconds that Retry-After asks for, in either of its forms (RFC 9110 10.2.3); null without, or when it is neither. */
export function retryAfterSeconds(fields: Fields, nowMs: number): number | null {
  const value = fieldValue(fields, 'retry-after');
  if (value === null) return null;
  // Whole seconds by the standard; Discord and others send fractions.
  const delta = interpret(value, (raw) => (/^\s*\d{1,9}(\.\d{1,6})?\s*$/.test(raw) ? Number(raw) : null));
  if (delta !== null) return delta <= LONGEST_SECONDS ? delta : null;
  const until = httpDate(value, nowMs);
  if (until === null) return null;
  const seconds = Math.max(0, Math.round((until - serverTime(fields, nowMs)) / 1000));
  return seconds <= LONGEST_SECONDS ? seconds : null;
}
