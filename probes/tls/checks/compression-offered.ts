// Owns the check for servers that compress before they encrypt.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { askedEverything, isNewestOnly, nothingAsked, notTold } from '../posture-derive.ts';

export const compressionOffered: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'compression-offered',
  needs: ['tls'],
  severity: 'warning',
  title: 'TLS compression',
  soWhat: 'Lengths tell what was compressed together: cookies and tokens can be guessed byte by byte (CRIME).',
  nowWhat: [{ kind: 'change', text: ['Switch TLS compression off where the endpoint ends TLS.'] }],
  sources: ['RFC 9325 3.3', 'CVE-2012-4929'],
  judge({ tls }, given) {
    const nothing = nothingAsked(tls, given);
    if (nothing !== null) return nothing;
    const one = askedEverything(tls);
    if (one === null) return { outcome: 'not-judged', because: 'no endpoint was asked for compression' };
    if (isNewestOnly(one.asked)) return { outcome: 'not-applicable', because: 'TLS 1.3 has no compression' };
    if (one.thorough.compression === null) return notTold('whether it compresses', one.asked);
    if (!one.thorough.compression) return { outcome: 'pass' };
    const what = ['The server takes up compression (DEFLATE) when it is offered.'];
    return foundOrPass([{ what, endpoint: one.asked.endpoint, evidence: [one.at] }]);
  },
};
