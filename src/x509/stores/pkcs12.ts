// Owns PKCS#12 files (RFC 7292): the certificates in their bags, with the aliases that Java gives them. Keys are not decrypted further
// than the library does to get at the bags, and never leave it.
import { createHash } from 'node:crypto';
import pkcs12, { type Bag } from 'node-forge/lib/pkcs12.js';
import pki from 'node-forge/lib/pki.js';
import { wireText } from '../../model/text.ts';
import { children, content, encoded, isOf, isSequence, type Node, oidOf, smallInteger, tag } from '../der.ts';
import { isCertificate, octetsOf, parsed } from './der-file.ts';
import { type Store, type StoreEntry, StoreError, wordsOf } from './store-words.ts';

const DATA = '1.2.840.113549.1.7.1';
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const CERT_BAG = '1.2.840.113549.1.12.10.1.3';
/** OpenSSL writes 2048, keytool 10,000; a million takes a second, and no honest file asks for more. */
const MAX_ITERATIONS = 1_000_000;

/** PFX ::= SEQUENCE { version INTEGER (3), authSafe ContentInfo, macData OPTIONAL }, RFC 7292 4. */
export function isPfx(node: Node): boolean {
  const [version, authSafe] = children(node);
  const type = oidOf(children(authSafe)[0]);
  return smallInteger(version) === 3 && (type === DATA || type === SIGNED_DATA);
}

/** @throws StoreError: for a wrong or missing password, and for a file that would keep the processor busy */
export function readPkcs12(pfx: Node, passwords: readonly string[]): Store {
  refuseEndless(pfx);
  const bags = openBags(pfx, passwords).filter(({ type }) => type === CERT_BAG);
  const faults: string[] = [];
  const entries = new Map<string, Uint8Array[]>();
  for (const bag of bags) {
    const node = bag.asn1 ?? (bag.cert === undefined || bag.cert === null ? null : pki.certificateToAsn1(bag.cert));
    if (!isCertificate(node)) {
      faults.push('a bag holds no X.509 certificate');
      continue;
    }
    const alias = bag.attributes['friendlyName']?.[0] ?? '';
    entries.set(alias, [...(entries.get(alias) ?? []), new Uint8Array(encoded(node))]);
  }
  if (bags.length === 0) faults.push('it holds no certificate');
  joinUnnamed(entries);
  return { format: 'pkcs12', entries: [...entries].map(entryOf), faults };
}

/** A key's certificate has an alias, those above it have none: beside a single alias they are its chain. */
function joinUnnamed(entries: Map<string, Uint8Array[]>): void {
  const [[only, leaf] = [], ...others] = [...entries].filter(([alias]) => alias !== '');
  const unnamed = entries.get('');
  if (only === undefined || leaf === undefined || unnamed === undefined || others.length > 0) return;
  entries.set(only, [...leaf, ...unnamed]);
  entries.delete('');
}

function entryOf([alias, certificates]: readonly [string, Uint8Array[]]): StoreEntry {
  const unique = new Map(certificates.map((der) => [createHash('sha256').update(der).digest('hex'), der]));
  return { name: alias === '' ? null : wireText(alias, 200), certificates: [...unique.values()] };
}

function openBags(pfx: Node, passwords: readonly string[]): readonly Bag[] {
  for (const password of [...passwords, '']) {
    try {
      return pkcs12.pkcs12FromAsn1(pfx, false, password).safeContents.flatMap(({ safeBags }) => safeBags);
    } catch (error) {
      const words = wordsOf(error);
      if (!/MAC|password|decrypt/i.test(words)) throw new StoreError(`PKCS#12 that cannot be read: ${words}`);
    }
  }
  throw new StoreError(
    passwords.length === 0 ? 'PKCS#12 that needs a password (--password-file)' : 'PKCS#12: no password given opens it',
  );
}

/** Iteration counts stand in the clear, in the MAC and beside each encrypted part; whoever made the file chose them. */
function refuseEndless(pfx: Node): void {
  const [, authSafe, macData] = children(pfx);
  const iterations =
    smallInteger(children(macData)[2]) ?? (children(macData)[2] === undefined ? 1 : Number.POSITIVE_INFINITY);
  const inside = parsed(Buffer.from(octetsOf(children(children(authSafe)[1])[0]), 'latin1'));
  if (Math.max(iterations, ...integersIn(inside, 0)) > MAX_ITERATIONS)
    throw new StoreError('PKCS#12 that asks for more than a million iterations');
}

/** Integers in the clear, down to the parameters of the encryption; the data itself is a string of octets. */
function integersIn(node: Node | null, depth: number): readonly number[] {
  if (node === null || depth > 12) return [];
  if (isOf(node, tag.integer)) return [smallInteger(node) ?? (content(node).length > 4 ? Number.POSITIVE_INFINITY : 0)];
  if (isOf(node, tag.octets)) return shroudedIn(node, depth);
  return children(node).flatMap((child) => integersIn(child, depth + 1));
}

/** Bags that are not encrypted as a whole hold keys that are. */
function shroudedIn(node: Node, depth: number): readonly number[] {
  const inner = parsed(Buffer.from(content(node), 'latin1'));
  return isSequence(inner) ? integersIn(inner, depth + 1) : [];
}
