// Owns certificates of any shape, made by the openssl command from a table. Independent of the product's own code.
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf, type Rig } from './rig.ts';

/** What a key is made of: arguments of `openssl genpkey`. */
const KEYS = {
  ec: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  p384: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ed25519: ['-algorithm', 'ED25519'],
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  rsa1024: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
} as const;

export interface CertificateSpec {
  /** Kind and owner: `ec:lower`. Certificates of one owner share the key. */
  readonly key: `${keyof typeof KEYS}:${string}`;
  /** As openssl's -subj wants it: `/CN=kms.test`. */
  readonly subject: string;
  /** Name of the issuer's certificate; null: signed by itself. */
  readonly issuer: string | null;
  /** Begin and end of its life in days from now. */
  readonly life: readonly [number, number];
  readonly hash?: 'sha256' | 'sha1' | 'md5';
  readonly padding?: 'pss';
  /** Lines of an openssl extension section, x509v3_config(5). */
  readonly extensions: readonly string[];
  /** The last byte of the signature is turned over. */
  readonly broken?: boolean;
}

export interface Minted {
  readonly name: string;
  readonly pem: string;
  readonly keyPem: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
}

const DAY_MS = 86_400_000;

/** Section of `openssl ca`, which knows other first days than today, and keeps books of what it signed. */
const CONFIG = `[req]
distinguished_name = dn
[dn]
[any]
commonName = optional
organizationName = optional
`;

/** Makes every certificate of the table, each after its issuer. */
export async function mintAll(
  rig: Rig,
  table: Readonly<Record<string, CertificateSpec>>,
): Promise<Readonly<Record<string, Minted>>> {
  await rig.write('mint.cnf', CONFIG);
  const keys = new Map<string, string>();
  const made = new Map<string, Minted>();
  const keyOf = async (id: string): Promise<string> => {
    const file = keys.get(id) ?? (await makeKey(rig, id));
    keys.set(id, file);
    return file;
  };
  // One after the other: openssl is quick, and the machine is shared.
  const make = async (name: string): Promise<Minted> => {
    const before = made.get(name);
    if (before !== undefined) return before;
    const spec = specOf(table, name);
    const { issuer } = spec;
    if (issuer !== null) await make(issuer);
    const [keyFile, signerKey] = [
      await keyOf(spec.key),
      await keyOf(issuer === null ? spec.key : specOf(table, issuer).key),
    ];
    const minted = await mint(rig, name, spec, { keyFile, signerKey, signer: issuer });
    made.set(name, minted);
    return minted;
  };
  for (const name of Object.keys(table)) await make(name);
  return Object.fromEntries(made);
}

function specOf(table: Readonly<Record<string, CertificateSpec>>, name: string): CertificateSpec {
  const spec = table[name];
  if (spec === undefined) throw new Error(`no certificate is called ${name}`);
  return spec;
}

async function makeKey(rig: Rig, id: string): Promise<string> {
  const file = join(rig.folder, `${id.replace(':', '-')}.key`);
  const [kind = ''] = id.split(':');
  await outputOf(['openssl', 'genpkey', ...KEYS[kind as keyof typeof KEYS], '-out', file]);
  const request = ['-new', '-key', file, '-subj', '/CN=request', '-out', `${file}.csr`];
  await outputOf(['openssl', 'req', '-config', join(rig.folder, 'mint.cnf'), ...request]);
  return file;
}

interface Signing {
  readonly keyFile: string;
  readonly signerKey: string;
  readonly signer: string | null;
}

async function mint(rig: Rig, name: string, spec: CertificateSpec, signing: Signing): Promise<Minted> {
  const { keyFile, signerKey, signer } = signing;
  const file = (owner: string): string => join(rig.folder, `${owner}.mint.pem`);
  const books = await rig.write(`${name}.books`, '');
  const section = `${CONFIG}[books]\ndatabase = ${books}\nrand_serial = yes\npolicy = any\nunique_subject = no\n`;
  const config = await rig.write(`${name}.mint.cnf`, `${section}[x]\n${spec.extensions.join('\n')}\n`);
  const by = signer === null ? ['-selfsign'] : ['-cert', file(signer)];
  const life = ['-startdate', utcTime(spec.life[0]), '-enddate', utcTime(spec.life[1])];
  // Ed25519 has a hash of its own.
  const hash = signerKey.includes('ed25519') ? 'default' : (spec.hash ?? 'sha256');
  const padding = spec.padding === undefined ? [] : ['-sigopt', `rsa_padding_mode:${spec.padding}`];
  const signed = ['-keyfile', signerKey, ...by, '-md', hash, ...padding];
  const named = ['-utf8', '-preserveDN', '-subj', spec.subject];
  const written = ['-outdir', rig.folder, '-notext', '-in', `${keyFile}.csr`, '-out', file(name)];
  const asked = ['-batch', '-config', config, '-name', 'books', '-extensions', 'x', ...life];
  await outputOf(['openssl', 'ca', ...asked, ...signed, ...named, ...written]);
  if (spec.broken === true) await breakSignature(file(name));
  const [pem, keyPem] = await Promise.all([readFile(file(name), 'utf8'), readFile(keyFile, 'utf8')]);
  return { name, pem, keyPem, fingerprint: fingerprintOf(pem) };
}

export function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

async function breakSignature(file: string): Promise<void> {
  const der = Buffer.from(new X509Certificate(await readFile(file)).raw);
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 0xff;
  const lines = (der.toString('base64').match(/.{1,64}/g) ?? []).join('\n');
  await writeFile(file, `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`);
}

/** As `openssl ca` wants it: YYYYMMDDHHMMSSZ. */
function utcTime(daysFromNow: number): string {
  const iso = new Date(Date.now() + daysFromNow * DAY_MS).toISOString();
  return `${iso.slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}
