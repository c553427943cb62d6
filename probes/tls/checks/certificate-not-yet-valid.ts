// Owns the check for certificates on the path whose validity has not begun.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { minuteOf, unixMs } from '../../../src/x509/instant.ts';
import { ownClock } from '../clock.ts';
import { foundOrRead, nothingToJudge, seenOnPaths, unreadOnPaths } from '../derive.ts';
import type { TlsCertificate, TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const certificateNotYetValid: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'certificate-not-yet-valid',
  needs: ['tls'],
  severity: 'critical',
  title: 'Certificate not valid yet',
  soWhat: 'Clients with the right time refuse this endpoint.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Deploy a certificate that is valid now; if it should be, compare the clocks of issuer, server and this machine.',
      ],
    },
  ],
  sources: ['RFC 5280 4.1.2.5'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const seen = seenOnPaths(tls, beginsAfter(given.asOfMs));
    const unread = unreadOnPaths(tls, ({ notBefore }) => notBefore === null);
    const isOurs = behindSeconds(tls, given.asOfMs);
    const told = isOurs === 0 ? seen : seenOnPaths(tls, beginsAfter(given.asOfMs + isOurs * 1000));
    const harmless = seen.length > 0 && told.length === 0;
    // By the time that every endpoint tells they are valid: the storm is this machine's.
    const all = harmless ? seen.map((one): Seen => ({ ...one, severity: 'notice' })) : seen;
    return foundOrRead(foundOrPass(all), unread, 'the start of validity', tls);
  },
};

function beginsAfter(atMs: number) {
  return ({ notBefore }: TlsCertificate): string | null =>
    notBefore == null || unixMs(notBefore) <= atMs ? null : ` is valid only from ${minuteOf(notBefore)}.`;
}

/** Judged at another time than that of the ride, the clock of then says nothing. Ms. */
const SAME_TIME_MS = 3_600_000;

/** How far this machine's clock is behind all endpoints, 0 when it is not, or nobody can tell. */
function behindSeconds({ clock }: TlsEvidence, asOfMs: number): number {
  if (clock === undefined || Math.abs(unixMs(clock.ownAt) - asOfMs) > SAME_TIME_MS) return 0;
  const own = ownClock(clock);
  return own.state === 'off' ? Math.max(0, own.aheadSeconds) : 0;
}
