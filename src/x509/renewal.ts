// Owns when a certificate that programs renew ought to have been renewed. Pure: the time is an argument; judges no expiry.
import type { CertificateRecord } from '../model/certificate-schema.ts';
import { DAY_MS, expiry, span, unixMs } from './instant.ts';
import { knownIssuer } from './known-issuers.ts';

/** Certificates that live longer than this are often renewed by hand, at any time. Days. */
export const AUTOMATED_DAYS = 100;
/** One that lives shorter is renewed at half of its life: a third would leave no night to repair what failed. Days. */
const SHORT_DAYS = 10;
/** certbot and lego renewed at 30 days left, whatever the lifetime, before they went by share. Days. */
const LONGEST_LEAD_DAYS = 30;
/** What a client that looks once or twice a day, with a random delay, may take. Days, and part of the life. */
const SLACK = { days: 2, part: 1 / 24 } as const;

export interface Renewal {
  readonly lifeMs: number;
  /** Part of its life that has passed, 0 before it begins. */
  readonly used: number;
  /** Part of its life at which clients renew. */
  readonly usual: number;
  /** When it counts as overdue, Unix ms: the usual time and some slack. */
  readonly dueMs: number;
  readonly isOverdue: boolean;
  /** More than five sixths are used: half of the time that was kept for trying again. */
  readonly isLate: boolean;
}

export type RenewalSubject = Pick<CertificateRecord, 'notBefore' | 'notAfter' | 'issuer'>;

/** How much of its life has passed; may exceed 1; null when it cannot be read. */
function lifeUsed({ notBefore, notAfter }: RenewalSubject, asOfMs: number): number | null {
  if (notBefore === null || notAfter === null) return null;
  const [begin, end] = [unixMs(notBefore), unixMs(notAfter)];
  return end > begin ? Math.max(0, (asOfMs - begin) / (end - begin)) : null;
}

/** Null when it cannot be read, or may well be renewed by hand: a yearly one with 90 days left is not overdue. */
export function renewalOf(certificate: RenewalSubject, asOfMs: number): Renewal | null {
  const { notBefore, notAfter, issuer } = certificate;
  const used = lifeUsed(certificate, asOfMs);
  if (used === null || notBefore === null || notAfter === null) return null;
  const lifeMs = unixMs(notAfter) - unixMs(notBefore);
  const isAutomated = lifeMs <= AUTOMATED_DAYS * DAY_MS || knownIssuer(issuer)?.automation === 'only';
  if (!isAutomated) return null;
  const leadMs = lifeMs < SHORT_DAYS * DAY_MS ? lifeMs / 2 : Math.min(lifeMs / 3, LONGEST_LEAD_DAYS * DAY_MS);
  const dueMs = unixMs(notAfter) - leadMs + Math.min(SLACK.days * DAY_MS, lifeMs * SLACK.part);
  const isOverdue = asOfMs > dueMs;
  return { lifeMs, used, usual: 1 - leadMs / lifeMs, dueMs, isOverdue, isLate: isOverdue && used > 5 / 6 };
}

/** A clause to stand behind "The certificate". */
export function overdueSays({ notAfter }: RenewalSubject, renewal: Renewal, asOfMs: number): string {
  const { lifeMs, used, usual, dueMs, isLate } = renewal;
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const end = notAfter === null ? '' : `; it ${expiry(notAfter, asOfMs)}`;
  const late = isLate ? ', with little time left to repair it' : '';
  return `should have been renewed ${span(asOfMs - dueMs)} ago: ${percent(used)} of its ${span(lifeMs)} are used, clients of ACME renew at ${percent(usual)}${end}${late}`;
}
