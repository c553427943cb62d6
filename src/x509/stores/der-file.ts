// Owns reading DER out of files, which are larger than what a handshake carries. Knows the shape of a certificate and no more.
import asn1 from 'node-forge/lib/asn1.js';
import { children, content, isOf, isSequence, type Node, tag } from '../der.ts';

export interface DerElement {
  readonly node: Node;
  readonly der: Uint8Array;
}

const MAX_ELEMENTS = 10_000;

/** The DER values that stand one behind the other; none when the first is broken. What comes behind a broken one is left out. */
export function derElements(bytes: Buffer): readonly DerElement[] {
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.byteLength && elements.length < MAX_ELEMENTS) {
    const end = derEnd(bytes, at);
    if (end === null) break;
    const der = bytes.subarray(at, end);
    const node = parsed(der);
    if (node === null) break;
    elements.push({ node, der });
    at = end;
  }
  return elements;
}

/** Where the value that begins at `at` ends, by its own length (X.690 8.1.3, definite form); null when it is not all there. */
function derEnd(bytes: Buffer, at: number): number | null {
  const first = bytes[at + 1];
  if (first === undefined || first === 0x80 || first > 0x84) return null;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (bytes.byteLength < at + 2 + lengthBytes) return null;
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
  const end = at + 2 + lengthBytes + length;
  return end > bytes.byteLength ? null : end;
}

export function parsed(der: Uint8Array): Node | null {
  try {
    return asn1.fromDer(Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('latin1'), {
      strict: true,
      decodeBitStrings: false,
    });
  } catch {
    return null;
  }
}

/** SEQUENCE { SEQUENCE (what is signed), SEQUENCE (algorithm), BIT STRING }: RFC 5280 4.1. */
export function isCertificate(node: Node | null): node is Node {
  const [tbs, algorithm, signature] = children(node);
  return (
    isSequence(node) &&
    isSequence(tbs) &&
    children(tbs).length >= 6 &&
    isSequence(algorithm) &&
    isOf(signature, tag.bits)
  );
}

/** The first value in these bytes, as DER. */
export function firstElement(binary: string): Uint8Array | null {
  const bytes = Buffer.from(binary, 'latin1');
  const end = derEnd(bytes, 0);
  return end === null ? null : bytes.subarray(0, end);
}

/** Bytes of an OCTET STRING, in one piece or (BER, from older programs) in several. */
export function octetsOf(node: Node | undefined): string {
  if (node === undefined) return '';
  const whole = content(node);
  return whole === ''
    ? children(node)
        .map((part) => content(part))
        .join('')
    : whole;
}
