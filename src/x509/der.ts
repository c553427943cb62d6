// Owns reading DER into a tree, bounded and without throwing. Knows nothing about certificates.
import asn1, { type Asn1 } from 'node-forge/lib/asn1.js';

export type Node = Asn1;

/** More is no certificate that a handshake can carry (OpenSSL refuses a certificate list over 100 KiB), and costs time to read. */
export const MAX_DER_BYTES = 128 * 1024;

export const tag = {
  boolean: 1,
  integer: 2,
  bits: 3,
  octets: 4,
  oid: 6,
  utf8: 12,
  sequence: 16,
  set: 17,
  utcTime: 23,
  generalizedTime: 24,
  universalString: 28,
  bmp: 30,
} as const;
const CONTEXT = 0x80;

/** Reads one DER value, or null when it is none or too large. BIT STRINGs are left as bytes. */
export function readDer(bytes: string): Node | null {
  if (bytes.length > MAX_DER_BYTES) return null;
  try {
    return asn1.fromDer(bytes, { strict: true, decodeBitStrings: false });
  } catch {
    return null;
  }
}

/** DER as the binary string that node-forge reads. */
export function binaryOf(der: Uint8Array): string {
  return Buffer.from(der.buffer, der.byteOffset, Math.min(der.byteLength, MAX_DER_BYTES + 1)).toString('latin1');
}

export function children(node: Node | null | undefined): readonly Node[] {
  return node == null || typeof node.value === 'string' ? [] : node.value;
}

export function isSequence(node: Node | null | undefined): node is Node {
  return node != null && node.tagClass === 0 && node.type === tag.sequence && typeof node.value !== 'string';
}

/** True for a value of the universal class and this type. */
export function isOf(node: Node | null | undefined, type: number): node is Node {
  return node != null && node.tagClass === 0 && node.type === type;
}

/** Content bytes of a primitive value; empty for a constructed one. */
export function content(node: Node | null | undefined): string {
  return node == null || typeof node.value !== 'string' ? '' : node.value;
}

/** The number of a context tag, `[3]` is 3; null for another class. */
export function contextTag(node: Node): number | null {
  return node.tagClass === CONTEXT ? node.type : null;
}

/** BOOLEAN in DER is one octet, 00 or FF (X.690 11.1); null for anything else. */
export function booleanOf(node: Node | null | undefined): boolean | null {
  if (!isOf(node, tag.boolean)) return null;
  const octets = content(node);
  return octets === '\xff' ? true : octets === '\x00' ? false : null;
}

/** A non-negative INTEGER below 2^31 in its shortest form, or null. */
export function smallInteger(node: Node | null | undefined): number | null {
  if (!isOf(node, tag.integer)) return null;
  const octets = Buffer.from(content(node).slice(0, 6), 'latin1');
  if (octets.length === 0 || octets.length > 4 || (octets[0] ?? 0) >= 0x80) return null;
  if (octets.length > 1 && octets[0] === 0 && (octets[1] ?? 0) < 0x80) return null;
  return octets.readUIntBE(0, octets.length);
}

/** Positions of the bits that are set in a BIT STRING, bit 0 first (X.690 8.6); null for anything else. The first 64 count. */
export function bitsOf(node: Node | null | undefined): ReadonlySet<number> | null {
  const octets = isOf(node, tag.bits) ? Buffer.from(content(node).slice(0, 9), 'latin1') : null;
  if (octets === null || octets.length === 0 || (octets[0] ?? 0) > 7) return null;
  const set = new Set<number>();
  for (const [at, octet] of octets.subarray(1).entries()) {
    for (let bit = 0; bit < 8; bit++) if (((octet >> (7 - bit)) & 1) === 1) set.add(at * 8 + bit);
  }
  return set;
}

/** Dotted text of an OBJECT IDENTIFIER, or null when the node is none. */
export function oidOf(node: Node | null | undefined): string | null {
  if (node == null || node.tagClass !== 0 || node.type !== tag.oid || typeof node.value !== 'string') return null;
  if (node.value.length === 0 || node.value.length > 64) return null;
  // X.690 8.19.2: the last octet of an arc has no continuation bit. node-forge answers with less, or with undefined.
  if (node.value.charCodeAt(node.value.length - 1) >= 0x80) return null;
  try {
    return asn1.derToOid(node.value);
  } catch {
    return null;
  }
}

/** The node's encoding again; equal to the original for DER. */
export function encoded(node: Node): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
}
