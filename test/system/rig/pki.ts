// Owns certificates made by the openssl command: a root, two intermediates, leaves. Independent of the product's own PKI.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf, type Rig } from './rig.ts';

/** A certificate and its key as PEM. */
export interface Issued {
  readonly name: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface Pki {
  readonly root: Issued;
  readonly rootFile: string;
  /** Signed by the root. */
  readonly upper: Issued;
  /** Signed by `upper`; signs the leaves. */
  readonly lower: Issued;
  /** Has signed nothing. */
  readonly stranger: Issued;
  leaf(name: string, options?: LeafOptions): Promise<Issued>;
}

export interface LeafOptions {
  readonly key?: 'ec' | 'rsa';
  /** First and last day of its life, counted from today; 90 days from now on when absent. */
  readonly life?: readonly [number, number];
  /** O of the subject, at most 64 characters (RFC 5280 appendix A, ub-organization-name). */
  readonly organization?: string;
}

/** Issued 60 days ago for 80: the share of life left is that of a certificate somebody forgot. */
export const AGED = [-60, 20] as const;
/** Its time ended yesterday. */
export const EXPIRED = [-61, -1] as const;
const DAY_MS = 86_400_000;

const DOMAIN = 'kms.test';
const CONFIG = `
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:${DOMAIN},DNS:*.${DOMAIN}
[any]
organizationName = supplied
commonName = supplied
`;
/** Section of `openssl ca`, which keeps books of what it signed. */
const booksOf = (path: string): string => `[books]
database = ${path}
rand_serial = yes
default_md = sha256
policy = any
`;
const KEYS = { ec: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], rsa: ['rsa:2048'] } as const;

export async function createPki(rig: Rig): Promise<Pki> {
  await rig.write('openssl.cnf', CONFIG);
  const root = await issue(rig, 'root', 'ca', null, {});
  const upper = await issue(rig, 'upper', 'ca', root, {});
  const lower = await issue(rig, 'lower', 'ca', upper, {});
  const stranger = await issue(rig, 'stranger', 'ca', null, {});
  return {
    root,
    upper,
    lower,
    stranger,
    rootFile: join(rig.folder, 'root.pem'),
    leaf: (name, options = {}) => issue(rig, name, 'leaf', lower, options),
  };
}

async function issue(
  rig: Rig,
  name: string,
  extensions: 'ca' | 'leaf',
  issuer: Issued | null,
  { key = 'ec', life, organization = 'Outrider tests' }: LeafOptions,
): Promise<Issued> {
  const file = (owner: string, ending: string): string => join(rig.folder, `${owner}.${ending}`);
  const config = ['-config', join(rig.folder, 'openssl.cnf'), '-extensions', extensions];
  const files = ['-newkey', ...KEYS[key], '-nodes', '-keyout', file(name, 'key')];
  const named = ['-utf8', '-subj', subjectOf(organization, extensions === 'leaf' ? DOMAIN : name)];
  if (life === undefined || issuer === null) {
    const signer = issuer === null ? [] : ['-CA', file(issuer.name, 'pem'), '-CAkey', file(issuer.name, 'key')];
    const out = ['-days', '90', '-out', file(name, 'pem')];
    await outputOf(['openssl', 'req', '-x509', ...config, ...files, ...named, ...signer, ...out]);
  } else {
    // `req -x509` knows no other first day than today before OpenSSL 3.4; `ca` does, and wants its books kept.
    await outputOf(['openssl', 'req', '-new', ...config, ...files, ...named, '-out', file(name, 'csr')]);
    const kept = await rig.write(`${name}.cnf`, CONFIG + booksOf(await rig.write(`${name}.books`, '')));
    const books = [
      '-config',
      kept,
      '-extensions',
      extensions,
      '-name',
      'books',
      '-rand_serial',
      '-outdir',
      rig.folder,
      '-in',
      file(name, 'csr'),
      '-notext',
    ];
    const signer = ['-cert', file(issuer.name, 'pem'), '-keyfile', file(issuer.name, 'key')];
    const dates = ['-startdate', utcTime(life[0]), '-enddate', utcTime(life[1])];
    await outputOf(['openssl', 'ca', '-batch', ...books, ...signer, ...dates, '-out', file(name, 'pem')]);
  }
  const [certificatePem, keyPem] = await Promise.all([
    readFile(file(name, 'pem'), 'utf8'),
    readFile(file(name, 'key'), 'utf8'),
  ]);
  return { name, certificatePem, keyPem };
}

/** As openssl's -subj wants it, which reads `/` and `+` as separators. */
function subjectOf(organization: string, commonName: string): string {
  const escaped = (text: string): string => text.replaceAll(/[\\/+=]/g, '\\$&');
  return `/O=${escaped(organization)}/CN=${escaped(commonName)}`;
}

/** As `openssl ca` wants it: YYYYMMDDHHMMSSZ. */
function utcTime(daysFromNow: number): string {
  const iso = new Date(Date.now() + daysFromNow * DAY_MS).toISOString();
  return `${iso.slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}
