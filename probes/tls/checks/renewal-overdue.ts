// Owns the check for certificates that programs renew, and that have grown older than those programs let them.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { lifeSeverity, overdueSeverity } from '../../../src/x509/life.ts';
import { overdueSays, type Renewal, renewalOf } from '../../../src/x509/renewal.ts';
import { certificateAt, chainsIn, foundOrRead, nothingToJudge, type PlacedChain } from '../derive.ts';
import type { TlsCertificate, TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const renewalOverdue: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'renewal-overdue',
  needs: ['tls'],
  severity: 'warning',
  title: 'Renewal overdue',
  soWhat: 'What renews it has stopped, fails, or does not reach this server; nobody will look again before it expires.',
  nowWhat: [
    { kind: 'change', text: ['Read the log of what renews it; when a newer one lies on disk, reload the server.'] },
  ],
  sources: ['https://letsencrypt.org/docs/integration-guide/', 'RFC 9773'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const chains = chainsIn(tls);
    const unread = chains.filter(({ leaf }) => leaf?.notBefore == null || leaf.notAfter === null).length;
    const judged = chains.flatMap(({ leaf, ...placed }) => {
      const renewal = leaf === null ? null : renewalOf(leaf, given.asOfMs);
      return leaf === null || renewal === null ? [] : [{ placed: { ...placed, leaf }, renewal }];
    });
    if (judged.length === 0 && unread === 0)
      return { outcome: 'not-applicable', because: 'certificates of more than 100 days may be renewed by hand' };
    const overdue = judged.filter(({ renewal }) => renewal.isOverdue);
    const told = overdue.filter(
      ({ placed: { leaf } }) => lifeSeverity(leaf, given.policy, given.asOfMs) !== 'critical',
    );
    if (told.length === 0 && overdue.length > 0)
      return { outcome: 'not-applicable', because: 'certificate-expiry tells of those that are overdue' };
    const seen = told.map(({ placed, renewal }) => ({
      ...sight(placed, renewal, given.asOfMs),
      severity: overdueSeverity(given.policy),
    }));
    return foundOrRead(foundOrPass(seen), unread, 'the validity', tls);
  },
};

interface Readable extends PlacedChain {
  readonly leaf: TlsCertificate;
}

function sight({ leaf, chain, endpoint, at }: Readable, renewal: Renewal, asOfMs: number): Seen {
  return {
    what: ['The certificate of ', leaf.sans[0] ?? leaf.subject ?? 'no name', ` ${overdueSays(leaf, renewal, asOfMs)}.`],
    endpoint,
    evidence: [certificateAt(chain.chainSent[0] ?? ''), at],
  };
}
