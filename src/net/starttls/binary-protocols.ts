// Owns the STARTTLS dialogues of protocols with messages of their own: LDAP, PostgreSQL, MySQL, XMPP.
import { type Dialogue, unwilling } from './dialogue.ts';

/** ExtendedRequest of StartTLS: messageID 1, [APPLICATION 23] { [0] 1.3.6.1.4.1.1466.20037 }; RFC 4511 4.12 and 4.14.1. */
const LDAP_START_TLS = Buffer.concat([
  Buffer.from([0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16]),
  Buffer.from('1.3.6.1.4.1.1466.20037', 'latin1'),
]);

/** RFC 4511 4.12: LDAPMessage { messageID, [APPLICATION 24] { resultCode ENUMERATED, ... } }. */
export async function ldap(dialogue: Dialogue): Promise<void> {
  dialogue.write(LDAP_START_TLS);
  const message = await dialogue.read(derEnd);
  const id = elementAt(message, contentAt(message, 0));
  const response = id === null ? null : elementAt(message, id.end);
  const code = response?.tag === 0x78 ? elementAt(message, response.content) : null;
  if (code?.tag !== 0x0a || code.end - code.content !== 1) throw unwilling('starttls-malformed', 'no ExtendedResponse');
  const result = message[code.content] ?? 1;
  if (result !== 0) throw unwilling('starttls-refused', `LDAP result code ${result}`);
}

interface Element {
  readonly tag: number;
  readonly content: number;
  readonly end: number;
}

/** An answer has tens of bytes, with a diagnostic message hundreds. */
const MAX_LDAP_BYTES = 65_536;

/** One element of definite length with a one-byte tag; null when it is not all there. */
function elementAt(bytes: Buffer, at: number): Element | null {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return null;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (first >= 0x80 && (lengthBytes === 0 || lengthBytes > 4))
    throw unwilling('starttls-malformed', 'a length that is none');
  if (bytes.byteLength < at + 2 + lengthBytes) return null;
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
  if (length > MAX_LDAP_BYTES) throw unwilling('starttls-malformed', 'a length that is none');
  const content = at + 2 + lengthBytes;
  return bytes.byteLength < content + length ? null : { tag, content, end: content + length };
}

function contentAt(bytes: Buffer, at: number): number {
  return elementAt(bytes, at)?.content ?? bytes.byteLength;
}

function derEnd(bytes: Buffer): number | null {
  if (bytes.byteLength > 0 && bytes[0] !== 0x30) throw unwilling('starttls-malformed', 'no LDAP message');
  return elementAt(bytes, 0)?.end ?? null;
}

/** SSLRequest: length 8, code 80877103. PostgreSQL documentation, "Message Formats". */
const POSTGRES_SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

export async function postgres(dialogue: Dialogue): Promise<void> {
  dialogue.write(POSTGRES_SSL_REQUEST);
  const answer = (await dialogue.read((bytes) => (bytes.byteLength > 0 ? 1 : null))).toString('latin1');
  if (answer === 'S') return;
  if (answer === 'N') throw unwilling('starttls-refused', 'the server has TLS switched off');
  throw unwilling('starttls-malformed', answer === 'E' ? 'the server answers with an error' : answer);
}

/** Capability bits, MySQL "Capabilities Flags". */
const CLIENT_SSL = 0x0800;
const CLIENT_PROTOCOL_41 = 0x0200;
const CLIENT_SECURE_CONNECTION = 0x8000;
const UTF8MB4_GENERAL_CI = 45;
const MAX_PACKET_BYTES = 16_777_215;

/** MySQL "Connection Phase": HandshakeV10 of the server, then an SSLRequest as packet 1. */
export async function mysql(dialogue: Dialogue): Promise<void> {
  const packet = await dialogue.read((bytes) => {
    if (bytes.byteLength < 4) return null;
    const end = 4 + bytes.readUIntLE(0, 3);
    return bytes.byteLength < end ? null : end;
  });
  const payload = packet.subarray(4);
  // An ERR packet: code, then words. A host that is blocked, or too many connections.
  if (payload[0] === 0xff) throw unwilling('starttls-refused', payload.subarray(3).toString('latin1'));
  // Version text, connection id (4), scramble (8), filler (1), then the lower capability bits (2).
  const versionEnd = payload.indexOf(0, 1);
  const at = versionEnd + 1 + 4 + 8 + 1;
  if (payload[0] !== 10 || versionEnd === -1 || payload.byteLength < at + 2)
    throw unwilling('starttls-malformed', 'no MySQL greeting');
  if ((payload.readUInt16LE(at) & CLIENT_SSL) === 0)
    throw unwilling('starttls-refused', 'the server has TLS switched off');
  const request = Buffer.alloc(4 + 32);
  request.writeUIntLE(32, 0, 3);
  request[3] = (packet[3] ?? 0) + 1;
  request.writeUInt32LE(CLIENT_SSL | CLIENT_PROTOCOL_41 | CLIENT_SECURE_CONNECTION, 4);
  request.writeUInt32LE(MAX_PACKET_BYTES, 8);
  request[12] = UTF8MB4_GENERAL_CI;
  dialogue.write(request);
}

/** RFC 6120 5.4: the stream is opened towards the name, its features are read, and TLS asked for. */
export async function xmpp(dialogue: Dialogue, kind: 'client' | 'server', host: string): Promise<void> {
  dialogue.write(
    `<?xml version='1.0'?><stream:stream to='${host}' xmlns='jabber:${kind}' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`,
  );
  const features = (
    await dialogue.read(tagEnd(/<\/stream:features>|<stream:features\s*\/>|<\/stream:stream>/))
  ).toString('latin1');
  if (!/<starttls[\s/>]/.test(features)) {
    const words = /<stream:error>[^]{0,400}/.exec(features)?.[0];
    throw unwilling('starttls-refused', words ?? 'STARTTLS is not offered');
  }
  dialogue.write("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  const answer = (await dialogue.read(tagEnd(/<(?:proceed|failure)[^>]{0,200}>/))).toString('latin1');
  if (!/<proceed[\s/>]/.test(answer)) throw unwilling('starttls-refused', answer);
  // `<proceed ...></proceed>` in full is as good as the empty tag.
  if (!answer.endsWith('/>')) await dialogue.read(tagEnd(/<\/proceed>/));
}

function tagEnd(pattern: RegExp): (bytes: Buffer) => number | null {
  return (bytes) => {
    const found = pattern.exec(bytes.toString('latin1'));
    return found === null ? null : found.index + found[0].length;
  };
}
