// Owns the check for endpoints that answered not one request.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { curlTo, mainProblem } from '../derive.ts';
import type { BalancerEvidence } from '../evidence.ts';
import type { BalancerPolicy } from '../options.ts';

export const endpointDown: Check<{ balancer: BalancerEvidence }, BalancerPolicy> = {
  id: 'endpoint-down',
  needs: ['balancer'],
  severity: 'critical',
  title: 'Endpoint down',
  soWhat: 'Callers who are sent to this address fail until they try another one, if they do.',
  nowWhat: [{ kind: 'change', text: ['Bring its balancer back, or take the address out of DNS.'] }],
  sources: ['RFC 8305'],
  judge({ balancer }, { target }) {
    if (balancer.byEndpoint.length === 0) return { outcome: 'not-judged', because: 'no endpoint was found to ride' };
    const seen = balancer.byEndpoint.flatMap((record, index): readonly Seen[] => {
      if (record.attempts === 0 || record.ok > 0) return [];
      const ours = record.problems.every(({ fault }) => fault === 'prober');
      const start = ours
        ? 'This endpoint could not be tried from here: '
        : `None of ${record.attempts} requests was answered: `;
      const nowWhat = ours
        ? [
            {
              kind: 'change' as const,
              text: ['Ride from a machine that can reach it, or leave this family out (-4, -6).'],
            },
          ]
        : [...endpointDown.nowWhat, curlTo(target, record.endpoint)];
      return [
        {
          what: [start, ...mainProblem(record), '.'],
          endpoint: record.endpoint,
          ...(ours ? { severity: 'notice' } : {}),
          nowWhat,
          evidence: [pointer('evidence', 'balancer', 'byEndpoint', index)],
        },
      ];
    });
    const untried = balancer.byEndpoint.filter(({ attempts }) => attempts === 0).length;
    if (seen.length > 0 || untried === 0) return foundOrPass(seen);
    return { outcome: 'not-judged', because: `${untried} endpoints were not tried before the ride ended` };
  },
};
