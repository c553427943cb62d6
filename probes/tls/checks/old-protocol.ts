// Owns the check for endpoints that agree on nothing newer than TLS 1.1.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { foundOrSeen, nothingToJudge } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

const OLD = new Set(['SSLv3', 'TLSv1', 'TLSv1.1']);

export const oldProtocol: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'old-protocol',
  needs: ['tls'],
  severity: 'critical',
  title: 'Nothing newer than TLS 1.1',
  soWhat: 'TLS 1.0 and 1.1 are withdrawn: browsers and current libraries refuse the endpoint.',
  nowWhat: [{ kind: 'change', text: ['Enable TLS 1.2 and 1.3 where this endpoint ends TLS.'] }],
  sources: ['RFC 8996'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const seen = tls.byEndpoint.flatMap(({ endpoint, protocols }, index): readonly Seen[] => {
      const old = protocols.filter((protocol) => OLD.has(protocol));
      if (old.length === 0) return [];
      const what = [`Offered up to TLS 1.3, the server chose ${old.join(' or ')}.`];
      return [{ what, endpoint, evidence: [pointer('evidence', 'tls', 'byEndpoint', index, 'protocols')] }];
    });
    return foundOrSeen(foundOrPass(seen), tls);
  },
};
