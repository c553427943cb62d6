// Owns the certificates of the chain zoo: one row each, good ones and those with exactly one thing wrong. Serves none.
import type { CertificateSpec } from './mint.ts';

export const ZONE = 'zoo.test';

type Row = Partial<CertificateSpec> & Pick<CertificateSpec, 'key'>;

const KEY_IDS = ['subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid'];

interface CaOptions extends Partial<CertificateSpec> {
  /** After `CA:TRUE`: `,pathlen:0`. */
  readonly length?: string;
  readonly more?: readonly string[];
}

/** A CA certificate that is in order but for what the row says. */
function ca(owner: string, issuer: string | null, { length = '', more = [], ...row }: CaOptions = {}): CertificateSpec {
  return {
    key: `ec:${owner}`,
    subject: `/O=Zoo/CN=${owner}`,
    issuer,
    life: [-400, 3000],
    extensions: [
      `basicConstraints=critical,CA:TRUE${length}`,
      'keyUsage=critical,keyCertSign,cRLSign',
      ...KEY_IDS,
      ...more,
    ],
    ...row,
  };
}

interface LeafRow extends Partial<Row> {
  /** Null: none at all. */
  readonly names?: string | null;
  readonly purposes?: string | null;
  readonly usage?: string;
  readonly more?: readonly string[];
}

/** A server certificate that is in order but for what the row says: valid for 60 days more of its 90. */
function leaf(issuer: string | null, row: LeafRow = {}): CertificateSpec {
  const { names = `DNS:*.${ZONE}`, purposes = 'serverAuth', usage = 'digitalSignature', more = [], ...rest } = row;
  return {
    key: 'ec:leaf',
    subject: `/O=Zoo/CN=${ZONE}`,
    issuer,
    life: [-30, 60],
    extensions: [
      'basicConstraints=critical,CA:FALSE',
      `keyUsage=critical,${usage}`,
      ...(purposes === null ? [] : [`extendedKeyUsage=${purposes}`]),
      ...KEY_IDS,
      ...(names === null ? [] : [`subjectAltName=${names}`]),
      ...more,
    ],
    ...rest,
  };
}

/** An extension that nobody knows, and that must be understood. RFC 5280 4.2 */
const UNKNOWN_CRITICAL = '1.3.6.1.4.1.99999.1=critical,DER:0500';

const CA_CERTIFICATES = {
  root: ca('root', null),
  lower: ca('lower', 'root'),
  upper: ca('upper', 'root'),
  middle: ca('middle', 'upper'),
  // Trusted, as `root` is.
  'rsa-root': ca('rsa-root', null, { key: 'rsa:rsa-root', hash: 'sha1' }),
  'rsa-lower': ca('rsa-lower', 'rsa-root', { key: 'rsa:rsa-lower' }),
  'ed-root': ca('ed-root', null, { key: 'ed25519:ed-root' }),
  'ended-root': ca('ended-root', null, { life: [-900, -3] }),
  'future-root': ca('future-root', null, { life: [3, 900] }),
  'under-ended': ca('under-ended', 'ended-root'),
  'under-future': ca('under-future', 'future-root'),
  // Not trusted.
  'private-root': ca('private-root', null),
  'private-lower': ca('private-lower', 'private-root'),
  stranger: ca('stranger', null),
  'ended-stranger': ca('ended-stranger', null, { life: [-900, -3] }),

  'ended-lower': ca('lower', 'root', { life: [-400, -2] }),
  'future-lower': ca('lower', 'root', { life: [2, 400] }),
  'ending-lower': ca('lower', 'root', { life: [-400, 20] }),
  // The same name with another key, as one who pretends to be the issuer has it.
  impostor: ca('lower', 'root', { key: 'ec:impostor' }),
  // One new key with certificates of several issuers, one of its own.
  'new-root': ca('new-root', null),
  'new-by-root': ca('new-root', 'root'),
  'new-by-private': ca('new-root', 'private-root'),
  // A root that is trusted, and its certificate by one that has ended: the case of DST Root CA X3.
  'heir-root': ca('heir-root', null),
  'heir-by-ended': ca('heir-root', 'ended-root', { life: [-800, 300] }),
  'heir-lower': ca('heir-lower', 'heir-root'),

  'no-ca': ca('no-ca', 'root', {
    extensions: ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature', ...KEY_IDS],
  }),
  'no-basic': ca('no-basic', 'root', { extensions: ['keyUsage=critical,keyCertSign', ...KEY_IDS] }),
  'no-sign': ca('no-sign', 'root', {
    extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,digitalSignature,cRLSign', ...KEY_IDS],
  }),
  'short-path': ca('short-path', 'root', { length: ',pathlen:0' }),
  'below-short-ca': ca('below-short-ca', 'short-path'),
  'client-ca': ca('client-ca', 'root', { more: ['extendedKeyUsage=clientAuth'] }),
  'critical-ca': ca('critical-ca', 'root', { more: [UNKNOWN_CRITICAL] }),
  'rsa1024-ca': ca('rsa1024-ca', 'root', { key: 'rsa1024:rsa1024-ca' }),
  'sha1-ca': ca('sha1-ca', 'rsa-root', { key: 'rsa:sha1-ca', hash: 'sha1' }),
  'nc-permits': ca('nc-permits', 'root', { more: [`nameConstraints=critical,permitted;DNS:${ZONE}`] }),
  'nc-elsewhere': ca('nc-elsewhere', 'root', { more: ['nameConstraints=critical,permitted;DNS:elsewhere.test'] }),
  'nc-excludes': ca('nc-excludes', 'root', { more: [`nameConstraints=critical,excluded;DNS:secret.${ZONE}`] }),
  'nc-addresses': ca('nc-addresses', 'root', {
    more: ['nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0'],
  }),
} satisfies Record<string, CertificateSpec>;

const host = (label: string): string => `DNS:${label}.${ZONE}`;

/** Made when the test has its addresses. */
function leaves(address: string): Readonly<Record<string, CertificateSpec>> {
  return {
    leaf: leaf('lower'),
    rsa: leaf('lower', { key: 'rsa:leaf' }),
    p384: leaf('lower', { key: 'p384:leaf' }),
    ed25519: leaf('lower', { key: 'ed25519:leaf' }),
    'all-rsa': leaf('rsa-lower', { key: 'rsa:leaf' }),
    pss: leaf('rsa-lower', { key: 'rsa:leaf', padding: 'pss' }),
    'by-ed25519': leaf('ed-root'),
    deep: leaf('middle'),
    direct: leaf('root'),
    ended: leaf('lower', { life: [-91, -1] }),
    future: leaf('lower', { life: [1, 91] }),
    ending: leaf('lower', { life: [-70, 20] }),
    'last-days': leaf('lower', { life: [-87, 3] }),
    'below-ended-root': leaf('under-ended'),
    'below-future-root': leaf('under-future'),
    'below-private': leaf('private-lower'),
    'below-new': leaf('new-root'),
    'below-heir': leaf('heir-lower'),
    'below-no-ca': leaf('no-ca'),
    'below-no-basic': leaf('no-basic'),
    'below-no-sign': leaf('no-sign'),
    'below-short': leaf('below-short-ca'),
    'short-enough': leaf('short-path'),
    'below-client-ca': leaf('client-ca'),
    'below-critical': leaf('critical-ca'),
    'below-rsa1024': leaf('rsa1024-ca'),
    'below-sha1': leaf('sha1-ca'),
    'nc-permitted': leaf('nc-permits'),
    'nc-outside': leaf('nc-elsewhere'),
    'nc-excluded': leaf('nc-excludes', { names: host('nc-excluded.secret') }),
    'nc-beside': leaf('nc-excludes', { names: host('nc-beside') }),
    'nc-address': leaf('nc-addresses', { names: `IP:${address}` }),

    'only-deep': leaf('lower', { names: `DNS:*.deep.${ZONE}` }),
    bare: leaf('lower', { names: `DNS:*.bare.${ZONE}` }),
    partial: leaf('lower', { names: `DNS:part*.${ZONE}` }),
    inner: leaf('lower', { names: `DNS:inner.*.${ZONE}` }),
    twice: leaf('lower', { names: `DNS:*.*.${ZONE}` }),
    'top-level': leaf('lower', { names: 'DNS:*.test' }),
    elsewhere: leaf('lower', { names: 'DNS:elsewhere.test,DNS:www.elsewhere.test' }),
    capitals: leaf('lower', { names: 'DNS:CAPITALS.ZOO.TEST' }),
    dotted: leaf('lower', { names: `DNS:dotted.${ZONE}.` }),
    idn: leaf('lower', { names: `DNS:xn--bcher-kva.${ZONE}` }),
    'idn-wild': leaf('lower', { names: `DNS:xn--*.${ZONE}` }),
    address: leaf('lower', { names: `IP:${address}` }),
    'address-text': leaf('lower', { names: `DNS:${address}` }),
    'other-address': leaf('lower', { names: 'IP:192.0.2.1' }),
    'only-common-name': leaf('lower', { names: null, subject: `/CN=only-common-name.${ZONE}` }),
    'common-name-beside': leaf('lower', { subject: `/CN=common-name-beside.${ZONE}`, names: 'DNS:elsewhere.test' }),
    'other-name-kinds': leaf('lower', { names: `email:zoo@${ZONE},URI:https://other-name-kinds.${ZONE}/` }),

    client: leaf('lower', { purposes: 'clientAuth' }),
    'any-purpose': leaf('lower', { purposes: null }),
    'both-purposes': leaf('lower', { purposes: 'clientAuth,serverAuth' }),
    'signs-only': leaf('lower', { usage: 'cRLSign' }),
    critical: leaf('lower', { more: [UNKNOWN_CRITICAL] }),
    staple: leaf('lower', { more: ['tlsfeature=status_request'] }),
    broken: leaf('lower', { broken: true }),
    rsa1024: leaf('lower', { key: 'rsa1024:leaf' }),
    sha1: leaf('lower', { hash: 'sha1' }),
    // No signature with MD5 is defined for EC keys.
    md5: leaf('rsa-lower', { hash: 'md5' }),
    'days-47': leaf('lower', { life: [-7, 40] }),
    'days-47-late': leaf('lower', { life: [-41, 6] }),
    'days-6': leaf('lower', { life: [-1, 5] }),
    'days-6-late': leaf('lower', { life: [-5.2, 0.8] }),
    'days-825': leaf('lower', { life: [-200, 625] }),
    self: leaf(null),
    'ca-leaf': ca('ca-leaf', 'lower', {
      extensions: [
        'basicConstraints=critical,CA:TRUE',
        'keyUsage=critical,digitalSignature,keyCertSign',
        ...KEY_IDS,
        `subjectAltName=DNS:*.${ZONE}`,
      ],
    }),
    crowd: leaf('lower', {
      names: [`DNS:*.${ZONE}`, ...Array.from({ length: 199 }, (_, at) => host(`n${at}`))].join(),
    }),
  };
}

/** What clients trust here. */
export const TRUSTED = ['root', 'rsa-root', 'ed-root', 'ended-root', 'future-root', 'heir-root'] as const;

/** @param address of the server whose certificates are for an address */
export function zooCertificates(address: string): Readonly<Record<string, CertificateSpec>> {
  const made = leaves(address);
  const twice = Object.keys(made).find((name) => name in CA_CERTIFICATES);
  if (twice !== undefined) throw new Error(`two certificates are called ${twice}`);
  return { ...CA_CERTIFICATES, ...made };
}
