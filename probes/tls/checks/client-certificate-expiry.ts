// Owns the check for our own certificate, which servers that ask for one refuse once it has expired.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { expiry } from '../../../src/x509/instant.ts';
import { lifeSeverity } from '../../../src/x509/life.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const clientCertificateExpiry: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'client-certificate-expiry',
  needs: ['tls'],
  severity: 'critical',
  title: 'Client certificate expired or about to',
  soWhat: 'From that moment servers that ask callers for a certificate refuse this one.',
  nowWhat: [{ kind: 'change', text: ['Renew the certificate that is given with --client-cert.'] }],
  sources: ['RFC 5280 4.1.2.5', 'RFC 8446 4.4.2.4'],
  judge({ tls }, given) {
    if (given.target.scheme === 'http') return { outcome: 'not-applicable', because: 'the target is plain http' };
    const { client } = tls;
    if (client === undefined)
      return { outcome: 'not-applicable', because: 'the ride has no certificate of its own to show' };
    const { notAfter } = client;
    if (notAfter === null) return { outcome: 'not-judged', because: 'its end of validity cannot be read' };
    const severity = lifeSeverity(client, given.policy, given.asOfMs);
    if (severity === null) return { outcome: 'pass' };
    return foundOrPass([
      {
        what: [
          'Our certificate of ',
          client.subject ?? 'no name',
          ', issued by ',
          client.issuer ?? 'nobody named',
          `, ${expiry(notAfter, given.asOfMs)}.`,
        ],
        severity,
        evidence: [pointer('evidence', 'tls', 'client')],
      },
    ]);
  },
};
