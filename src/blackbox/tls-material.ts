// Owns what a tls_config means for Node's TLS: roots, identity, versions, and the name that the certificate must hold for.

import { hash } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions, type SecureVersion } from 'node:tls';
import { BoundedMap } from '../model/bounded-map.ts';
import { now } from '../net/clock.ts';
import { trustedRoots } from '../net/sample/roots.ts';
import type { TlsConfig } from './config/client.ts';
import { Mistake, wordsOf } from './failure.ts';
import { fileText } from './file-text.ts';
import { CURVES_FIRST } from './key-shares.ts';

const VERSION: Readonly<Record<string, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

export interface TlsMaterial {
  readonly context: SecureContext;
  /** The same, for servers that take a curve: made when there is the first one. */
  readonly curvesFirst: () => SecureContext;
  /** DER of what `context` trusts; the same list every time. */
  readonly roots: () => readonly Uint8Array[];
}

interface Kept {
  readonly key: string;
  readonly rootsPem: string | null;
  readonly material: TlsMaterial;
  /** Monotonic ms. */
  lookedMs: number;
}

/** Files are looked at this often at most, ms: to ask the system about one for every probe takes a twenty-fifth of its time. */
const LOOK_MS = 1000;

/** For each config and state of its files: reading a root store takes longer than a handshake. */
const contexts = new WeakMap<TlsConfig, Kept>();

/**
 * Files are looked at again and again, where the exporter reads them for every probe; the context is made anew only when one changed. All of a
 * config are looked at together, so that a certificate is not taken with the key of the one before.
 * @param rootsPem of this machine; null: those of Node
 * @throws Error with the words for the log when a file cannot be used
 */
export function materialOf(config: TlsConfig, rootsPem: string | null): TlsMaterial {
  const known = contexts.get(config);
  const nowMs = now();
  if (known?.rootsPem === rootsPem && nowMs - known.lookedMs < LOOK_MS) return known.material;
  const read = (inline: string, file: string, what: string): string => {
    if (inline !== '' || file === '') return inline;
    try {
      return fileText(file);
    } catch (error) {
      const words = wordsOf(error);
      throw new Mistake(`unable to read ${what} ${file}: ${words}`);
    }
  };
  const ca = read(config.ca, config.ca_file, 'CA cert');
  const cert = read(config.cert, config.cert_file, 'specified client cert');
  const key = read(config.key, config.key_file, 'specified client key');
  const state = `${ca}\0${cert}\0${key}`;
  if (known?.key === state && known.rootsPem === rootsPem) {
    known.lookedMs = nowMs;
    return known.material;
  }
  const roots = ca === '' ? rootsPem : ca;
  const material = materialFor(roots, {
    ...(roots === null ? {} : { ca: roots }),
    ...(cert === '' ? {} : { cert, key }),
    // Go's crypto/tls offers nothing below 1.2 to a client that did not ask for it.
    minVersion: VERSION[config.min_version] ?? 'TLSv1.2',
    maxVersion: VERSION[config.max_version] ?? 'TLSv1.3',
    ...(isOld(config) ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {}),
  });
  contexts.set(config, { key: state, rootsPem, material, lookedMs: nowMs });
  return material;
}

const MOST_MATERIALS = 100;
/** By their options: a root store takes half a megabyte, and most modules have the same. */
const materials = new BoundedMap<string, TlsMaterial>(MOST_MATERIALS);

function materialFor(roots: string | null, options: SecureContextOptions): TlsMaterial {
  const key = hash('sha256', JSON.stringify(options));
  const known = materials.get(key);
  if (known !== undefined) return known;
  let curvesFirst: SecureContext | null = null;
  const made: TlsMaterial = {
    context: usable(options),
    curvesFirst() {
      curvesFirst ??= usable({ ...options, ecdhCurve: CURVES_FIRST });
      return curvesFirst;
    },
    roots: rootsIn(roots),
  };
  materials.set(key, made);
  return made;
}

/** @throws Mistake for what is no certificate, no key, or not its key */
function usable(options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options);
  } catch (error) {
    throw new Mistake(`tls_config cannot be used: ${wordsOf(error)}`);
  }
}

const MOST_ROOTS = 100;
const split = new BoundedMap<string | null, () => readonly Uint8Array[]>(MOST_ROOTS);

/** One list for each text, whichever modules name it: what is known of a list of roots is kept by it. */
function rootsIn(pem: string | null): () => readonly Uint8Array[] {
  const known = split.get(pem);
  if (known !== undefined) return known;
  const roots = trustedRoots(pem === null ? null : [pem]);
  split.set(pem, roots);
  return roots;
}

/** OpenSSL 3 speaks TLS 1.0 and 1.1 only at security level 0: their handshakes are signed with SHA-1. */
function isOld({ min_version }: TlsConfig): boolean {
  return min_version === 'TLS10' || min_version === 'TLS11';
}
