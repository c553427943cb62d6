// Owns the check that the certificate of a resolver over TLS or HTTPS lives on: clients that verify it lose their resolver at once.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { DAY_MS, expiry } from '../../../src/x509/instant.ts';
import type { DnsFacts, ResolverEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const resolverCertificateExpiry: Check<DnsFacts, DnsPolicy> = {
  id: 'resolver-certificate-expiry',
  needs: ['dns'],
  severity: 'warning',
  title: 'The certificate of a resolver is about to expire',
  soWhat: 'From that moment clients that verify it resolve no name at all.',
  nowWhat: [{ kind: 'change', text: ['Renew the certificate of the resolver, or tell who runs it.'] }],
  sources: ['RFC 7858', 'RFC 8310', 'RFC 5280 4.1.2.5'],
  judge({ dns }, { asOfMs }) {
    const { resolvers = [] } = dns;
    if (resolvers.every(({ certificate }) => certificate === undefined)) {
      return { outcome: 'not-applicable', because: 'no resolver was seen to show a certificate' };
    }
    return foundOrPass(resolvers.flatMap((one, index) => expiring(one, index, asOfMs)));
  },
};

/** A week to notice and mend; those that live shorter are renewed before a quarter of their life is left. */
function expiring({ resolver, certificate }: ResolverEvidence, index: number, asOfMs: number): readonly Seen[] {
  if (certificate === undefined) return [];
  const [startMs, endMs] = [Date.parse(certificate.notBefore), Date.parse(certificate.notAfter)];
  if (endMs - asOfMs >= Math.min(7 * DAY_MS, (endMs - startMs) / 4)) return [];
  return [
    {
      what: ['The certificate of resolver ', resolver, ` ${expiry(certificate.notAfter, asOfMs)}.`],
      evidence: [pointer('evidence', 'dns', 'resolvers', index, 'certificate')],
    },
  ];
}
