// Owns the check that a delegated certificate challenge leads somewhere. A target that is only there during a renewal is fine.
import type { Check, Judged } from '../../../src/contract/check.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import { digResolver, problemWords } from '../derive.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { NOT_LOOKED } from '../safety-words.ts';

export const acmeChallengeDangling: Check<DnsFacts, DnsPolicy> = {
  id: 'acme-challenge-dangling',
  needs: ['dns'],
  severity: 'warning',
  title: 'The delegated certificate challenge leads nowhere',
  soWhat: 'The next renewal by DNS challenge fails.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Point the CNAME record of _acme-challenge at the zone that answers challenges, or take it out.'],
    },
  ],
  sources: ['RFC 8555 8.4', 'RFC 1034 3.6.2'],
  judge({ dns }): Judged {
    if (dns.safety === undefined) return NOT_LOOKED;
    const { challenge } = dns.safety;
    if (challenge === undefined) return { outcome: 'not-applicable', because: 'the name has no address' };
    const { target, problem, missing } = challenge;
    if (target === null) {
      if (problem !== null)
        return { outcome: 'not-judged', because: 'no resolver said whether a challenge is delegated' };
      return { outcome: 'not-applicable', because: 'no certificate challenge is delegated' };
    }
    if (missing?.registration === 'absent') {
      const claim =
        'The next renewal by DNS challenge fails, and whoever registers the domain can have certificates for this name.';
      return found(
        dns,
        [`, and ${missing.domain} itself does not exist (NXDOMAIN): it may be free to register`],
        claim,
      );
    }
    if (problem !== null && problem.fault === 'prober')
      return { outcome: 'not-judged', because: 'the target could not be asked for from here' };
    // NXDOMAIN alone is no fault: many clients make the record for the challenge and take it out afterwards.
    return problem === null
      ? { outcome: 'pass' }
      : found(dns, [', which cannot be resolved: ', ...problemWords(problem)]);
  },
};

function found(dns: DnsEvidence, how: Phrase, soWhat = acmeChallengeDangling.soWhat): Judged {
  const { name = '', target = null } = dns.safety?.challenge ?? {};
  const what = [`${name} is an alias of ${target ?? ''}`, ...how, '.'];
  const nowWhat = [digResolver(dns, name, 'TXT'), ...acmeChallengeDangling.nowWhat];
  return {
    outcome: 'found',
    seen: [{ what, soWhat, nowWhat, evidence: [pointer('evidence', 'dns', 'safety', 'challenge')] }],
  };
}
