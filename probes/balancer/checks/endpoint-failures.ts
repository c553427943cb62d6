// Owns the check for endpoints that answer some requests and fail others.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { curlTo, mainProblem, percent, serviceFailures, wilson } from '../derive.ts';
import type { BalancerEvidence } from '../evidence.ts';
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
      const failed = record.attempts - record.ok;
      if (failed === 0 || record.ok === 0) return [];
      const [low, high] = wilson(failed, record.attempts);
      const start = `${failed} of ${record.attempts} requests failed (${percent(low)} to ${percent(high)} of all, with 95 % confidence): `;
      return [
        {
          what: [start, ...mainProblem(record), '.'],
          endpoint: record.endpoint,
          ...(serviceFailures(record) === 0 ? { severity: 'notice' } : {}),
          nowWhat: [...endpointFailures.nowWhat, curlTo(target, record.endpoint)],
          evidence: [pointer('evidence', 'balancer', 'byEndpoint', index)],
        },
      ];
    });
    return foundOrPass(seen);
  },
};
