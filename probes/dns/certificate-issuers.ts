// Owns which CAA domain names let which issuers of certificates issue. Each row as the issuer itself publishes it.
// Never guesses: an issuer or a domain that is not here is unknown, which is no verdict.
import { type DnsName, dnsName, interpret, type WireText } from '../../src/model/text.ts';

export interface CertificateIssuer {
  readonly name: string;
  /** Organisation (O) of the issuing certificates. */
  readonly organisations: readonly string[];
  /** RFC 8659 4.2 issuer domain names: any of them is enough. */
  readonly caaDomains: readonly string[];
  readonly source: string;
}

const SECTIGO = ['sectigo.com', 'comodo.com', 'comodoca.com', 'usertrust.com', 'trust-provider.com'];

export const certificateIssuers: readonly CertificateIssuer[] = [
  {
    name: 'Let’s Encrypt',
    organisations: ['Let’s Encrypt', "Let's Encrypt"],
    caaDomains: ['letsencrypt.org'],
    source: 'https://letsencrypt.org/docs/caa/',
  },
  {
    name: 'DigiCert',
    organisations: ['DigiCert Inc', 'DigiCert, Inc.', 'GeoTrust Inc.', 'thawte, Inc.', 'Symantec Corporation'],
    caaDomains: [...['digicert.com', 'www.digicert.com', 'symantec.com', 'geotrust.com', 'rapidssl.com', 'thawte.com']],
    source:
      'https://docs.digicert.com/manage-certificates/organization-domain-management/dns-caa-resource-record-check/',
  },
  {
    name: 'Amazon',
    organisations: ['Amazon'],
    caaDomains: ['amazon.com', 'amazontrust.com', 'awstrust.com', 'amazonaws.com'],
    source: 'https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html',
  },
  {
    name: 'Google Trust Services',
    organisations: ['Google Trust Services', 'Google Trust Services LLC'],
    caaDomains: ['pki.goog'],
    source: 'https://pki.goog/repository/',
  },
  {
    name: 'Sectigo',
    organisations: ['Sectigo Limited', 'COMODO CA Limited'],
    caaDomains: SECTIGO,
    source: 'https://ssl247.com/knowledge-base/detail/internal-caa-records/ka01n000000xnreqao',
  },
  {
    name: 'ZeroSSL',
    organisations: ['ZeroSSL'],
    caaDomains: SECTIGO,
    source: 'https://help.zerossl.com/hc/en-us/articles/360060119753-Invalid-CAA-Records',
  },
  {
    name: 'GlobalSign',
    organisations: ['GlobalSign nv-sa'],
    caaDomains: ['globalsign.com'],
    source: 'https://support.globalsign.com/ssl/general-ssl/caa-checking-ssl-certificates',
  },
  {
    name: 'GoDaddy',
    organisations: ['GoDaddy.com, Inc.', 'Starfield Technologies, Inc.'],
    caaDomains: ['godaddy.com', 'starfieldtech.com'],
    source: 'https://www.godaddy.com/help/using-caa-records-with-your-ssl-certificate-27227',
  },
  {
    name: 'Entrust',
    organisations: ['Entrust, Inc.', 'Entrust Limited'],
    // Its later certificates come from partners, so that their names may stand in the records too.
    caaDomains: ['entrust.net', 'ssl.com', ...SECTIGO],
    source: 'https://www.entrust.com/blog/2019/01/what-does-your-caa-say/',
  },
  {
    name: 'SSL.com',
    organisations: ['SSL Corporation', 'SSL Corp'],
    caaDomains: ['ssl.com'],
    source: 'https://www.ssl.com/how-to/configure-caa-records-to-authorize-ssl-com/',
  },
];

/** The issuer by the organisation in the issuer's name (RFC 4514 text), or null for one that is not known here. */
export function issuerOf(distinguishedName: WireText): CertificateIssuer | null {
  return interpret(distinguishedName, (raw): CertificateIssuer | null => {
    const written = /(?:^|(?<!\\)[,+])O=((?:[^\\,+]|\\.)*)/.exec(raw)?.[1]?.replaceAll(/\\(.)/g, '$1');
    return certificateIssuers.find(({ organisations }) => organisations.some((one) => one === written)) ?? null;
  });
}

/** The domain of an `issue` or `issuewild` value, null when it names none, so that it allows nobody (RFC 8659 4.2). */
export function caaDomain(value: WireText): DnsName | null {
  return interpret(value, (raw) => dnsName((raw.split(';')[0] ?? '').trim()));
}

export function isKnownDomain(domain: DnsName): boolean {
  return certificateIssuers.some(({ caaDomains }) => caaDomains.includes(domain));
}
