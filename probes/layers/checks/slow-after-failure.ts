// Owns the check for hosts whose answers right after a failure are later than their others.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { LayersEvidence } from '../evidence.ts';
import type { LayersPolicy } from '../options.ts';
import { seconds } from '../words.ts';

export const slowAfterFailure: Check<{ layers: LayersEvidence }, LayersPolicy> = {
  id: 'slow-after-failure',
  needs: ['layers'],
  severity: 'notice',
  title: 'A host that is slow after it failed',
  soWhat:
    'It takes callers again before it is itself again: connections, caches or workers are made anew while people wait.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Look for restarts of workers and lost connection pools on that host, and let it come back slowly.'],
    },
  ],
  sources: ['HAProxy slowstart', 'nginx slow_start', 'Envoy slow_start_config'],
  judge({ layers: { byEndpoint } }, { policy }) {
    if (byEndpoint.every(({ afterFailure }) => afterFailure === undefined)) {
      return { outcome: 'not-applicable', because: 'the journey did not look' };
    }
    if (byEndpoint.every(({ failures = 0 }) => failures === 0)) {
      return { outcome: 'not-applicable', because: 'no answer was a failure' };
    }
    return foundOrPass(
      byEndpoint.flatMap(({ endpoint, afterFailure = [] }, index): readonly Seen[] =>
        afterFailure.flatMap(({ identity, answers, shiftMs, shiftIntervalMs: [low, high] }, at): readonly Seen[] => {
          if (low < policy.slowAfterFailureMs) return [];
          const figures = ` came ${seconds(shiftMs)} later than its others (95 %: ${seconds(low)} to ${seconds(high)}).`;
          return [
            {
              what: [`${answers} answers of `, identity, ' right after a failure of its own', figures],
              endpoint,
              evidence: [pointer('evidence', 'layers', 'byEndpoint', index, 'afterFailure', at)],
            },
          ];
        }),
      ),
    );
  },
};
