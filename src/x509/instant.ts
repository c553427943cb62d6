// Owns times of certificates: RFC 3339 text, Unix milliseconds, and words for the time left. Never asks a clock.
import { content, isOf, type Node, tag } from './der.ts';

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Unix ms of an RFC 3339 text that was checked before. */
export function unixMs(instant: string): number {
  return Date.parse(instant);
}

/** `2026-11-26 20:14 UTC` of an RFC 3339 text in UTC. */
export function minuteOf(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
}

/** Whole days, rounded down, under two days whole hours: `6 days`, `31 hours`. */
export function span(ms: number): string {
  const length = Math.abs(ms);
  const [amount, unit] = length >= 2 * DAY_MS ? [length / DAY_MS, 'day'] : [length / HOUR_MS, 'hour'];
  const whole = Math.floor(amount);
  if (whole === 0) return 'less than an hour';
  return `${whole} ${unit}${whole === 1 ? '' : 's'}`;
}

/** `expires in 6 days, on …`, `expired 3 days ago, on …`. A certificate is valid up to and including its last second (RFC 5280 4.1.2.5). */
export function expiry(notAfter: string, asOfMs: number): string {
  const left = unixMs(notAfter) - asOfMs;
  const words = left < 0 ? `expired ${span(left)} ago` : `expires in ${span(left)}`;
  return `${words}, on ${minuteOf(notAfter)}`;
}

/**
 * RFC 3339 of an ASN.1 time, or null when it is not what RFC 5280 4.1.2.5 asks for: UTCTime `YYMMDDHHMMSSZ` (50 and later are
 * 19YY), GeneralizedTime `YYYYMMDDHHMMSSZ`.
 */
export function fromAsn1Time(node: Node | null | undefined): string | null {
  const text = content(node);
  if (isOf(node, tag.utcTime) && /^\d{12}Z$/.test(text)) {
    return fromDigits(`${Number(text.slice(0, 2)) >= 50 ? '19' : '20'}${text}`);
  }
  return isOf(node, tag.generalizedTime) && /^\d{14}Z$/.test(text) ? fromDigits(text) : null;
}

/** RFC 5280 4.1.2.5: years through 2049 are written as UTCTime, later ones as GeneralizedTime. */
export function isInItsForm(node: Node | null | undefined, instant: string): boolean {
  return isOf(node, Number(instant.slice(0, 4)) < 2050 ? tag.utcTime : tag.generalizedTime);
}

function fromDigits(full: string): string | null {
  const part = (from: number): string => full.slice(from, from + 2);
  const written = `${full.slice(0, 4)}-${part(4)}-${part(6)}T${part(8)}:${part(10)}:${part(12)}.000Z`;
  const ms = Date.parse(written);
  // 31 February is read as a day in March; what does not come back the same is no date.
  return Number.isNaN(ms) || new Date(ms).toISOString() !== written ? null : written;
}
