// Owns the check for successes that are late by one time-out or several: tries that timed out before the one that went well.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { LayersEvidence } from '../evidence.ts';
import { seconds } from '../words.ts';

/** Two groups of which the smaller has three. */
const LEAST_ANSWERS = 6;

/** The kernel sends a lost packet again within this time, and says so only where it was asked. */
const PACKET_MS = 1000;

export const timeOutHiddenByRetry: Check<{ layers: LayersEvidence }> = {
  id: 'time-out-hidden-by-retry',
  needs: ['layers'],
  severity: 'notice',
  title: 'Time-outs hidden by retries',
  soWhat:
    'Callers see a success, but a late one: a layer waited for a host that did not answer, then asked again, and each try is load.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Find the host that first tries are lost to in the log of the proxy; shorten its connect time-out, and take hosts out by a health check.',
      ],
    },
  ],
  sources: ['HAProxy retries, option redispatch, timeout connect', 'nginx proxy_next_upstream, proxy_connect_timeout'],
  judge({ layers: { byEndpoint } }) {
    if (byEndpoint.every(({ timeOuts }) => timeOuts === undefined)) {
      return { outcome: 'not-applicable', because: 'the journey did not look' };
    }
    if (byEndpoint.every(({ answered, failures = 0 }) => answered - failures < LEAST_ANSWERS)) {
      return { outcome: 'not-applicable', because: `no endpoint gave ${LEAST_ANSWERS} answers; ask for more with -n` };
    }
    return foundOrPass(
      byEndpoint.flatMap(({ endpoint, timeOuts = [], lateByHosts }, index): readonly Seen[] =>
        timeOuts.flatMap(({ after, answers, of, extraMs, steps, spreadMs }, at): readonly Seen[] => {
          // The hosts probe has found the same, and says it.
          if (after !== 'late' || lateByHosts === true) return [];
          const times = steps === 1 ? seconds(extraMs) : `once to ${steps} times ${seconds(extraMs)}`;
          const what = `${answers} of ${of} successful answers came ${times} later than the others, to within ${Math.round(spreadMs)} ms: as after tries that timed out${extraMs < PACKET_MS ? ', or a packet that was sent again' : ''}.`;
          return [
            { what: [what], endpoint, evidence: [pointer('evidence', 'layers', 'byEndpoint', index, 'timeOuts', at)] },
          ];
        }),
      ),
    );
  },
};
