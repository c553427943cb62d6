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
  /** Its time ended yesterday. */
  readonly expired?: boolean;
}

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
  { key = 'ec', expired = false }: LeafOptions,
): Promise<Issued> {
  const file = (owner: string, ending: string): string => join(rig.folder, `${owner}.${ending}`);
  const signer = issuer === null ? [] : ['-CA', file(issuer.name, 'pem'), '-CAkey', file(issuer.name, 'key')];
  const config = ['-config', join(rig.folder, 'openssl.cnf'), '-extensions', extensions, '-days', '90'];
  const files = ['-newkey', ...KEYS[key], '-nodes', '-keyout', file(name, 'key'), '-out', file(name, 'pem')];
  const named = ['-subj', `/O=Outrider tests/CN=${extensions === 'leaf' ? DOMAIN : name}`];
  await outputOf(['openssl', 'req', '-x509', ...config, ...files, ...named, ...signer]);
  // `req -x509` gives no time in the past; `x509 -req` goes back one day.
  if (expired) {
    const subject = ['-key', file(name, 'key'), '-subj', `/O=Outrider tests/CN=${DOMAIN}`];
    const request = await outputOf(['openssl', 'req', '-new', '-config', join(rig.folder, 'openssl.cnf'), ...subject]);
    const dated = ['-extfile', join(rig.folder, 'openssl.cnf'), '-extensions', extensions, '-days', '-1', ...signer];
    await outputOf(['openssl', 'x509', '-req', '-out', file(name, 'pem'), ...dated], request);
  }
  const [certificatePem, keyPem] = await Promise.all([
    readFile(file(name, 'pem'), 'utf8'),
    readFile(file(name, 'key'), 'utf8'),
  ]);
  return { name, certificatePem, keyPem };
}
