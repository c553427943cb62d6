// Owns the check for endpoints that answer some requests and fail others.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { curlTo, cutWords, failuresOf, mainProblem, percent, shareWords, wilson } from '../derive.ts';
import type { BalancerEvidence, EndpointRecord } from '../evidence.ts';
import type { BalancerPolicy } from '../options.ts';

export const endpointFailures: Check<{ balancer: BalancerEvidence }, BalancerPolicy> = {
  id: 'endpoint-failures',
  needs: ['balancer'],
  severity: 'warning',
  title: 'Endpoint fails some requests',
  soWhat: 'Callers see the same failures now and then; retries hide them and add load.',
  nowWhat: [{ kind: 'change', text: ['Ask more often to see whether it is one host or all of them.'] }],
  sources: ['E. B. Wilson, Journal of the American Statistical Association 22 (1927): interval of a rate'],
  judge({ balancer }, { target }) {
    const tried = balancer.byEndpoint.filter(({ attempts }) => attempts > 0);
    if (tried.length === 0) return { outcome: 'not-judged', because: 'no request was sent' };
    if (tried.every(({ ok }) => ok === 0)) {
      return { outcome: 'not-applicable', because: 'no endpoint answered at all: endpoint-down speaks of that' };
    }
    const seen = balancer.byEndpoint.flatMap((record, index): readonly Seen[] => {
      if (record.ok === 0) return [];
      const { ours, oursCount, theirs, theirsCount } = failuresOf(record);
      const nowWhat = [...endpointFailures.nowWhat, curlTo(target, record.endpoint)];
      const evidence = [pointer('evidence', 'balancer', 'byEndpoint', index)] as const;
      const place = { endpoint: record.endpoint, evidence };
      const left = record.attempts - oursCount - (record.cut ?? 0);
      const [low, high] = wilson(theirsCount, Math.max(1, left));
      const start = `${theirsCount} of ${left} requests failed (${percent(low)} to ${percent(high)} of all, with 95 % confidence): `;
      const failed = { what: [start, ...mainProblem(theirs), `.${shareWords(record, balancer)}`], nowWhat, ...place };
      const own = {
        what: [`${oursCount} of ${record.attempts} requests could not be tried from here: `, ...mainProblem(ours), '.'],
        severity: 'notice' as const,
        soWhat: 'This says nothing about the service; fewer requests stand behind the figures.',
        nowWhat: [{ kind: 'change' as const, text: ['Give this machine what it lacks, or ask more slowly (--rate).'] }],
        ...place,
      };
      const cut = {
        what: [`${cutWords(record)}.`],
        soWhat: 'They may have failed, or only be slow: what is known of this endpoint is too good.',
        nowWhat: [
          {
            kind: 'change' as const,
            text: ['Let the ride go on for longer (--deadline), or wait less for each (--timeout).'],
          },
        ],
        ...place,
      };
      return [...(theirsCount > 0 ? [failed] : []), ...(oursCount > 0 ? [own] : []), ...(hangs(record) ? [cut] : [])];
    });
    return foundOrPass(seen);
  },
};

/** Of a ride that is stopped some request is always on its way; this many times the median is longer than that. */
const LONG = 5;

function hangs({ cutAfterMs, totalP50Ms }: EndpointRecord): boolean {
  return cutAfterMs != null && totalP50Ms !== null && cutAfterMs > LONG * totalP50Ms;
}
