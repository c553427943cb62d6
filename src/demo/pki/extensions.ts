// Owns the X.509 v3 extensions a web server's chain carries (RFC 5280 4.2). Never signs anything.
import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { bits, boolean, explicit, implicit, integer, type Node, octets, oid, sequence, toDer } from './der.ts';

/** What the extensions are made from. */
export interface ExtensionInput {
  /** SubjectPublicKeyInfo, DER. */
  readonly subjectKey: Uint8Array;
  readonly issuerKey: Uint8Array;
  readonly rsa: boolean;
  readonly isCa: boolean;
  /** Null: no limit. Only for a CA. */
  readonly pathLength: number | null;
  readonly names: readonly string[];
  readonly caIssuersUrl: string | null;
  /** For a caller's certificate instead of a server's (RFC 5280 4.2.1.12). */
  readonly isClient: boolean;
}

const extension = (id: string, critical: boolean, value: Node): Node =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(toDer(value)));

/** Key identifier: SHA-256 of the SubjectPublicKeyInfo (RFC 7093 2, method 4). */
function keyIdentifier(spki: Uint8Array): Uint8Array {
  return createHash('sha256').update(spki).digest();
}

/** KeyUsage bits (RFC 5280 4.2.1.3): 0 digitalSignature, 2 keyEncipherment, 5 keyCertSign, 6 cRLSign. */
function keyUsage(input: ExtensionInput): Node {
  if (input.isCa) return bits(Uint8Array.of(0b0000_0110), 1);
  return input.rsa ? bits(Uint8Array.of(0b1010_0000), 5) : bits(Uint8Array.of(0b1000_0000), 7);
}

function basicConstraints(input: ExtensionInput): Node {
  if (!input.isCa) return sequence();
  return sequence(boolean(true), ...(input.pathLength === null ? [] : [integer(Uint8Array.of(input.pathLength))]));
}

/** All extensions of one certificate, wrapped as `[3]`. */
export function extensions(input: ExtensionInput): Node {
  const list = [
    extension('2.5.29.19', true, basicConstraints(input)),
    extension('2.5.29.15', true, keyUsage(input)),
    extension('2.5.29.14', false, octets(keyIdentifier(input.subjectKey))),
    extension('2.5.29.35', false, sequence(implicit(0, keyIdentifier(input.issuerKey)))),
  ];
  if (!input.isCa)
    list.push(extension('2.5.29.37', false, sequence(oid(input.isClient ? '1.3.6.1.5.5.7.3.2' : '1.3.6.1.5.5.7.3.1'))));
  if (input.names.length > 0) {
    const names = input.names.map(generalName);
    list.push(extension('2.5.29.17', false, sequence(...names)));
  }
  if (input.caIssuersUrl !== null) {
    const access = sequence(oid('1.3.6.1.5.5.7.48.2'), implicit(6, Buffer.from(input.caIssuersUrl, 'latin1')));
    list.push(extension('1.3.6.1.5.5.7.1.1', false, sequence(access)));
  }
  return explicit(3, sequence(...list));
}

/** RFC 5280 4.2.1.6: an IPv4 address is an iPAddress of four octets, everything else a dNSName. */
function generalName(name: string): Node {
  return isIPv4(name)
    ? implicit(7, Uint8Array.from(name.split('.'), Number))
    : implicit(2, Buffer.from(name, 'latin1'));
}
