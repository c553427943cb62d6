// Owns the check that the resolver answers, for both address families.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { type Problem, problemCatalogue } from '../../../src/model/problem.ts';
import { digResolver } from '../derive.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const resolverFailure: Check<DnsFacts, DnsPolicy> = {
  id: 'resolver-failure',
  needs: ['dns'],
  severity: 'critical',
  title: 'The resolver cannot answer',
  soWhat: 'Clients of this resolver wait or fail before they send the first packet to the service.',
  nowWhat: [{ kind: 'change', text: ['Ask another resolver with --resolver to tell its fault from the authority’s.'] }],
  sources: ['RFC 8914', 'RFC 9520'],
  judge({ dns }) {
    const { problem, ipv4Problem } = dns.lookup;
    if (problem !== null && problemCatalogue[problem.code].fault === 'prober') {
      return {
        outcome: 'not-judged',
        because: `the lookup could not be made here: ${problemCatalogue[problem.code].says}`,
      };
    }
    if (problem !== null && failed(problem)) {
      const what = [
        'Resolver ',
        dns.resolver,
        ' gives no answer for ',
        dns.name,
        ': ',
        problemCatalogue[problem.code].says,
        '.',
      ];
      const nowWhat = [digResolver(dns, dns.name, 'A'), ...resolverFailure.nowWhat];
      return {
        outcome: 'found',
        seen: [{ what, nowWhat, evidence: [pointer('evidence', 'dns', 'lookup', 'problem')] }],
      };
    }
    if (problem !== null) return { outcome: 'pass' };
    // The other way round is ipv6-missing-answer.
    return foundOrPass(ipv4Failure(dns, ipv4Problem));
  },
};

/** True when the problem is the asking, not what the name has. */
function failed({ code }: Problem): boolean {
  return code !== 'nxdomain' && code !== 'nodata' && code !== 'dns-alias-loop';
}

/** A fails while AAAA answers: clients that ask for both wait for the failing one. */
function ipv4Failure(dns: DnsEvidence, problem: Problem | null): readonly Seen[] {
  if (problem === null || problemCatalogue[problem.code].fault === 'prober') return [];
  return [
    {
      what: ['The A lookup of ', dns.name, ` fails while AAAA answers: ${problemCatalogue[problem.code].says}.`],
      severity: 'warning',
      nowWhat: [digResolver(dns, dns.name, 'A'), ...resolverFailure.nowWhat],
      evidence: [pointer('evidence', 'dns', 'lookup', 'ipv4Problem')],
    },
  ];
}
