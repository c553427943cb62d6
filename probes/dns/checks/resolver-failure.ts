// Owns the check that the resolver answers, for both address families.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { type Problem, problemCatalogue } from '../../../src/model/problem.ts';
import { digAt, digResolver, problemWords } from '../derive.ts';
import type { DnsEvidence, DnsFacts, ResolverEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const resolverFailure: Check<DnsFacts, DnsPolicy> = {
  id: 'resolver-failure',
  needs: ['dns'],
  severity: 'critical',
  title: 'The resolver cannot answer',
  soWhat: 'Clients of this resolver wait or fail before they send the first packet to the service.',
  nowWhat: [{ kind: 'change', text: ['Ask another resolver with --resolver to tell its fault from the authority’s.'] }],
  sources: ['RFC 8914', 'RFC 9520', 'RFC 4035 3.2.2'],
  judge({ dns }) {
    const { problem, ipv4Problem } = dns.lookup;
    if (problem !== null && problemCatalogue[problem.code].fault === 'prober') {
      return {
        outcome: 'not-judged',
        because: `the lookup could not be made here: ${problemCatalogue[problem.code].says}`,
      };
    }
    if (problem !== null && failed(problem)) {
      const held = heldBack(dns.resolvers?.find(({ resolver }) => resolver === dns.resolver));
      const words = [...problemWords(problem), held ? HELD_BACK : ''];
      const what = ['Resolver ', dns.resolver, ' gives no answer for ', dns.name, ': ', ...words, '.'];
      const nowWhat = [digResolver(dns, ...(held ? ['+cd'] : []), dns.name, 'A'), ...resolverFailure.nowWhat];
      return {
        outcome: 'found',
        seen: [{ what, nowWhat, evidence: [pointer('evidence', 'dns', 'lookup', 'problem')] }],
      };
    }
    const told = problem === null ? ipv4Failure(dns, ipv4Problem) : [];
    // The other way round is ipv6-missing-answer.
    return foundOrPass([...told, ...failing(dns, (ipv4Problem ?? dns.lookup.ipv6Problem) !== null)]);
  },
};

const HELD_BACK = '; asked not to check signatures (CD=1) it answers, so that DNSSEC is what fails there';

/** True when the resolver validates and found the signatures not to hold: it has the answer, and keeps it (RFC 4035 3.2.2). */
function heldBack(resolver: ResolverEvidence | undefined): boolean {
  return resolver?.uncheckedRcode === 'NOERROR' || resolver?.uncheckedRcode === 'NXDOMAIN';
}

/** True when the problem is the asking, not what the name has. */
function failed({ code }: Problem): boolean {
  return code !== 'nxdomain' && code !== 'nodata' && code !== 'dns-alias-loop';
}

/** Resolvers that fail while others answer; the one of the lookup is not told twice. */
function failing(dns: DnsEvidence, told: boolean): readonly Seen[] {
  const { resolvers = [] } = dns;
  const answering = resolvers.filter(({ error }) => error === null);
  if (answering.length === 0) return [];
  const others =
    answering.length === 1
      ? ` while ${answering.map((one) => one.resolver).join('')} answers: `
      : ` while ${answering.length} others answer: `;
  return resolvers.flatMap((one, index) => {
    const { resolver, error, detail } = one;
    if (error === null || problemCatalogue[error].fault === 'prober' || (told && resolver === dns.resolver)) return [];
    const words = [...(detail === null ? [] : [' (', detail, ')']), heldBack(one) ? HELD_BACK : ''];
    return [
      {
        what: ['Resolver ', resolver, ' fails for ', dns.name, others, problemCatalogue[error].says, ...words, '.'],
        severity: 'notice' as const,
        soWhat: 'Clients that ask it first wait for it, or fail where they know no other.',
        nowWhat: [digAt(resolver, dns.name, 'A')],
        evidence: [pointer('evidence', 'dns', 'resolvers', index)],
      },
    ];
  });
}

/** A fails while AAAA answers: clients that ask for both wait for the failing one. */
function ipv4Failure(dns: DnsEvidence, problem: Problem | null): readonly Seen[] {
  if (problem === null || problemCatalogue[problem.code].fault === 'prober') return [];
  return [
    {
      what: ['The A lookup of ', dns.name, ' fails while AAAA answers: ', ...problemWords(problem), '.'],
      severity: 'warning',
      nowWhat: [digResolver(dns, dns.name, 'A'), ...resolverFailure.nowWhat],
      evidence: [pointer('evidence', 'dns', 'lookup', 'ipv4Problem')],
    },
  ];
}
