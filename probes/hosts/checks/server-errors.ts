// Owns the check for server errors that no single sick host explains.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { sameText } from '../../../src/model/text.ts';
import type { EndpointHosts, HostsEvidence } from '../evidence.ts';
import type { HostsPolicy } from '../options.ts';

/** 5xx answers that are not those of a host which is a finding of its own. */
function unexplained({ serverErrors, hosts, unhealthy, failurePeriod }: EndpointHosts): number {
  // One host in turn, with or without name.
  if (failurePeriod !== null && failurePeriod !== undefined) return 0;
  const explained = hosts
    .filter(({ identity }) => unhealthy.some((sick) => sameText(sick, identity)))
    .flatMap(({ statuses }) => Object.entries(statuses))
    .filter(([status]) => Number(status) >= 500)
    .reduce((sum, [, n]) => sum + n, 0);
  return serverErrors - explained;
}

export const serverErrors: Check<{ hosts: HostsEvidence }, HostsPolicy> = {
  id: 'server-errors',
  needs: ['hosts'],
  severity: 'warning',
  title: 'Server errors',
  soWhat: 'Callers get an error page instead of an answer, and what retries adds load to what is left.',
  nowWhat: [{ kind: 'change', text: ['Look at the error logs of the hosts and of the balancer of this zone.'] }],
  sources: ['RFC 9110 15.6'],
  judge({ hosts }) {
    if (hosts.byEndpoint.every(({ answered }) => answered === 0)) {
      return { outcome: 'not-judged', because: 'no request was answered' };
    }
    const seen = hosts.byEndpoint.flatMap((record, index): readonly Seen[] => {
      const left = unexplained(record);
      if (left === 0) return [];
      const all = record.serverErrors === record.answered;
      const where = record.identifiedBy === null ? ' The hosts behind it cannot be told apart.' : '';
      return [
        {
          what: [
            `${all ? 'All' : left} ${all ? left : `of ${record.answered}`} answers are server errors (5xx).${where}`,
          ],
          endpoint: record.endpoint,
          ...(all ? { severity: 'critical' } : {}),
          evidence: [pointer('evidence', 'hosts', 'byEndpoint', index)],
        },
      ];
    });
    const explained = hosts.byEndpoint.some(({ serverErrors: n }) => n > 0);
    if (seen.length > 0 || !explained) return foundOrPass(seen);
    return {
      outcome: 'not-applicable',
      because: 'every server error comes from a sick host, which is a finding of its own',
    };
  },
};
