// Owns the check for failures that turned from slow to fast, all of them: a circuit breaker opened, or the last host was taken out.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { LayersEvidence } from '../evidence.ts';
import { seconds } from '../words.ts';

export const breakerOpen: Check<{ layers: LayersEvidence }> = {
  id: 'breaker-open',
  needs: ['layers'],
  severity: 'notice',
  title: 'An open circuit breaker',
  soWhat:
    'While it is open every caller of this address fails at once, whatever the state of the hosts: that spares them, and ends only when a trial goes well.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Look for outlier ejection, an open breaker or a server marked down in the proxy at that time, and for what was slow before.',
      ],
    },
  ],
  sources: [
    'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier',
    'https://martinfowler.com/bliki/CircuitBreaker.html',
    'HAProxy observe, on-error mark-down',
  ],
  judge({ layers: { byEndpoint } }) {
    if (byEndpoint.every(({ breaker }) => breaker === undefined)) {
      return { outcome: 'not-applicable', because: 'the journey did not look' };
    }
    if (byEndpoint.every(({ failures = 0 }) => failures === 0)) {
      return { outcome: 'not-applicable', because: 'no answer was a failure' };
    }
    return foundOrPass(
      byEndpoint.flatMap(({ endpoint, breaker }, index): readonly Seen[] => {
        if (breaker === null || breaker === undefined) return [];
        const { slow, slowP50Ms, fast, fastP50Ms, openMs, recovered } = breaker;
        const waited = slowP50Ms === null ? 'without an answer in time' : `after ${seconds(slowP50Ms)} each`;
        const end = recovered ? `then it answered again (${seconds(openMs)} later)` : 'until the end of the ride';
        const what = `${slow} slow failures (${waited}), then ${fast} fast ones (${seconds(fastP50Ms)} each) and no success between them, ${end}: as when a circuit breaker opens, or the last host is taken out.`;
        return [{ what: [what], endpoint, evidence: [pointer('evidence', 'layers', 'byEndpoint', index, 'breaker')] }];
      }),
    );
  },
};
