// Owns the step from a file to places with certificates: what kind of file it is, what it holds, why it cannot be read. Judges nothing.
import { open, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { CertificateRecord } from '../../model/certificate-schema.ts';
import type { CertFileFormat, FilePlace } from '../../model/certs.ts';
import type { Secret } from '../../model/secret.ts';
import { visible, type WireText } from '../../model/text.ts';
import type { Fingerprint } from '../../model/trace.ts';
import { recordCertificate } from '../../x509/certificate-record.ts';
import { MAX_STORE_BYTES, readStore } from '../../x509/stores/store.ts';
import { type Store, StoreError } from '../../x509/stores/store-words.ts';
import { explainChain } from '../explain-chain.ts';
import { looksLikeManifest, readManifest } from './kubernetes.ts';

export interface ReadFileOptions {
  /** Of PKCS#12 files, tried in turn. */
  readonly passwords: readonly Secret[];
  /** Found in a folder: what is no certificate file is passed over in silence. */
  readonly isFound: boolean;
  /** Unix ms that `daysLeft` is counted from. */
  readonly asOfMs: number;
  /** Roots to judge each chain by; null: nothing is said about how they are built. */
  readonly explainBy: readonly Uint8Array[] | null;
  /** Words of a system error. */
  readonly describe: (error: unknown) => string;
}

export interface FileRead {
  readonly places: readonly FilePlace[];
  readonly certificates: Readonly<Record<Fingerprint, CertificateRecord>>;
}

const NOTHING: FileRead = { places: [], certificates: {} };

/** Never rejects for what a file holds. */
export async function readCertificateFile(path: string, options: ReadFileOptions): Promise<FileRead> {
  try {
    const bytes = await bytesOf(path);
    const store = looksLikeManifest(bytes)
      ? await readManifest(bytes)
      : await readStore(
          bytes,
          options.passwords.map((password) => password.open()),
        );
    const own = placesOf(path, store, options);
    const others = await Promise.all(pathsIn(store, path).map((other) => readCertificateFile(other, options)));
    return {
      places: [...own.places, ...others.flatMap(({ places }) => places)],
      certificates: Object.assign(
        { ...own.certificates },
        ...others.map(({ certificates }) => certificates),
      ) as FileRead['certificates'],
    };
  } catch (error) {
    if (error instanceof StoreError && error.isStranger && options.isFound) return NOTHING;
    const because = error instanceof StoreError ? error.message : options.describe(error);
    return { places: [failed(path, null, because)], certificates: {} };
  }
}

async function bytesOf(path: string): Promise<Buffer> {
  // Opening a pipe would wait for a writer.
  if (!(await stat(path)).isFile()) throw new StoreError('no regular file');
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > MAX_STORE_BYTES) throw new StoreError(`larger than ${MAX_STORE_BYTES / 1024 / 1024} MiB`, true);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Of a kubeconfig: relative to its own folder, as kubectl reads them. */
function pathsIn(store: Store & { readonly paths?: readonly string[] }, path: string): readonly string[] {
  return (store.paths ?? []).map((other) => (isAbsolute(other) ? other : join(dirname(path), other)));
}

function placesOf(path: string, { format, entries, faults }: Store, { asOfMs, explainBy }: ReadFileOptions): FileRead {
  const certificates: Record<Fingerprint, CertificateRecord> = {};
  const places = entries.map((entry): FilePlace => {
    const chain = entry.certificates.map((der) => {
      const { certificate, record } = recordCertificate(der, asOfMs);
      certificates[certificate.fingerprint] = record;
      return certificate.fingerprint;
    });
    const context = { roots: explainBy ?? [], atMs: asOfMs, host: null };
    const explained = explainBy === null ? null : explainChain(entry.certificates, context);
    Object.assign(certificates, explained?.certificates);
    return {
      ...(explained === null ? {} : { verdict: explained.verdict }),
      kind: 'file',
      id: idOf(path, entry.name),
      path,
      entry: entry.name,
      format,
      state: 'read',
      chain,
      because: null,
    };
  });
  return { places: [...places, ...faults.map((fault) => failed(path, format, fault))], certificates };
}

function failed(path: string, format: CertFileFormat | null, because: string): FilePlace {
  return { kind: 'file', id: path, path, entry: null, format, state: 'failed', chain: [], because };
}

function idOf(path: string, entry: WireText | null): string {
  return entry === null ? path : `${path} ${visible(entry)}`;
}
