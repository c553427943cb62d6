// Owns what is known of public issuers: whether their certificates are ordered by programs only. A table with sources; asks nobody.
import { visible, type WireText } from '../model/text.ts';

export interface KnownIssuer {
  /** As in the issuer's organizationName (O), compared without regard to case. */
  readonly organization: string;
  /** `only`: every order comes through ACME or the cloud that renews it. `also`: by ACME and by hand. */
  readonly automation: 'only' | 'also';
  readonly source: string;
}

/** Read on 2026-11-21. */
const KNOWN: readonly KnownIssuer[] = [
  { organization: "Let's Encrypt", automation: 'only', source: 'https://letsencrypt.org/docs/profiles/' },
  {
    organization: 'Google Trust Services',
    automation: 'only',
    source: 'https://developers.google.com/public-key-infrastructure/updates/september2025-acme-best-practices',
  },
  {
    organization: 'Google Trust Services LLC',
    automation: 'only',
    source: 'https://developers.google.com/public-key-infrastructure/updates/september2025-acme-best-practices',
  },
  {
    organization: 'Amazon',
    automation: 'only',
    source: 'https://docs.aws.amazon.com/acm/latest/userguide/acm-renewal.html',
  },
  { organization: 'ZeroSSL', automation: 'also', source: 'https://github.com/acmesh-official/acme.sh/wiki/Server' },
  {
    organization: 'Buypass AS-983163327',
    automation: 'also',
    source:
      'https://www.buypass.com/products/tls-ssl-certificates/resources-tls-ssl-certificates/products/buypass-go-ssl-technical-information',
  },
  { organization: 'SSL Corporation', automation: 'also', source: 'https://go-acme.github.io/lego/advanced/caservers/' },
  { organization: 'Actalis S.p.A.', automation: 'also', source: 'https://go-acme.github.io/lego/advanced/caservers/' },
  { organization: 'Sectigo Limited', automation: 'also', source: 'https://go-acme.github.io/lego/advanced/caservers/' },
  { organization: 'DigiCert Inc', automation: 'also', source: 'https://go-acme.github.io/lego/advanced/caservers/' },
  {
    organization: 'GlobalSign nv-sa',
    automation: 'also',
    source: 'https://go-acme.github.io/lego/advanced/caservers/',
  },
];

const byOrganization = new Map(KNOWN.map((known) => [known.organization.toLowerCase(), known]));

/** By the O of an RFC 4514 name. A private authority may call itself anything: where it matters, ask for a public root too. */
export function knownIssuer(issuer: WireText | null): KnownIssuer | null {
  if (issuer === null) return null;
  const [, organization = ''] = /(?:^|(?<!\\)[,+])O=((?:[^,+\\]|\\.)*)/.exec(visible(issuer).slice(0, 2000)) ?? [];
  return byOrganization.get(organization.replaceAll(/\\(.)/g, '$1').toLowerCase()) ?? null;
}
