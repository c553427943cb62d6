// Owns the longest lifetimes that public authorities may give, by the day of issuance. A table with its source; asks no clock.
import { DAY_MS, unixMs } from './instant.ts';

/** CA/Browser Forum Baseline Requirements 6.3.2: 398 days by Apple's and Chrome's rule since 2020, the rest by ballot SC-081v3 of 2025. */
const SCHEDULE = [
  { from: '2020-09-01T00:00:00Z', days: 398 },
  { from: '2026-03-15T00:00:00Z', days: 200 },
  { from: '2027-03-15T00:00:00Z', days: 100 },
  { from: '2029-03-15T00:00:00Z', days: 47 },
] as const;

export interface LifetimeRule {
  /** Certificates issued from this moment on, RFC 3339. */
  readonly from: string;
  /** The longest that they may live. */
  readonly days: number;
}

/** The rule for a certificate issued at that moment; null before the first of them. */
export function lifetimeRule(issuedMs: number): LifetimeRule | null {
  return SCHEDULE.findLast(({ from }) => unixMs(from) <= issuedMs) ?? null;
}

/** The first rule that a certificate of this length could not be issued under any more; null when the schedule has none. */
export function endOfLifetime(lifetimeDays: number, asOfMs: number): LifetimeRule | null {
  return SCHEDULE.find(({ from, days }) => unixMs(from) > asOfMs && lifetimeDays > days) ?? null;
}

/** From notBefore through notAfter, the last second included (BR 6.3.2 counts 86,400 seconds a day). Days. */
export function validityDays(notBefore: string, notAfter: string): number {
  return (unixMs(notAfter) - unixMs(notBefore) + 1000) / DAY_MS;
}
