// Owns the list of signed certificate timestamps inside a certificate, RFC 6962 3.3. Checks no signature: that takes the log's key.
import { content, isOf, readDer, tag } from './der.ts';

export interface SignedCertificateTimestamp {
  /** 0 is v1, the only one there is. */
  readonly version: number;
  /** SHA-256 of the log's key, lower-case hex. */
  readonly logId: string;
  /** Unix ms. */
  readonly timestampMs: number;
  /** TLS 1.2 HashAlgorithm and SignatureAlgorithm (RFC 5246 7.4.1.4.1): 4 and 3 are SHA-256 with ECDSA. */
  readonly hash: number;
  readonly algorithm: number;
  readonly signatureHex: string;
}

/** More than any certificate needs; logs are few. */
const MAX_SCTS = 32;
/** version, log id, timestamp, length of the extensions. */
const HEAD_BYTES = 1 + 32 + 8 + 2;

/** @param value what the extension holds: an OCTET STRING around the list. Null when it breaks its own format */
export function readScts(value: string): readonly SignedCertificateTimestamp[] | null {
  const inner = readDer(value);
  if (!isOf(inner, tag.octets)) return null;
  const list = Buffer.from(content(inner), 'latin1');
  if (list.length < 2 || list.readUInt16BE(0) !== list.length - 2) return null;
  const scts: SignedCertificateTimestamp[] = [];
  for (let at = 2; at < list.length && scts.length < MAX_SCTS; ) {
    if (at + 2 > list.length) return null;
    const length = list.readUInt16BE(at);
    const sct = at + 2 + length > list.length ? null : readSct(list.subarray(at + 2, at + 2 + length));
    if (sct === null) return null;
    scts.push(sct);
    at += 2 + length;
  }
  return scts;
}

function readSct(bytes: Buffer): SignedCertificateTimestamp | null {
  if (bytes.length < HEAD_BYTES) return null;
  const signed = HEAD_BYTES + bytes.readUInt16BE(HEAD_BYTES - 2);
  if (bytes.length < signed + 4 || bytes.readUInt16BE(signed + 2) !== bytes.length - signed - 4) return null;
  return {
    version: bytes.readUInt8(0),
    logId: bytes.toString('hex', 1, 33),
    timestampMs: Number(bytes.readBigUInt64BE(33)),
    hash: bytes.readUInt8(signed),
    algorithm: bytes.readUInt8(signed + 1),
    signatureHex: bytes.toString('hex', signed + 4),
  };
}
