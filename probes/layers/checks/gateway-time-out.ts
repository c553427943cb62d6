// Owns the check for failures that all came after the same wait: a layer gave up on what is behind it.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { LayersEvidence } from '../evidence.ts';
import { seconds } from '../words.ts';

export const gatewayTimeOut: Check<{ layers: LayersEvidence }> = {
  id: 'gateway-time-out',
  needs: ['layers'],
  severity: 'notice',
  title: 'Failures after a time-out',
  soWhat: 'Callers wait all that time for a failure, and hold their own threads and connections meanwhile.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Look in the log of the proxy for the upstream that did not answer, and let the time-out be shorter than what callers wait.',
      ],
    },
  ],
  sources: [
    'RFC 9110 15.6.5',
    'nginx proxy_read_timeout, proxy_connect_timeout',
    'HAProxy timeout server, timeout connect',
  ],
  judge({ layers: { byEndpoint } }) {
    if (byEndpoint.every(({ timeOuts }) => timeOuts === undefined)) {
      return { outcome: 'not-applicable', because: 'the journey did not look' };
    }
    if (byEndpoint.every(({ failures = 0 }) => failures === 0)) {
      return { outcome: 'not-applicable', because: 'no answer was a failure' };
    }
    return foundOrPass(
      byEndpoint.flatMap(({ endpoint, timeOuts = [] }, index): readonly Seen[] =>
        timeOuts.flatMap(({ after, answers, of, waitMs, spreadMs }, at): readonly Seen[] => {
          if (after !== 'failed') return [];
          const what = `${answers} of ${of} answers failed after ${seconds(waitMs)} each, within ${Math.round(spreadMs)} ms: as after a time-out of a layer on the way.`;
          return [
            { what: [what], endpoint, evidence: [pointer('evidence', 'layers', 'byEndpoint', index, 'timeOuts', at)] },
          ];
        }),
      ),
    );
  },
};
