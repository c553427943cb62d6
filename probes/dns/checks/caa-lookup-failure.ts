// Owns the check that issuers of certificates can look up the CAA records that hold for the name.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { problemCatalogue } from '../../../src/model/problem.ts';
import { decidingSets, digResolver, problemWords } from '../derive.ts';
import type { CaaSetEvidence, DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const caaLookupFailure: Check<DnsFacts, DnsPolicy> = {
  id: 'caa-lookup-failure',
  needs: ['dns'],
  severity: 'warning',
  title: 'CAA records cannot be looked up',
  soWhat:
    'An issuer that cannot look them up refuses to issue or renew; only for unsigned zones may it go on, and many do not.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Make every name server of the zone answer type CAA: with the records, or with "no such data".'],
    },
  ],
  sources: ['RFC 8659 3', 'CA/Browser Forum Baseline Requirements 3.2.2.8'],
  judge({ dns }) {
    const { caa } = dns;
    if (caa === undefined) return { outcome: 'not-judged', because: 'the CAA records were not asked for' };
    const failed = decidingSets(caa).filter(({ problem }) => problem !== null);
    const here = failed.filter(({ problem }) => problem !== null && problemCatalogue[problem.code].fault !== 'prober');
    const [first] = here;
    if (first !== undefined && caa.asked.every(({ problem }) => problem !== null)) {
      return {
        outcome: 'not-judged',
        because: 'the resolver answers no question for CAA, not even for the parent zones',
      };
    }
    if (failed.length > here.length) return { outcome: 'not-judged', because: 'a CAA lookup could not be made here' };
    return foundOrPass(first === undefined ? [] : [failure(dns, here)]);
  },
};

function failure(dns: DnsEvidence, [first, ...rest]: readonly CaaSetEvidence[]): Seen {
  const words = first?.problem == null ? [] : problemWords(first.problem);
  const more = rest.length === 0 ? '' : ` and for ${rest.length} of the names above it`;
  const name = first?.name ?? dns.name;
  return {
    what: [
      'Resolver ',
      dns.resolver,
      ' gets no answer to the question for the CAA records of ',
      name,
      `${more}: `,
      ...words,
      '.',
    ],
    nowWhat: [digResolver(dns, name, 'CAA'), ...caaLookupFailure.nowWhat],
    evidence: [pointer('evidence', 'dns', 'caa', 'asked', dns.caa?.asked.findIndex((one) => one === first) ?? 0)],
  };
}
