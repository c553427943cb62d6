// Owns the check that the name still answers what it answered in earlier journeys.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { listing, pointer } from '../../../src/model/finding.ts';
import { digResolver } from '../derive.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { type Change, type OverTime, overTime } from '../over-time.ts';

export const answerChanged: Check<DnsFacts, DnsPolicy> = {
  id: 'answer-changed',
  needs: ['dns'],
  severity: 'notice',
  title: 'The name gives other addresses than in an earlier journey',
  soWhat: 'Traffic goes elsewhere than it did then: a failover, a change by hand, or a balancer that grew or shrank.',
  nowWhat: [{ kind: 'change', text: ['Look for the change in the history of the zone and of its health checks.'] }],
  sources: ['https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-types.html'],
  judge({ dns }, given) {
    if (dns.earlier === undefined)
      return { outcome: 'not-applicable', because: 'no earlier journey was given (--since)' };
    const seen = overTime(dns, given);
    if (seen === null)
      return { outcome: 'not-judged', because: 'no address to compare: of the earlier journeys or of this one' };
    if (seen.kind === 'drawn')
      return { outcome: 'not-applicable', because: 'the name chooses among addresses for every answer' };
    return foundOrPass(seen.changes.map((change) => sight(dns, change, seen)));
  },
};

function sight(dns: DnsEvidence, { from, to, gone, came, failing }: Change, { kind }: OverTime): Seen {
  const at = (index: number | null) =>
    index === null ? pointer('evidence', 'dns', 'records') : pointer('evidence', 'dns', 'earlier', index);
  const parts = [
    ...(from.name === to.name ? [] : [`leads to ${to.name} instead of ${from.name}`]),
    ...(gone.length === 0 ? [] : [`no longer gives ${named(gone)}`]),
    ...(came.length === 0 ? [] : [`gives ${named(came)} ${gone.length === 0 ? 'beside those of then' : 'instead'}`]),
  ];
  const why = failing.length === 0 ? '' : `; ${named(failing)} failed then`;
  const verdict = kind === 'failover' ? ': a failover, as it looks' : '';
  const moments = `since ${from.at ?? ''}${to.at === null ? '' : ` and until ${to.at}`}`;
  return {
    what: [dns.name, ` changed ${moments}: it ${parts.join(', ')}${why}${verdict}.`],
    nowWhat: [digResolver(dns, dns.name), ...answerChanged.nowWhat],
    evidence: [at(from.index), at(to.index)],
  };
}

/** Addresses written out in a sentence. */
const SHOWN = 6;

function named(addresses: readonly string[]): string {
  return listing(addresses, SHOWN).join('');
}
