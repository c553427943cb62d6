// Owns the check that the HTTPS records name the protocol that TLS really agrees on.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { matches, sameText, type WireText } from '../../../src/model/text.ts';
import type { TlsEvidence } from '../../tls/evidence.ts';
import { digResolver } from '../derive.ts';
import type { DnsEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

type Facts = { readonly dns: DnsEvidence; readonly tls: TlsEvidence };

export const httpsAlpnDisagrees: Check<Facts, DnsPolicy> = {
  id: 'https-alpn-disagrees',
  needs: ['dns', 'tls'],
  severity: 'warning',
  title: 'The HTTPS record names other protocols than TLS agrees on',
  soWhat: 'Browsers offer only what the record names: they lose the faster protocol, or find none in common.',
  nowWhat: [{ kind: 'change', text: ['Name in alpn of the HTTPS record what every endpoint speaks.'] }],
  sources: ['RFC 9460 7.1, 9.5'],
  judge({ dns, tls }, { target }) {
    if (target.scheme === 'http') return { outcome: 'not-applicable', because: 'the target is plain http' };
    const { https, httpsLookup: lookup } = dns;
    if (https === undefined || lookup === undefined)
      return { outcome: 'not-judged', because: 'the HTTPS record was not asked for' };
    if (lookup.problem !== null) return { outcome: 'not-judged', because: 'the HTTPS record could not be looked up' };
    const services = https.filter(({ priority, port }) => priority > 0 && (port === null || port === target.port));
    if (services.length === 0)
      return { outcome: 'not-applicable', because: 'no HTTPS record names protocols for this port' };
    const lit = tls.byEndpoint.flatMap((record, index) => (record.handshakes > 0 ? [{ record, index }] : []));
    if (lit.length === 0) return { outcome: 'not-judged', because: 'no TLS handshake finished on any endpoint' };
    const named = services.flatMap(({ alpn }) => alpn);
    const onlyNamed = services.every(({ noDefaultAlpn }) => noDefaultAlpn);
    // RFC 9460 9.5: http/1.1 comes by default; without ALPN that is what is spoken.
    const isNamed = (alpn: string) => named.some((one) => sameText(one, alpn)) || (!onlyNamed && alpn === 'http/1.1');
    return foundOrPass(
      lit
        .filter(({ record }) => !isNamed(record.alpn ?? 'http/1.1'))
        .map(({ record, index }) => ({
          what: [
            'TLS agrees on ',
            record.alpn ?? 'no protocol',
            `, but the HTTPS record of `,
            lookup.name,
            ' names ',
            ...listed(named),
            onlyNamed ? ' and nothing else.' : ' and the default, http/1.1.',
          ],
          endpoint: record.endpoint,
          ...(onlyNamed ? {} : { severity: 'notice' as const }),
          nowWhat: [digResolver(dns, lookup.name, 'HTTPS'), ...httpsAlpnDisagrees.nowWhat],
          evidence: [
            pointer('evidence', 'dns', 'https'),
            pointer('evidence', 'tls', 'byEndpoint', index, 'alpn'),
          ] as const,
        })),
    );
  },
};

function listed(named: readonly WireText[]): readonly (string | WireText)[] {
  const shown = named.filter((one) => matches(one, /^[\x21-\x7e]{1,32}$/)).slice(0, 4);
  return shown.length === 0 ? ['no protocol'] : shown.flatMap((one, index) => (index === 0 ? [one] : [', ', one]));
}
