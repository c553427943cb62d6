// Owns the check for successes that came late by the same time each: a first try that timed out before them.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { HostsEvidence } from '../evidence.ts';

/** Answers without which late ones could not be told from the usual. */
const LEAST_ANSWERS = 6;

export const failureHiddenByRetry: Check<{ hosts: HostsEvidence }> = {
  id: 'failure-hidden-by-retry',
  needs: ['hosts'],
  severity: 'notice',
  title: 'Failures hidden by retries',
  soWhat:
    'Something fails and is tried again: callers see a success, but a late one, and the retries add load where there is least room.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Look for retries and redispatches in the log of the balancer, and for the host that they leave.'],
    },
  ],
  sources: ['HAProxy retries, option redispatch', 'nginx proxy_next_upstream'],
  judge({ hosts: { byEndpoint } }) {
    if (byEndpoint.every(({ late }) => late === undefined)) {
      return { outcome: 'not-applicable', because: 'the journey did not look' };
    }
    if (byEndpoint.every(({ answered }) => answered < LEAST_ANSWERS)) {
      return { outcome: 'not-applicable', because: `no endpoint gave ${LEAST_ANSWERS} answers; ask for more with -n` };
    }
    return foundOrPass(
      byEndpoint.flatMap(({ endpoint, late }, index): readonly Seen[] => {
        if (late === null || late === undefined) return [];
        const { answers, of, extraMs, spreadMs } = late;
        return [
          {
            what: [
              `${answers} of ${of} successful answers came ${Math.round(extraMs)} ms later than the others, within ${Math.round(spreadMs)} ms of each other: as after a first try that timed out, or a packet that was sent again.`,
            ],
            endpoint,
            evidence: [pointer('evidence', 'hosts', 'byEndpoint', index, 'late')],
          },
        ];
      }),
    );
  },
};
