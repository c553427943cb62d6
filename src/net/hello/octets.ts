// Owns reading numbers and vectors out of bytes that a stranger sent, never past their end.

/** What came is no TLS, or none that can be read. `says` is our own text. */
export class MalformedFlight extends Error {
  /** False: it began as TLS. */
  readonly isForeign: boolean;
  constructor(says: string, isForeign = false) {
    super(says);
    this.isForeign = isForeign;
  }
}

export interface Octets {
  /** Bytes left. */
  left(): number;
  /** A number of 1 to 3 bytes. @throws MalformedFlight */
  number(width: 1 | 2 | 3): number;
  /** @throws MalformedFlight */
  take(bytes: number): Buffer;
  /** What a length of this width counts. @throws MalformedFlight */
  vector(width: 1 | 2 | 3): Buffer;
}

export function octets(bytes: Buffer): Octets {
  let at = 0;
  const take = (count: number): Buffer => {
    if (count > bytes.length - at) throw new MalformedFlight('a length reaches past the end');
    at += count;
    return bytes.subarray(at - count, at);
  };
  const number = (width: 1 | 2 | 3): number => take(width).readUIntBE(0, width);
  return { left: () => bytes.length - at, number, take, vector: (width) => take(number(width)) };
}
