// Owns the check for servers whose recorded traffic can be read later by who comes to know their key.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { askedEverything, isNewestOnly, nothingAsked, notTold, offers, olderCiphers } from '../posture-derive.ts';
import { lacksForwardSecrecy } from '../posture-words.ts';

export const noForwardSecrecy: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'no-forward-secrecy',
  needs: ['tls'],
  severity: 'warning',
  title: 'No forward secrecy',
  soWhat: 'Whoever gets the key of the certificate, once, can read all traffic that was ever recorded.',
  nowWhat: [{ kind: 'change', text: ['Enable TLS 1.3, or cipher suites with ECDHE, where the endpoint ends TLS.'] }],
  sources: ['RFC 9325 4.1'],
  judge({ tls }, given) {
    const nothing = nothingAsked(tls, given);
    if (nothing !== null) return nothing;
    const one = askedEverything(tls);
    if (one === null) return { outcome: 'not-judged', because: 'no endpoint was asked for its ciphers' };
    if (offers(one.asked, 'TLSv1.3') === true || isNewestOnly(one.asked)) return { outcome: 'pass' };
    const ciphers = olderCiphers(one.asked);
    if (ciphers.some((name) => !lacksForwardSecrecy(name))) return { outcome: 'pass' };
    if (one.thorough.ciphers.some(({ complete }) => !complete)) return notTold('the list of ciphers', one.asked);
    const { endpoint } = one.asked;
    const what = [`All of the ${ciphers.length} cipher suites that the server takes exchange keys by static RSA.`];
    return foundOrPass([{ what, endpoint, evidence: [one.at] }]);
  },
};
