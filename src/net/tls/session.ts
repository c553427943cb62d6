// Owns what a TLS session says of itself beside its secrets: OpenSSL's own record of it (ssl/ssl_asn1.c, SSL_SESSION_ASN1), undocumented,
// hence read with every bound and taken for nothing when it is built otherwise. Copies no secret.

/** What Node puts before it since 26.9: this, then the server name behind its length in two octets. */
const NODE_HEAD = Buffer.from('\0nodejs:tls:session:1\0', 'latin1');

/** Context tags of the record. */
const LIFETIME_HINT = 0xa9;
const MAX_EARLY_DATA = 0xaf;
/** A session holds the server's certificate; more than this is none. */
const MAX_BYTES = 262_144;
const MAX_FIELDS = 64;

export interface SessionWords {
  readonly lifetimeSeconds: number | null;
  /** Left out of the record when it is 0. */
  readonly earlyDataBytes: number;
}

/** Null for what is no such record. */
export function sessionWords(session: Uint8Array): SessionWords | null {
  const bytes = recordIn(Buffer.from(session.buffer, session.byteOffset, session.byteLength));
  const outer = bytes.byteLength > MAX_BYTES ? null : valueAt(bytes, 0);
  if (outer === null || outer.tag !== 0x30 || outer.end !== bytes.byteLength) return null;
  let lifetimeSeconds: number | null = null;
  let earlyDataBytes = 0;
  let at = outer.start;
  for (let fields = 0; at < outer.end; fields++) {
    const field = fields < MAX_FIELDS ? valueAt(bytes, at) : null;
    if (field === null) return null;
    if (field.tag === LIFETIME_HINT) lifetimeSeconds = numberIn(bytes, field);
    if (field.tag === MAX_EARLY_DATA) earlyDataBytes = numberIn(bytes, field) ?? 0;
    at = field.end;
  }
  return { lifetimeSeconds, earlyDataBytes };
}

function recordIn(session: Buffer): Buffer {
  const nameAt = NODE_HEAD.byteLength + 2;
  const isHeaded = session.byteLength >= nameAt && session.subarray(0, NODE_HEAD.byteLength).equals(NODE_HEAD);
  return isHeaded ? session.subarray(nameAt + session.readUInt16BE(NODE_HEAD.byteLength)) : session;
}

interface Value {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** X.690 8.1, definite lengths of up to four octets, one octet of tag. */
function valueAt(bytes: Buffer, at: number): Value | null {
  const tag = bytes[at];
  const short = bytes[at + 1];
  if (tag === undefined || short === undefined) return null;
  const octets = short < 0x80 ? 0 : short & 0x7f;
  if (octets > 4 || (short >= 0x80 && octets === 0) || at + 2 + octets > bytes.byteLength) return null;
  const start = at + 2 + octets;
  const end = start + (octets === 0 ? short : bytes.readUIntBE(at + 2, octets));
  return end > bytes.byteLength ? null : { tag, start, end };
}

/** An INTEGER within an explicit tag; null for one that is negative or of more than 32 bits. */
function numberIn(bytes: Buffer, field: Value): number | null {
  const value = valueAt(bytes, field.start);
  const length = value === null ? 0 : value.end - value.start;
  if (value === null || value.tag !== 0x02 || value.end !== field.end || length < 1 || length > 5) return null;
  const number = bytes.readUIntBE(value.start, length);
  return number <= 0xffff_ffff && ((bytes[value.start] ?? 0) & 0x80) === 0 ? number : null;
}
