// Owns the two messages of grpc.health.v1 (github.com/grpc/grpc-proto, health.proto) in protobuf's and gRPC's form. Bytes in, facts out; never throws.

/** HealthCheckResponse.ServingStatus */
export const SERVING_STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
export const SERVING = 1;

/** gRPC's prefix (one byte: compressed or not, four of length), then `string service = 1`, left out when empty. */
export function checkRequest(service: string): Buffer {
  const text = Buffer.from(service, 'utf8');
  const message = text.length === 0 ? text : Buffer.concat([Buffer.of(0x0a), varint(text.length), text]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function varint(value: number): Buffer {
  const octets: number[] = [];
  for (let left = value; ; left >>>= 7) {
    if (left < 0x80) return Buffer.from([...octets, left]);
    octets.push((left & 0x7f) | 0x80);
  }
}

/** `ServingStatus status = 1` of a message without prefix, 0 where it is left out, the last where it is there twice; null for what is no message. */
export function checkStatus(message: Buffer): number | null {
  let status = 0;
  for (let at = 0; at < message.length; ) {
    const key = readVarint(message, at);
    if (key === null || key.value >> 3n === 0n) return null;
    const wire = Number(key.value & 7n);
    const value = wire === 0 ? readVarint(message, key.end) : null;
    const end = endOf(message, key.end, wire);
    if (end === null || end > message.length) return null;
    // An enum is an int32: the lower half counts, with its sign.
    if (key.value >> 3n === 1n && value !== null) status = Number(BigInt.asIntN(32, value.value));
    at = end;
  }
  return status;
}

/** Behind a field of this wire type; groups are none that anybody sends. */
function endOf(message: Buffer, at: number, wire: number): number | null {
  switch (wire) {
    case 0:
      return readVarint(message, at)?.end ?? null;
    case 1:
      return at + 8;
    case 2: {
      const length = readVarint(message, at);
      return length === null || length.value > BigInt(message.length) ? null : length.end + Number(length.value);
    }
    case 5:
      return at + 4;
    default:
      return null;
  }
}

const MOST_VARINT_BYTES = 10;

function readVarint(message: Buffer, start: number): { readonly value: bigint; readonly end: number } | null {
  let value = 0n;
  for (let at = start; at < Math.min(message.length, start + MOST_VARINT_BYTES); at++) {
    const octet = message[at] ?? 0;
    value |= BigInt(octet & 0x7f) << BigInt(7 * (at - start));
    if (octet < 0x80) return { value, end: at + 1 };
  }
  return null;
}
