// Owns telling one certificate file from another by its bytes, and reading the certificates out of it. Never reads keys, never judges.
import { derElements, isCertificate } from './der-file.ts';
import { readJks } from './jks.ts';
import { readPem } from './pem.ts';
import { readPkcs7 } from './pkcs7.ts';
import { type Store, StoreError } from './store-words.ts';

/** Larger files hold no certificates that anybody serves; a distribution's bundle has 0.2 MB. */
export const MAX_STORE_BYTES = 16 * 1024 * 1024;

/**
 * @param passwords for PKCS#12, tried in turn, the empty one last; Java key stores show certificates without
 * @throws StoreError in words
 */
export async function readStore(bytes: Buffer, passwords: readonly string[]): Promise<Store> {
  if (bytes.byteLength > MAX_STORE_BYTES) throw new StoreError(`larger than ${MAX_STORE_BYTES / 1024 / 1024} MiB`);
  const magic = bytes.byteLength >= 4 ? bytes.readUInt32BE(0) : 0;
  if (magic === 0xfe_ed_fe_ed || magic === 0xce_ce_ce_ce) return readJks(bytes);
  if (bytes.includes('-----BEGIN ')) return readPem(bytes);
  if (bytes[0] === 0x30) return readDerFile(bytes, passwords);
  throw new StoreError('no certificate file: neither PEM, DER, PKCS#7, PKCS#12 nor a Java key store', true);
}

/** A certificate (or several, one behind the other), PKCS#7 or PKCS#12: all three are a SEQUENCE. */
async function readDerFile(bytes: Buffer, passwords: readonly string[]): Promise<Store> {
  const elements = derElements(bytes);
  const [first] = elements;
  if (first === undefined) throw new StoreError('begins like DER, and is none', true);
  if (isCertificate(first.node)) {
    const certificates = elements.filter(({ node }) => isCertificate(node)).map(({ der }) => der);
    return { format: 'der', entries: [{ name: null, certificates }], faults: [] };
  }
  const signed = readPkcs7(first.node);
  if (signed !== null) return signed;
  const { isPfx, readPkcs12 } = await import('./pkcs12.ts');
  if (isPfx(first.node)) return readPkcs12(first.node, passwords);
  throw new StoreError('DER of another kind: no certificate, PKCS#7 or PKCS#12', true);
}
