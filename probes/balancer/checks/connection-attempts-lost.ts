// Owns the check for connections that came about only when the first packet was sent again.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { wilsonInterval } from '../../../src/stats/proportion.ts';
import { percent, shareWords } from '../derive.ts';
import type { BalancerEvidence } from '../evidence.ts';
import type { BalancerPolicy } from '../options.ts';

/** A single lost packet says nothing: the Internet loses one now and then. */
const LEAST = 2;

export const connectionAttemptsLost: Check<{ balancer: BalancerEvidence }, BalancerPolicy> = {
  id: 'connection-attempts-lost',
  needs: ['balancer'],
  severity: 'warning',
  title: 'First packets lost',
  soWhat:
    'Each such caller waits a second or more before anything else can begin; no server log shows it, and retries do not help.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Look at the listen queue of the balancer (full: SYNs are dropped) and at loss on the path; mtr --tcp to this address and port tells which.',
      ],
    },
  ],
  sources: ['RFC 6298 2.1 and 5.5: the first retransmission comes after 1 s', 'RFC 9293 3.8.1'],
  judge({ balancer }, { policy }) {
    const looked = balancer.byEndpoint.filter(({ tcp }) => tcp !== undefined);
    if (looked.length === 0) {
      const because = balancer.byEndpoint.length === 0 ? 'there is no endpoint' : 'the journey did not look';
      return { outcome: 'not-applicable', because };
    }
    if (looked.every(({ tcp }) => (tcp?.connected ?? 0) === 0)) {
      return { outcome: 'not-applicable', because: 'no connection was made: endpoint-down speaks of that' };
    }
    const seen = balancer.byEndpoint.flatMap((record, index): readonly Seen[] => {
      const { tcp } = record;
      if (tcp === undefined || tcp.resent < LEAST) return [];
      const [low, high] = wilsonInterval(tcp.resent, tcp.connected);
      const isMuch = low >= policy.lostShare;
      const by = tcp.resentBy === 'kernel' ? 'as the kernel counted' : 'by the whole seconds that they took longer';
      const start = `${tcp.resent} of ${tcp.connected} connections took more than one SYN, ${by}`;
      return [
        {
          what: [
            `${start} (${percent(low)} to ${percent(high)} of all, with 95 % confidence): the first one, or its answer, was lost.${shareWords(record, balancer)}`,
          ],
          endpoint: record.endpoint,
          ...(isMuch ? {} : { severity: 'notice' as const }),
          evidence: [pointer('evidence', 'balancer', 'byEndpoint', index, 'tcp')],
        },
      ];
    });
    return foundOrPass(seen);
  },
};
