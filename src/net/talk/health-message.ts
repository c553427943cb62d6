// Owns the two messages of grpc.health.v1 as they are on the wire: protobuf (proto3) within gRPC's frames. Never throws for what came.

/** `:path` of a check. */
export const HEALTH_PATH = '/grpc.health.v1.Health/Check';

/** `HealthCheckResponse.ServingStatus`. */
const STATES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
export type ServingState = (typeof STATES)[number];

/** Compressed flag, length (4 bytes), message: gRPC over HTTP/2, "Length-Prefixed-Message". */
const PREFIX_BYTES = 5;

/** `HealthCheckRequest { string service = 1 }`, framed. An empty name is the default, which is not written. */
export function healthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.byteLength === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.byteLength), name]);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([prefix, message]);
}

/** Null when it is no such message. A state that is not known, and one that is not written, read as UNKNOWN. */
export function servingState(framed: Uint8Array): ServingState | null {
  const bytes = Buffer.from(framed);
  if (bytes.byteLength < PREFIX_BYTES || bytes[0] !== 0) return null;
  const length = bytes.readUInt32BE(1);
  if (bytes.byteLength !== PREFIX_BYTES + length) return null;
  const state = lastVarint(bytes.subarray(PREFIX_BYTES));
  return state === null ? null : (STATES[state] ?? 'UNKNOWN');
}

/** The last value of field 1 (as proto3 has it), 0 without one; null for bytes that are no message. */
function lastVarint(message: Buffer): number | null {
  let at = 0;
  let found = 0;
  while (at < message.byteLength) {
    const key = readVarint(message, at);
    if (key === null || key.value >> 3 === 0) return null;
    const after = skipped(message, key.at, key.value & 7);
    if (after === null) return null;
    if (key.value === 8) found = after.value;
    at = after.at;
  }
  return found;
}

interface Read {
  readonly value: number;
  /** Behind it. */
  readonly at: number;
}

/** Past one field of that wire type: 0 varint, 1 eight bytes, 2 a length and as many, 5 four bytes. */
function skipped(message: Buffer, at: number, type: number): Read | null {
  if (type === 0) return readVarint(message, at);
  const length = type === 2 ? readVarint(message, at) : { value: type === 1 ? 8 : 4, at };
  if (length === null || (type !== 1 && type !== 2 && type !== 5)) return null;
  const end = length.at + length.value;
  return end > message.byteLength ? null : { value: 0, at: end };
}

/** At most 10 bytes; what does not fit 53 bits is no state and no length here, but is passed over. */
function readVarint(message: Buffer, from: number): Read | null {
  let value = 0;
  for (let n = 0; n < 10; n++) {
    const byte = message[from + n];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * n);
    if (byte < 0x80) return { value, at: from + n + 1 };
  }
  return null;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
