// Owns the bytes of a ClientHello, SSL 3.0 to TLS 1.3 (RFC 6101, 5246, 8446). Never reads any, and holds no keys: shares are random bytes.
import { randomBytes } from 'node:crypto';
import type { HelloOffer } from '../../contract/hello.ts';
import type { DnsName } from '../../model/text.ts';
import { cipherNumbers, groupNumbers, shareBytes, signatureNumbers, versionNumbers } from './registry.ts';

/** TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 3.3) and TLS_FALLBACK_SCSV (RFC 7507). */
const EMPTY_RENEGOTIATION = 0x00ff;
const FALLBACK = 0x5600;
/** Hellos of 256 to 511 bytes hang old balancers: RFC 7685 4. */
const PADDED_BYTES = 512;
/** RFC 8446 5.1. */
const RECORD_HEAD_BYTES = 5;

/**
 * The record with the hello, ready to be sent. Names that are not known are a fault of ours.
 * @param recordBytes how long the record is to be at least (RFC 7685)
 */
export function encodeHello(offer: HelloOffer, servername: DnsName | null, recordBytes = 0): Buffer {
  const { highest } = offer;
  const legacy = Math.min(versionNumbers[highest], versionNumbers['TLSv1.2']);
  const isTls13 = highest === 'TLSv1.3';
  const ciphers = [
    ...(isModern(offer) ? [grease()] : []),
    ...numbersOf(offer.ciphers, cipherNumbers),
    // Beside the extension it would say the same twice.
    ...(highest === 'SSLv3' ? [EMPTY_RENEGOTIATION] : []),
    ...(offer.fallback === true ? [FALLBACK] : []),
  ];
  const body = [
    u16(legacy),
    randomBytes(32),
    // A session id in TLS 1.3 keeps middleboxes calm: RFC 8446 D.4.
    vector(1, isTls13 ? randomBytes(32) : Buffer.alloc(0)),
    vector(2, list16(ciphers)),
    vector(1, Buffer.from(offer.compression === true ? [1, 0] : [0])),
  ];
  // SSL 3.0 has no extensions; its servers are not all used to skipping them.
  const extensions = highest === 'SSLv3' ? null : extensionsOf(offer, servername);
  if (extensions !== null) body.push(vector(2, padded(extensions, Buffer.concat(body).length, recordBytes)));
  const message = Buffer.concat([Buffer.from([1]), vector(3, Buffer.concat(body))]);
  // The version of the record is that of the oldest client there is: RFC 8446 5.1.
  const record = u16(Math.min(legacy, versionNumbers['TLSv1']));
  return Buffer.concat([Buffer.from([22]), record, vector(2, message)]);
}

/** GREASE (RFC 8701) is for servers that know of TLS 1.2 at least. */
function isModern({ highest }: HelloOffer): boolean {
  return highest === 'TLSv1.2' || highest === 'TLSv1.3';
}

function extensionsOf(offer: HelloOffer, servername: DnsName | null): Buffer {
  const { highest, groups, alpn = [], signatureAlgorithms = [...signatureNumbers.keys()], ticket } = offer;
  const isTls13 = highest === 'TLSv1.3';
  const modern = isModern(offer);
  const name = offer.servername === false ? null : servername;
  const parts: Buffer[] = [
    ...(modern ? [extension(grease(), Buffer.alloc(0))] : []),
    ...(name === null ? [] : [extension(0, serverNameList(name))]),
    extension(23, Buffer.alloc(0)),
    extension(0xff01, vector(1, Buffer.alloc(0))),
    extension(10, vector(2, list16([...(modern ? [grease()] : []), ...numbersOf(groups, groupNumbers)]))),
    extension(11, vector(1, Buffer.from([0]))),
    extension(35, ticket === undefined ? Buffer.alloc(0) : Buffer.from(ticket)),
    extension(22, Buffer.alloc(0)),
    ...(alpn.length === 0 ? [] : [extension(16, vector(2, Buffer.concat(alpn.map((each) => vector(1, each)))))]),
    // status_request for OCSP, no responders and no extensions named: RFC 6066 8.
    extension(5, Buffer.from([1, 0, 0, 0, 0])),
  ];
  if (modern) parts.push(extension(13, vector(2, list16(numbersOf(signatureAlgorithms, signatureNumbers)))));
  if (isTls13) {
    parts.push(
      extension(43, vector(1, list16([grease(), versionNumbers['TLSv1.3']]))),
      // psk_dhe_ke alone: RFC 8446 4.2.9.
      extension(45, vector(1, Buffer.from([1]))),
      extension(51, vector(2, Buffer.concat((offer.keyShares ?? []).map(share)))),
    );
  }
  return Buffer.concat(parts);
}

/** RFC 7685, where the hello would have one of the lengths that hang old balancers, or is to be longer. `before`: bytes of the body in front. */
function padded(extensions: Buffer, before: number, recordBytes: number): Buffer {
  const length = 4 + before + 2 + extensions.length;
  const wanted = Math.max(length >= 256 ? PADDED_BYTES : 0, recordBytes - RECORD_HEAD_BYTES);
  if (length >= wanted) return extensions;
  // The extension's own head is 4 bytes long; one byte of padding at least, because some servers stumble over none at the end.
  const zeros = Math.max(1, wanted - length - 4);
  return Buffer.concat([extensions, extension(21, Buffer.alloc(zeros))]);
}

function share(group: string): Buffer {
  const bytes = shareBytes.get(group);
  if (bytes === undefined) throw new Error(`no share can be made for ${group}`);
  return Buffer.concat([list16(numbersOf([group], groupNumbers)), vector(2, randomShare(group, bytes))]);
}

/** ML-KEM takes only coefficients below 3329 (FIPS 203 7.2), 12 bits each: bytes of zeros and the seed at the end pass. */
function randomShare(group: string, bytes: number): Buffer {
  if (group !== 'X25519MLKEM768') return randomBytes(bytes);
  return Buffer.concat([Buffer.alloc(1152), randomBytes(bytes - 1152)]);
}

function serverNameList(name: DnsName): Buffer {
  return vector(2, Buffer.concat([Buffer.from([0]), vector(2, name)]));
}

/** One of the 16 reserved values: RFC 8701 2. */
function grease(): number {
  const half = ((randomBytes(1)[0] ?? 0) & 0xf0) | 0x0a;
  return (half << 8) | half;
}

function numbersOf(names: readonly string[], numbers: ReadonlyMap<string, number>): readonly number[] {
  return names.map((name) => {
    const number = numbers.get(name);
    if (number === undefined) throw new Error(`nothing is called ${name}`);
    return number;
  });
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function list16(values: readonly number[]): Buffer {
  return Buffer.concat(values.map(u16));
}

/** A length of `width` bytes and what it counts. */
function vector(width: 1 | 2 | 3, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(width);
  length.writeUIntBE(bytes.length, 0, width);
  return Buffer.concat([length, bytes]);
}

function extension(number: number, content: Buffer): Buffer {
  return Buffer.concat([u16(number), vector(2, content)]);
}
