// Owns the check for HTTPS answers without Strict-Transport-Security.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { AccessEvidence } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';

export const hstsMissing: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'hsts-missing',
  needs: ['access'],
  severity: 'notice',
  title: 'No strict transport security',
  soWhat:
    'A browser that is sent to http:// first can be kept there by somebody on the way. Programs that only speak https are not concerned.',
  nowWhat: [{ kind: 'change', text: ['Send Strict-Transport-Security from the balancer if browsers come here.'] }],
  sources: ['RFC 6797 7.1'],
  judge({ access }, { target }) {
    if (target.scheme !== 'https')
      return { outcome: 'not-applicable', because: 'the header counts over https only (RFC 6797 8.1)' };
    if (target.isAddress)
      return { outcome: 'not-applicable', because: 'the header counts for names only (RFC 6797 8.1.1)' };
    const answered = access.byEndpoint.filter((each) => each.answered > 0);
    if (answered.length === 0) return { outcome: 'not-judged', because: 'no request was answered' };
    const without = answered.filter(
      (each) => each.strictTransport + (each.strictTransportUnknown ?? 0) < each.answered,
    );
    if (without.length === 0 && answered.some((each) => each.strictTransport < each.answered))
      return { outcome: 'not-judged', because: 'header fields beyond the limit were not kept' };
    const where =
      without.length === answered.length ? 'every endpoint' : `${without.length} of ${answered.length} endpoints`;
    const what = [`Answers of ${where} came without Strict-Transport-Security.`];
    return foundOrPass(without.length === 0 ? [] : [{ what, evidence: [pointer('evidence', 'access', 'byEndpoint')] }]);
  },
};
