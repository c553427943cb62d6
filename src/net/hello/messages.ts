// Owns the reading of the handshake messages that a server sends in the clear. Bounded by the message; believes nothing.
import type { HelloChoice } from '../../contract/hello.ts';
import { wireText } from '../../model/text.ts';
import { MalformedFlight, type Octets, octets } from './octets.ts';
import { cipherName, groupName, versionName } from './registry.ts';

/** Real chains have 2 to 5 certificates. */
const MAX_CERTIFICATES = 16;
const MAX_AUTHORITIES = 64;
const MAX_EXTENSIONS = 64;
/** Of the ticket that is kept: the name of its key, RFC 5077 4. */
const KEY_NAME_BYTES = 16;

/** SHA-256 of "HelloRetryRequest" in the place of the random: RFC 8446 4.1.3. */
const RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

const KEY_SHARE = 51;
const NAMED_CURVE = 3;

/** The beginning of an answer. @throws MalformedFlight */
export function readServerHello(body: Buffer): HelloChoice {
  const at = octets(body);
  const legacy = at.number(2);
  const retry = at.take(32).equals(RETRY);
  at.vector(1);
  const cipher = at.number(2);
  const compression = at.number(1) !== 0;
  const extensions = readExtensions(at);
  const chosen = extensions.get(43);
  const share = extensions.get(KEY_SHARE);
  return {
    version: versionName(chosen?.length === 2 ? chosen.readUInt16BE(0) : legacy),
    cipher: cipherName(cipher),
    group: share === undefined ? null : groupName(octets(share).number(2)),
    retry,
    compression,
    alpn: alpnOf(extensions.get(16)),
    extensions: [...extensions.keys()],
    secureRenegotiation: extensions.has(0xff01),
    extendedMasterSecret: extensions.has(23),
    encryptThenMac: extensions.has(22),
    certificates: [],
    staple: Buffer.alloc(0),
    dhBits: null,
    clientAuthorities: null,
    ticketKeyName: null,
    whole: false,
  };
}

/** By number, in the order of the server. */
function readExtensions(at: Octets): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  // SSL 3.0 to TLS 1.2 may end here.
  if (at.left() === 0) return found;
  const list = octets(at.vector(2));
  while (list.left() > 0) {
    const number = list.number(2);
    found.set(number, list.vector(2));
    if (found.size > MAX_EXTENSIONS) throw new MalformedFlight('extensions without end');
  }
  return found;
}

function alpnOf(content: Buffer | undefined): HelloChoice['alpn'] {
  if (content === undefined) return null;
  return wireText(octets(octets(content).vector(2)).vector(1).toString('latin1'));
}

/** RFC 5246 7.4.2: DER, as sent. @throws MalformedFlight */
export function readCertificates(body: Buffer): readonly Uint8Array[] {
  const list = octets(octets(body).vector(3));
  const found: Uint8Array[] = [];
  while (list.left() > 0 && found.length < MAX_CERTIFICATES) found.push(list.vector(3));
  return found;
}

/** RFC 6066 8; RFC 6961's list is not asked for. @throws MalformedFlight */
export function readStatus(body: Buffer): Uint8Array {
  const at = octets(body);
  return at.number(1) === 1 ? at.vector(3) : Buffer.alloc(0);
}

/** What a ServerKeyExchange says of its group: RFC 5246 7.4.3, RFC 8422 5.4. @throws MalformedFlight */
export function readKeyExchange(body: Buffer, cipher: string): Pick<HelloChoice, 'group' | 'dhBits'> {
  const at = octets(body);
  if (/_ECDHE?_/.test(cipher)) {
    return { group: at.number(1) === NAMED_CURVE ? groupName(at.number(2)) : 'explicit curve', dhBits: null };
  }
  if (!/_DHE?_/.test(cipher)) return { group: null, dhBits: null };
  return { group: null, dhBits: bitsOf(at.vector(2)) };
}

function bitsOf(number: Buffer): number {
  const first = number.findIndex((byte) => byte !== 0);
  return first === -1 ? 0 : (number.length - first) * 8 - (Math.clz32(number[first] ?? 0) - 24);
}

/** Names of the authorities of a CertificateRequest: RFC 5246 7.4.4, with the algorithms that TLS 1.2 put in. @throws MalformedFlight */
export function readCertificateRequest(body: Buffer, version: HelloChoice['version']): readonly Uint8Array[] {
  const at = octets(body);
  at.vector(1);
  if (version === 'TLSv1.2') at.vector(2);
  const list = octets(at.vector(2));
  const found: Uint8Array[] = [];
  while (list.left() > 0 && found.length < MAX_AUTHORITIES) found.push(list.vector(2));
  return found;
}

/** RFC 5077 3.3. Null for a ticket too short to have a name. @throws MalformedFlight */
export function readTicketKeyName(body: Buffer): Uint8Array | null {
  const at = octets(body);
  at.take(4);
  const ticket = at.vector(2);
  return ticket.length < KEY_NAME_BYTES ? null : ticket.subarray(0, KEY_NAME_BYTES);
}
