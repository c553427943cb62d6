// Owns how bad it is that a certificate has this much of its life left. Pure: the time is an argument.
import type { Severity } from '../model/finding.ts';
import { DAY_MS, unixMs } from './instant.ts';
import { AUTOMATED_DAYS } from './renewal.ts';

export interface LifeThresholds {
  /** Days left under which it warns. */
  readonly warnDays: number;
  readonly criticalDays: number;
}

/** Lifetime of the longest certificate that is judged by share. Days. */
const SHORT_DAYS = 30;
/** The default of `warnDays`, made for yearly certificates: who asks for other days is judged by those. */
const USUAL_WARN_DAYS = 30;

/**
 * Null when there is time. A certificate that lives shorter than the warning threshold would always be near its end, so one of
 * at most 30 days is judged by share: a third of its life left warns (where ACME clients renew), a sixth is critical. One that
 * programs renew (src/x509/renewal.ts tells when they are late) would, by the usual 30 days, warn in every round: a sixth left
 * warns. A longer one is judged by what the caller asked for, whatever that is.
 */
export function lifeSeverity(
  { notAfter, lifetimeDays }: { readonly notAfter: string | null; readonly lifetimeDays: number | null },
  thresholds: LifeThresholds,
  asOfMs: number,
): Severity | null {
  if (notAfter === null) return null;
  const daysLeft = (unixMs(notAfter) - asOfMs) / DAY_MS;
  const short = lifetimeDays !== null && lifetimeDays <= Math.min(thresholds.warnDays, SHORT_DAYS);
  const criticalDays = short ? Math.min(thresholds.criticalDays, lifetimeDays / 6) : thresholds.criticalDays;
  const isRenewed = lifetimeDays !== null && lifetimeDays <= AUTOMATED_DAYS && thresholds.warnDays === USUAL_WARN_DAYS;
  const warnDays = short ? lifetimeDays / 3 : isRenewed ? lifetimeDays / 6 : thresholds.warnDays;
  if (daysLeft < Math.max(0, criticalDays)) return 'critical';
  return daysLeft < warnDays ? 'warning' : null;
}

/** How bad an overdue renewal is: who asked to be warned of fewer days than usual has said that it is early. */
export function overdueSeverity({ warnDays }: LifeThresholds): Severity {
  return warnDays < USUAL_WARN_DAYS ? 'notice' : 'warning';
}
