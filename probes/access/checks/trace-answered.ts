// Owns the check for a server that sends requests back as they came (TRACE).
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { AccessEvidence } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';

export const traceAnswered: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'trace-answered',
  needs: ['access'],
  severity: 'notice',
  title: 'TRACE answered',
  soWhat:
    'The answer shows the fields that layers on the way add to a request: addresses inside, tokens of one layer for the next.',
  nowWhat: [{ kind: 'change', text: ['Refuse TRACE at the edge (Apache: TraceEnable off).'] }],
  sources: ['RFC 9110 9.3.8'],
  judge({ access: { trace } }) {
    if (trace === undefined) return { outcome: 'not-applicable', because: 'TRACE was not tried (--try-trace)' };
    if (trace.status === null) return { outcome: 'not-applicable', because: 'TRACE was not answered' };
    const what = ['TRACE was answered 200 with the request as it arrived.'];
    const { endpoint } = trace;
    return foundOrPass(trace.echoed ? [{ what, endpoint, evidence: [pointer('evidence', 'access', 'trace')] }] : []);
  },
};
