// Owns PEM files (RFC 7468) as people have them: chains, bundles, keys beside certificates, explanatory text between. Keys are passed over.
import pem, { type PemBlock } from 'node-forge/lib/pem.js';
import { firstElement, isCertificate, parsed } from './der-file.ts';
import { readPkcs7 } from './pkcs7.ts';
import { type Store, StoreError, wordsOf } from './store-words.ts';

const CERTIFICATES = new Set(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE']);
const BEGIN = /-----BEGIN ([A-Z0-9# ]{1,60})-----/g;

/** @throws StoreError for a file without certificates */
export function readPem(bytes: Buffer): Store {
  const text = bytes.toString('latin1');
  const begun = [...text.matchAll(BEGIN)].map(([, label = '']) => label);
  const blocks = blocksOf(text);
  const certificates: Uint8Array[] = [];
  const faults: string[] = [];
  for (const { type, body } of blocks) {
    if (type === 'PKCS7' || type === 'CMS') certificates.push(...inPkcs7(body));
    if (!CERTIFICATES.has(type)) continue;
    // OpenSSL's TRUSTED CERTIFICATE has more behind the certificate itself.
    const der = firstElement(body);
    if (der !== null && isCertificate(parsed(der))) certificates.push(der);
    else faults.push(`a block of ${body.length} bytes is no certificate`);
  }
  // The reader leaves out what it cannot decode, without a word.
  const wanted = begun.filter((label) => CERTIFICATES.has(label)).length;
  const lost = wanted - blocks.filter(({ type }) => CERTIFICATES.has(type)).length;
  if (lost > 0) faults.push(`${lost} of ${wanted} certificate blocks cannot be decoded`);
  if (certificates.length === 0 && faults.length === 0) throw new StoreError(nothingIn(begun), true);
  return { format: 'pem', entries: certificates.length === 0 ? [] : [{ name: null, certificates }], faults };
}

/** @throws StoreError */
function blocksOf(text: string): readonly PemBlock[] {
  try {
    return pem.decode(text);
  } catch (error) {
    throw new StoreError(`PEM that cannot be read: ${wordsOf(error)}`);
  }
}

function inPkcs7(body: string): readonly Uint8Array[] {
  const der = firstElement(body);
  const node = der === null ? null : parsed(der);
  return node === null ? [] : (readPkcs7(node)?.entries.flatMap(({ certificates }) => certificates) ?? []);
}

function nothingIn(begun: readonly string[]): string {
  const kinds = [...new Set(begun)].slice(0, 4).join(', ').toLowerCase();
  return kinds === '' ? 'PEM without a certificate' : `PEM without a certificate, only ${kinds}`;
}
