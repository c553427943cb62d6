// Owns the check that this machine's clock is right, by the Date of every endpoint's answers.
import type { Check } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { span } from '../../../src/x509/instant.ts';
import { ownClock } from '../clock.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const proberClockOff: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'prober-clock-off',
  needs: ['tls'],
  severity: 'notice',
  title: 'The clock of this machine is wrong',
  soWhat:
    'What is said here of certificates that begin, end or are overdue is wrong by as much, and no fault of the service.',
  nowWhat: [{ kind: 'command', argv: ['timedatectl', 'status'] }],
  sources: ['RFC 9110 6.6.1'],
  judge({ tls }) {
    if (tls.clock === undefined)
      return { outcome: 'not-applicable', because: 'no answer over TLS said what time it is' };
    const own = ownClock(tls.clock);
    if (own.state === 'right') return { outcome: 'pass' };
    if (own.state === 'unknown')
      return { outcome: 'not-judged', because: 'the endpoints tell other times than this machine, but not one time' };
    const side = own.aheadSeconds > 0 ? 'behind' : 'ahead of';
    const off = Math.abs(own.aheadSeconds);
    const length = off < 3600 ? `${Math.round(off / 60)} minutes` : span(off * 1000);
    const what = `This machine is ${length} ${side} all ${tls.clock.byEndpoint.length} endpoints that say what time it is.`;
    return { outcome: 'found', seen: [{ what: [what], evidence: [pointer('evidence', 'tls', 'clock')] }] };
  },
};
