// Owns what a certificate file is when it has been read, and the error for one that cannot be.
import type { CertFileFormat } from '../../model/certs.ts';
import { visible, type WireText } from '../../model/text.ts';

/** Certificates that belong together: a chain, a bundle, one alias of a key store. */
export interface StoreEntry {
  /** The alias; null when the file is the entry. */
  readonly name: WireText | null;
  /** DER, in the order of the file. */
  readonly certificates: readonly Uint8Array[];
}

export interface Store {
  readonly format: CertFileFormat;
  readonly entries: readonly StoreEntry[];
  /** What is there and could not be read, in words. */
  readonly faults: readonly string[];
}

/** A file that could not be read at all. */
export class StoreError extends Error {
  /** True when the file is none of ours: in a folder it is passed over. */
  readonly isStranger: boolean;
  constructor(message: string, isStranger = false) {
    super(message);
    this.isStranger = isStranger;
  }
}

/** Words of a library's error, fit for a line. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? visible(error.message).slice(0, 200).replace(/\.$/, '') : 'unknown error';
}
