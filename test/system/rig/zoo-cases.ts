// Owns the cases of the chain zoo: what is sent under which name, and what must be said of it. Serves nothing.

export interface ZooCase {
  /** Names of certificates, in the order in which they are sent. */
  readonly sends: readonly string[];
  /** Asked for; the name of the case in the zone when absent. */
  readonly host?: string;
  /** The target is the server's address. */
  readonly toAddress?: true;
  /** nginx and HAProxy by turns when absent. */
  readonly by?: 'nginx' | 'haproxy' | 'openssl';
  /** Id of the one finding of this severity; none when absent. */
  readonly critical?: string;
  readonly warning?: string;
  /** Id of a notice that must be among the findings. */
  readonly notice?: string;
  /** Why our verdict is another than that of `openssl verify`. */
  readonly differs?: string;
}

const on = (...sends: readonly string[]): Pick<ZooCase, 'sends'> => ({ sends });

export const ZOO: Readonly<Record<string, ZooCase>> = {
  // In order, by keys and hashes.
  ec: on('leaf', 'lower'),
  rsa: on('rsa', 'lower'),
  'p-384': on('p384', 'lower'),
  ed25519: { ...on('ed25519', 'lower'), by: 'openssl' },
  'all-rsa': on('all-rsa', 'rsa-lower'),
  'rsa-pss': on('pss', 'rsa-lower'),
  'by-ed25519': on('by-ed25519'),
  three: on('deep', 'middle', 'upper'),
  'by-root': on('direct'),
  'many-names': on('crowd', 'lower'),
  // Time.
  'leaf-ended': { ...on('ended', 'lower'), critical: 'certificate-expiry' },
  'leaf-future': { ...on('future', 'lower'), critical: 'certificate-not-yet-valid' },
  'leaf-ending': { ...on('ending', 'lower'), warning: 'renewal-overdue' },
  'leaf-last-days': { ...on('last-days', 'lower'), critical: 'certificate-expiry' },
  'intermediate-ended': { ...on('leaf', 'ended-lower'), critical: 'intermediate-expiry' },
  'intermediate-future': { ...on('leaf', 'future-lower'), critical: 'certificate-not-yet-valid' },
  'intermediate-ending': { ...on('leaf', 'ending-lower'), warning: 'intermediate-expiry' },
  'root-ended': { ...on('below-ended-root', 'under-ended'), critical: 'chain-untrusted' },
  'root-future': { ...on('below-future-root', 'under-future'), critical: 'chain-untrusted' },
  'days-47': on('days-47', 'lower'),
  'days-47-late': { ...on('days-47-late', 'lower'), critical: 'certificate-expiry' },
  'days-6': on('days-6', 'lower'),
  'days-6-late': { ...on('days-6-late', 'lower'), critical: 'certificate-expiry' },
  'days-825': on('days-825', 'lower'),
  // The list.
  'missing-all': { ...on('leaf'), critical: 'chain-incomplete' },
  'missing-last': { ...on('deep', 'middle'), critical: 'chain-untrusted' },
  'missing-middle': { ...on('deep', 'upper'), critical: 'chain-incomplete', notice: 'chain-extra-certificate' },
  reversed: { ...on('deep', 'upper', 'middle'), notice: 'chain-order' },
  'leaf-twice': { ...on('leaf', 'leaf', 'lower'), notice: 'chain-extra-certificate' },
  'intermediate-twice': { ...on('leaf', 'lower', 'lower'), notice: 'chain-extra-certificate' },
  extra: { ...on('leaf', 'lower', 'stranger'), notice: 'chain-extra-certificate' },
  'extra-first': { ...on('leaf', 'stranger', 'lower'), notice: 'chain-extra-certificate' },
  'extra-ended': { ...on('leaf', 'lower', 'ended-stranger'), notice: 'chain-extra-certificate' },
  'extra-leaf': { ...on('leaf', 'lower', 'elsewhere'), notice: 'chain-extra-certificate' },
  'root-sent': { ...on('leaf', 'lower', 'root'), notice: 'chain-extra-certificate' },
  'root-sent-reversed': { ...on('leaf', 'root', 'lower'), notice: 'chain-order' },
  // Several ways.
  'cross-signed': on('below-new', 'new-by-root'),
  'cross-signed-elsewhere': { ...on('below-new', 'new-by-private'), critical: 'chain-untrusted' },
  'cross-signed-both': {
    ...on('below-new', 'new-by-private', 'new-by-root'),
    critical: 'chain-untrusted',
    differs: 'OpenSSL follows the certificates as they are sent; browsers and Go find the other way',
  },
  'cross-signed-by-ended': on('below-heir', 'heir-lower', 'heir-by-ended'),
  'twin-ended-first': { ...on('leaf', 'ended-lower', 'lower'), notice: 'intermediate-expiry' },
  'twin-ended-last': { ...on('leaf', 'lower', 'ended-lower'), notice: 'intermediate-expiry' },
  impostor: { ...on('leaf', 'impostor'), critical: 'chain-incomplete', notice: 'chain-extra-certificate' },
  'impostor-first': { ...on('leaf', 'impostor', 'lower'), notice: 'chain-extra-certificate' },
  // Names.
  'wrong-host': { ...on('elsewhere', 'lower'), critical: 'hostname-mismatch' },
  'wildcard-below': { ...on('only-deep', 'lower'), host: 'a.deep.zoo.test' },
  'wildcard-two-below': { ...on('leaf', 'lower'), host: 'a.below.zoo.test', critical: 'hostname-mismatch' },
  'wildcard-bare': { ...on('bare', 'lower'), host: 'bare.zoo.test', critical: 'hostname-mismatch' },
  'wildcard-partial': {
    ...on('partial', 'lower'),
    host: 'partial.zoo.test',
    critical: 'hostname-mismatch',
    differs: 'RFC 9525 6.3: the wildcard is the whole label; OpenSSL takes partial ones by default',
  },
  'wildcard-inner': { ...on('inner', 'lower'), host: 'inner.any.zoo.test', critical: 'hostname-mismatch' },
  'wildcard-twice': { ...on('twice', 'lower'), host: 'a.twice.zoo.test', critical: 'hostname-mismatch' },
  'wildcard-top-level': {
    ...on('top-level', 'lower'),
    host: 'zoo.test',
    differs: 'RFC 9525 7.1 leaves it to the issuer; OpenSSL wants two labels under a wildcard',
  },
  capitals: on('capitals', 'lower'),
  'final-dot': { ...on('dotted', 'lower'), host: 'dotted.zoo.test', critical: 'hostname-mismatch' },
  idn: { ...on('idn', 'lower'), host: 'bücher.zoo.test' },
  'idn-by-wildcard': { ...on('leaf', 'lower'), host: 'käse.zoo.test' },
  'idn-partial': { ...on('idn-wild', 'lower'), host: 'öl.zoo.test', critical: 'hostname-mismatch' },
  address: { ...on('address', 'lower'), by: 'openssl', toAddress: true },
  'address-as-name': { ...on('address-text', 'lower'), by: 'openssl', toAddress: true, critical: 'hostname-mismatch' },
  'address-other': { ...on('other-address', 'lower'), by: 'openssl', toAddress: true, critical: 'hostname-mismatch' },
  'address-of-name': { ...on('leaf', 'lower'), by: 'openssl', toAddress: true, critical: 'hostname-mismatch' },
  'only-common-name': {
    ...on('only-common-name', 'lower'),
    critical: 'hostname-mismatch',
    differs: 'RFC 9525 6.1: the common name does not count; OpenSSL takes it where there is no other',
  },
  'common-name-beside': { ...on('common-name-beside', 'lower'), critical: 'hostname-mismatch' },
  'other-name-kinds': { ...on('other-name-kinds', 'lower'), critical: 'hostname-mismatch' },
  // What issuers may certify.
  'nc-permitted': on('nc-permitted', 'nc-permits'),
  'nc-outside': { ...on('nc-outside', 'nc-elsewhere'), critical: 'chain-untrusted' },
  'nc-excluded': {
    ...on('nc-excluded', 'nc-excludes'),
    host: 'nc-excluded.secret.zoo.test',
    critical: 'chain-untrusted',
  },
  'nc-beside': on('nc-beside', 'nc-excludes'),
  'nc-address': { ...on('nc-address', 'nc-addresses'), by: 'openssl', toAddress: true, critical: 'chain-untrusted' },
  'no-ca': { ...on('below-no-ca', 'no-ca'), critical: 'chain-untrusted' },
  'no-basic-constraints': { ...on('below-no-basic', 'no-basic'), critical: 'chain-untrusted' },
  'no-certificate-signing': { ...on('below-no-sign', 'no-sign'), critical: 'chain-untrusted' },
  'path-too-long': { ...on('below-short', 'below-short-ca', 'short-path'), critical: 'chain-untrusted' },
  'path-just-right': on('short-enough', 'short-path'),
  // What they are for.
  'for-clients': { ...on('client', 'lower'), critical: 'chain-untrusted' },
  'for-anything': on('any-purpose', 'lower'),
  'for-both': on('both-purposes', 'lower'),
  'key-for-lists': { ...on('signs-only', 'lower'), critical: 'chain-untrusted' },
  'issuer-for-clients': { ...on('below-client-ca', 'client-ca'), critical: 'chain-untrusted' },
  'critical-unknown': { ...on('critical', 'lower'), critical: 'chain-untrusted' },
  'critical-unknown-above': { ...on('below-critical', 'critical-ca'), critical: 'chain-untrusted' },
  'ca-as-leaf': on('ca-leaf', 'lower'),
  'must-staple': { ...on('staple', 'lower'), critical: 'must-staple-missing' },
  // What can be forged: HAProxy refuses to serve some of it.
  'rsa-1024': { ...on('rsa1024', 'lower'), by: 'nginx', critical: 'weak-key' },
  'rsa-1024-above': { ...on('below-rsa1024', 'rsa1024-ca'), by: 'nginx', critical: 'weak-key' },
  'sha-1': { ...on('sha1', 'lower'), by: 'nginx', critical: 'weak-signature' },
  'sha-1-above': { ...on('below-sha1', 'sha1-ca'), by: 'nginx', critical: 'weak-signature' },
  md5: { ...on('md5', 'rsa-lower'), by: 'nginx', critical: 'weak-signature' },
  'signature-broken': { ...on('broken', 'lower'), by: 'nginx', critical: 'chain-untrusted' },
  // Nobody's.
  'self-signed': { ...on('self'), critical: 'chain-untrusted' },
  private: { ...on('below-private', 'private-lower'), critical: 'chain-untrusted' },
  'private-root-sent': {
    ...on('below-private', 'private-lower', 'private-root'),
    critical: 'chain-untrusted',
    notice: 'chain-extra-certificate',
  },
};
