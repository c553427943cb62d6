// Owns how bad it is that a certificate has this much of its life left. Pure.
import type { Given } from '../../src/contract/check.ts';
import type { Severity } from '../../src/model/finding.ts';
import { DAY_MS, unixMs } from '../../src/x509/instant.ts';
import type { TlsCertificate } from './evidence.ts';
import type { TlsPolicy } from './options.ts';

/** Lifetime of the longest certificate that is judged by share. Days. */
const SHORT_DAYS = 30;

/**
 * Null when there is time. A certificate that lives shorter than the warning threshold would always be near its end, so one of
 * at most 30 days is judged by share: a third of its life left warns (where ACME clients renew), a sixth is critical. A longer
 * one is judged by what the caller asked for, whatever that is.
 */
export function expirySeverity(certificate: TlsCertificate, { policy, asOfMs }: Given<TlsPolicy>): Severity | null {
  const { notAfter, lifetimeDays } = certificate;
  if (notAfter === null) return null;
  const daysLeft = (unixMs(notAfter) - asOfMs) / DAY_MS;
  const short = lifetimeDays !== null && lifetimeDays <= Math.min(policy.warnDays, SHORT_DAYS);
  const criticalDays = short ? Math.min(policy.criticalDays, lifetimeDays / 6) : policy.criticalDays;
  const warnDays = short ? lifetimeDays / 3 : policy.warnDays;
  if (daysLeft < Math.max(0, criticalDays)) return 'critical';
  return daysLeft < warnDays ? 'warning' : null;
}
