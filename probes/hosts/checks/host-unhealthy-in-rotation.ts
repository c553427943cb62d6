// Owns the check for sick hosts that the balancer keeps sending requests to.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import { sameText } from '../../../src/model/text.ts';
import type { EndpointHosts, HostRecord, HostsEvidence } from '../evidence.ts';
import type { HostsPolicy } from '../options.ts';

function whatOf({ identity, requests, failures, statuses }: HostRecord, record: EndpointHosts): Phrase {
  const errors = Object.keys(statuses).filter((status) => Number(status) >= 500);
  const how = errors.length === 0 ? 'breaks off' : `answers ${errors.join(' or ')}`;
  const share = Math.round((requests / record.requests) * 100);
  return [
    'Host ',
    identity,
    ` ${how}: ${failures} of ${requests} requests failed, and it takes ${share} % of this endpoint's requests.`,
  ];
}

/** A host without name, known by its turn. */
function inTurn({ endpoint, failurePeriod, requests }: EndpointHosts, index: number, share: number): readonly Seen[] {
  if (failurePeriod === null || failurePeriod === undefined) return [];
  const { period, failures } = failurePeriod;
  const much = failures >= share * requests;
  return [
    {
      what: [
        `Every ${ordinal(period)} request fails, ${failures} of ${requests}, and no other: one sick host in a rotation of ${period}.`,
      ],
      endpoint,
      ...(much ? { severity: 'critical' } : {}),
      evidence: [pointer('evidence', 'hosts', 'byEndpoint', index, 'failurePeriod')],
    },
  ];
}

function ordinal(n: number): string {
  const last = n % 100 > 10 && n % 100 < 14 ? 0 : n % 10;
  return `${n}${['th', 'st', 'nd', 'rd'][last] ?? 'th'}`;
}

export const hostUnhealthyInRotation: Check<{ hosts: HostsEvidence }, HostsPolicy> = {
  id: 'host-unhealthy-in-rotation',
  needs: ['hosts'],
  severity: 'warning',
  title: 'Sick host in rotation',
  soWhat: 'The balancer still sends it callers, so its health check does not see what callers see.',
  nowWhat: [
    { kind: 'change', text: ['Take the host out of the balancer, then make the health check ask what callers ask.'] },
  ],
  sources: ['RFC 9110 15.6'],
  judge({ hosts }, { policy }) {
    const nameless = hosts.byEndpoint.flatMap((record, index) =>
      record.unhealthy.length === 0 ? inTurn(record, index, policy.criticalShare) : [],
    );
    if (hosts.byEndpoint.every(({ identifiedBy }) => identifiedBy === null) && nameless.length === 0) {
      return { outcome: 'not-judged', because: 'nothing in the answers or handshakes tells the hosts apart' };
    }
    const seen = hosts.byEndpoint.flatMap((record, index) =>
      record.hosts.flatMap((host, at): readonly Seen[] => {
        if (!record.unhealthy.some((identity) => sameText(identity, host.identity))) return [];
        const much = host.requests >= policy.criticalShare * record.requests;
        return [
          {
            what: whatOf(host, record),
            endpoint: record.endpoint,
            ...(much ? { severity: 'critical' } : {}),
            nowWhat: [
              {
                kind: 'change',
                text: [
                  'Take ',
                  host.identity,
                  ' out of the balancer, then make the health check ask what callers ask.',
                ],
              },
            ],
            evidence: [pointer('evidence', 'hosts', 'byEndpoint', index, 'hosts', at)],
          },
        ];
      }),
    );
    return foundOrPass([...seen, ...nameless]);
  },
};
