// Owns finding the roots that this machine trusts: the file that its other programs read. Never merges them with others.
import { stat } from 'node:fs/promises';
import { readText } from './input-file.ts';

/** Where the systems keep their bundle: Debian, Fedora and RHEL, openSUSE, Alpine and macOS. Go's crypto/x509 looks in the same places. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
/** Mozilla's list is 0.2 MB. */
const MAX_BYTES = 16_777_216;

/**
 * The bundle that `SSL_CERT_FILE` names (as OpenSSL reads it), else the first of the usual ones; null where there is none,
 * which leaves the roots that ship with Node.
 * @throws UsageError when `SSL_CERT_FILE` names what cannot be read
 */
export async function systemRoots(env: Readonly<Record<string, string | undefined>>): Promise<string | null> {
  const named = env['SSL_CERT_FILE'];
  if (named !== undefined && named !== '') {
    const found = await stat(named).catch(() => null);
    return unlessKnown(named, found === null ? null : `${found.mtimeMs} ${found.size}`, 'SSL_CERT_FILE');
  }
  for (const path of BUNDLES) {
    const found = await stat(path).catch(() => null);
    if (found?.isFile() === true && found.size > 0)
      return unlessKnown(path, `${found.mtimeMs} ${found.size}`, 'system roots');
  }
  return null;
}

let known: { readonly path: string; readonly state: string; readonly text: string } | null = null;

/** Who rides to many targets has the bundle once. @param state tells whether it changed; null where that is not known */
async function unlessKnown(path: string, state: string | null, option: string): Promise<string> {
  if (state !== null && known?.path === path && known.state === state) return known.text;
  const text = await readText(path, option, MAX_BYTES);
  known = { path, state: state ?? '', text };
  return text;
}
