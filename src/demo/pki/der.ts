// Owns the few ASN.1 building blocks a certificate is made of, on top of node-forge's asn1.
// Never uses forge.pki: it refuses every key that is not RSA, and one builder for both kinds is less code than two.
import forge from 'node-forge';

const { asn1 } = forge;
const { Class, Type } = asn1;

/** One ASN.1 value. */
export type Node = forge.asn1.Asn1;

const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const primitive = (type: forge.asn1.Type, value: string): Node => asn1.create(Class.UNIVERSAL, type, false, value);

export const sequence = (...items: readonly Node[]): Node =>
  asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...items]);
export const set = (...items: readonly Node[]): Node => asn1.create(Class.UNIVERSAL, Type.SET, true, [...items]);
export const oid = (dotted: string): Node => primitive(Type.OID, asn1.oidToDer(dotted).getBytes());
export const utf8 = (text: string): Node => primitive(Type.UTF8, forge.util.encodeUtf8(text));
export const boolean = (value: boolean): Node => primitive(Type.BOOLEAN, value ? '\xff' : '\x00');
export const nothing = (): Node => primitive(Type.NULL, '');
export const octets = (bytes: Uint8Array): Node => primitive(Type.OCTETSTRING, binary(bytes));
/** Big-endian two's complement; the caller keeps the first bit clear for a positive number. */
export const integer = (bytes: Uint8Array): Node => primitive(Type.INTEGER, binary(bytes));
/** `unusedBits` of the last byte are padding (X.690 8.6). */
export const bits = (bytes: Uint8Array, unusedBits = 0): Node =>
  primitive(Type.BITSTRING, String.fromCharCode(unusedBits) + binary(bytes));
/** UTCTime, good until 2049 (RFC 5280 4.1.2.5.1). */
export const utcTime = (epochMs: number): Node => primitive(Type.UTCTIME, asn1.dateToUtcTime(new Date(epochMs)));
/** `[tag]` around other values. */
export const explicit = (tag: number, ...items: readonly Node[]): Node =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag, true, [...items]);
/** `[tag]` in place of a primitive's own tag. */
export const implicit = (tag: number, bytes: Uint8Array): Node =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag, false, binary(bytes));

export function toDer(node: Node): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
}

/** Reads DER that this program made itself (a public key from node:crypto). */
export function fromDer(der: Uint8Array): Node {
  return asn1.fromDer(binary(der));
}
