// Owns the check for Diffie-Hellman groups that are too short.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { askedEverything, isNewestOnly, nothingAsked, notTold } from '../posture-derive.ts';

/** RFC 9325 4.5. */
const LEAST_BITS = 2048;
/** Within reach of anybody: weakdh.org, 2015. */
const BROKEN_BITS = 1024;

export const weakGroup: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'weak-group',
  needs: ['tls'],
  severity: 'warning',
  title: 'Diffie-Hellman group too short',
  soWhat:
    'Its logarithms can be computed beforehand for all who use the same prime (Logjam); Java and current libraries refuse it.',
  nowWhat: [{ kind: 'change', text: ['Use a group of 2048 bits or more (ffdhe2048), or leave out DHE for ECDHE.'] }],
  sources: ['RFC 9325 4.5', 'RFC 7919', 'CVE-2015-4000'],
  judge({ tls }, given) {
    const nothing = nothingAsked(tls, given);
    if (nothing !== null) return nothing;
    const one = askedEverything(tls);
    if (one === null) return { outcome: 'not-judged', because: 'no endpoint was asked for its ciphers' };
    const { dhBits, dhe } = one.thorough;
    if (dhBits === null) {
      return isNewestOnly(one.asked) || dhe === false
        ? { outcome: 'pass' }
        : notTold('whether it takes DHE', one.asked);
    }
    if (dhBits >= LEAST_BITS) return { outcome: 'pass' };
    const what = [`The server exchanges keys (DHE) with a prime of ${dhBits} bits.`];
    const worse = dhBits < BROKEN_BITS ? ({ severity: 'critical' } as const) : {};
    return foundOrPass([{ what, endpoint: one.asked.endpoint, evidence: [one.at], ...worse }]);
  },
};
