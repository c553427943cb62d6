// Owns ICMP echo messages: RFC 792 (types 8 and 0), RFC 4443 4 (types 128 and 129). Bytes in, bytes out; asks nobody, never throws.

export interface Echo {
  readonly family: 4 | 6;
  /** Null: the kernel writes its own, as it does on sockets that need no rights. */
  readonly id: number | null;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

const HEADER_BYTES = 8;
const TYPES = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const;

/** The checksum of ICMPv6 is over a header of IPv6 too, which the kernel alone knows: it writes that one itself. */
export function requestBytes({ family, id, sequence, payload }: Echo): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(HEADER_BYTES + payload.length));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, TYPES[family].request);
  view.setUint16(4, id ?? 0);
  view.setUint16(6, sequence);
  bytes.set(payload, HEADER_BYTES);
  if (family === 4) view.setUint16(2, checksum(bytes));
  return bytes;
}

/** Whether these bytes are the reply to that request, unchanged. */
export function isReply(bytes: Uint8Array, { family, id, sequence, payload }: Echo): boolean {
  if (bytes.length !== HEADER_BYTES + payload.length) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (
    view.getUint8(0) === TYPES[family].reply &&
    view.getUint8(1) === 0 &&
    (id === null || view.getUint16(4) === id) &&
    view.getUint16(6) === sequence &&
    payload.every((octet, at) => octet === bytes[HEADER_BYTES + at])
  );
}

/** What stands behind the header of IPv4 that raw sockets give along; empty for what is none. RFC 791 3.1 */
export function behindIpv4Header(bytes: Uint8Array): Uint8Array {
  const [first = 0] = bytes;
  return first >> 4 === 4 && (first & 15) >= 5 ? bytes.subarray((first & 15) * 4) : bytes.subarray(0, 0);
}

/** RFC 1071 */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
