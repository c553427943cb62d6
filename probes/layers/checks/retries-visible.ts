// Owns the check for answers that a proxy needed several attempts to get.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { LayersEvidence } from '../evidence.ts';
import type { LayersPolicy } from '../options.ts';
import { seconds } from '../words.ts';

export const retriesVisible: Check<{ layers: LayersEvidence }, LayersPolicy> = {
  id: 'retries-visible',
  needs: ['layers'],
  severity: 'notice',
  title: 'Retries behind the balancer',
  soWhat: 'Something behind the proxy fails and is hidden by retries: callers wait longer, and the load is multiplied.',
  nowWhat: [
    { kind: 'change', text: ['Look at the retry statistics of the proxy: which upstream fails first attempts.'] },
  ],
  sources: ['https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter'],
  judge({ layers }) {
    const { counted, retried, attemptsMax, onceP50Ms = null, retriedP50Ms = null } = layers.retryHints;
    if (counted === 0) return { outcome: 'not-applicable', because: 'no proxy says how many attempts it made' };
    const known = onceP50Ms !== null && retriedP50Ms !== null;
    const late = known ? ` (median wait ${seconds(retriedP50Ms)}, of the others ${seconds(onceP50Ms)})` : '';
    const what = `${retried} of ${counted} answers took more than one attempt, up to ${attemptsMax ?? 0}${late}.`;
    return foundOrPass(
      retried === 0 ? [] : [{ what: [what], evidence: [pointer('evidence', 'layers', 'retryHints')] }],
    );
  },
};
