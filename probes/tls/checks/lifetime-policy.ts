// Owns the check that certificates below public roots live no longer than the CA/Browser Forum allows.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { unixMs } from '../../../src/x509/instant.ts';
import { lifetimeRule, validityDays } from '../../../src/x509/lifetime-policy.ts';
import { certificateAt, chainsIn, foundOrRead, nothingToJudge } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const lifetimePolicy: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'lifetime-policy',
  needs: ['tls'],
  severity: 'warning',
  title: 'Lifetime beyond what public authorities may give',
  soWhat: 'Browsers may refuse it, and the authority has to revoke what it should not have issued.',
  nowWhat: [{ kind: 'change', text: ['Have it issued again with a lifetime that is allowed.'] }],
  sources: [
    'CABF BR 6.3.2',
    'https://cabforum.org/2025/04/11/ballot-sc081v3-introduce-schedule-of-reducing-validity-and-data-reuse-periods/',
  ],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const known = chainsIn(tls).filter(({ chain }) => chain.verdict?.publicRoot !== undefined);
    if (known.length === 0)
      return { outcome: 'not-applicable', because: 'the journey did not look whether roots are public' };
    const publicly = known.filter(({ chain }) => chain.verdict?.publicRoot);
    if (publicly.length === 0)
      return { outcome: 'not-applicable', because: 'no certificate stands below a public root' };
    const seen = publicly.flatMap(({ endpoint, chain, leaf, at }): readonly Seen[] => {
      if (leaf?.notBefore == null || leaf.notAfter === null) return [];
      const [days, rule] = [validityDays(leaf.notBefore, leaf.notAfter), lifetimeRule(unixMs(leaf.notBefore))];
      if (rule === null || days <= rule.days) return [];
      const name = leaf.sans[0] ?? leaf.subject ?? 'no name';
      const allowed = `${rule.days} days are allowed since ${rule.from.slice(0, 10)}`;
      return [
        {
          what: ['The certificate of ', name, ` was issued for ${Math.ceil(days)} days; ${allowed}.`],
          endpoint,
          evidence: [certificateAt(chain.chainSent[0] ?? ''), at],
        },
      ];
    });
    const unread = publicly.filter(({ leaf }) => leaf?.notBefore == null || leaf.notAfter === null).length;
    return foundOrRead(foundOrPass(seen), unread, 'the validity', tls);
  },
};
