// Owns the check for endpoints that answered not one request.
import { type Check, foundOrPass, type Judged, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { problemCatalogue } from '../../../src/model/problem.ts';
import { curlTo, cutWords, failuresOf, mainProblem, shareWords } from '../derive.ts';
import type { BalancerEvidence, EndpointRecord } from '../evidence.ts';
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
      const { theirs, theirsCount, oursCount } = failuresOf(record);
      if (record.ok > 0 || theirsCount === 0) return [];
      const rest = oursCount === 0 ? '' : `; ${oursCount} more could not be tried from here`;
      return [
        {
          what: [
            theirsCount === 1 ? 'The one request was not answered: ' : `None of ${theirsCount} requests was answered: `,
            ...mainProblem(theirs),
            rest,
            `.${shareWords(record, balancer)}`,
          ],
          endpoint: record.endpoint,
          nowWhat: [...endpointDown.nowWhat, curlTo(target, record.endpoint)],
          evidence: [pointer('evidence', 'balancer', 'byEndpoint', index)],
        },
      ];
    });
    if (seen.length > 0) return foundOrPass(seen);
    return unseen(balancer) ?? foundOrPass(absentFamily(balancer));
  },
};

/** Endpoints of which nothing is known, for a reason that is not the service's: they must not pass. */
function unseen({ byEndpoint }: BalancerEvidence): Judged | null {
  const dark = byEndpoint.filter((record) => record.ok === 0 && failuresOf(record).theirsCount === 0);
  const silent = dark.every(isOtherFamily) && dark.length < byEndpoint.length;
  if (dark.length === 0 || silent) return null;
  const tried = dark.find(({ attempts }) => attempts > 0);
  const why = tried === undefined ? 'not tried before the ride ended' : problemWords(tried);
  return { outcome: 'not-judged', because: `${dark.length} of ${byEndpoint.length} endpoints: ${why}` };
}

function problemWords(record: EndpointRecord): string {
  if (record.cut === record.attempts) return cutWords(record);
  const code = record.problems[0]?.code;
  return code === undefined ? 'no problem was recorded' : problemCatalogue[code].says;
}

/** True when this machine lacks the whole address family: usual where one of IPv4 and IPv6 is missing. */
function isOtherFamily({ attempts, problems }: EndpointRecord): boolean {
  return attempts > 0 && problems.every(({ code }) => code === 'no-ipv6' || code === 'no-route');
}

function absentFamily({ byEndpoint }: BalancerEvidence): readonly Seen[] {
  return byEndpoint.flatMap((record, index): readonly Seen[] => {
    if (record.ok > 0 || !isOtherFamily(record)) return [];
    return [
      {
        what: ['This endpoint could not be tried from here: ', ...mainProblem(record.problems), '.'],
        endpoint: record.endpoint,
        severity: 'notice',
        soWhat: 'Nothing is known about this endpoint: callers who use it may be served or not.',
        nowWhat: [
          { kind: 'change', text: ['Ride from a machine that can reach it, or leave this family out (-4, -6).'] },
        ],
        evidence: [pointer('evidence', 'balancer', 'byEndpoint', index)],
      },
    ];
  });
}
