// Owns stepping through DER one value at a time, without a tree: for lists too long to be read whole, and for the very bytes that were
// signed. Never throws, never copies.

/** One value, by its places in the bytes around it. */
export interface Value {
  readonly tag: number;
  /** Of the tag. */
  readonly start: number;
  /** Of the content. */
  readonly from: number;
  /** Behind the content. */
  readonly end: number;
}

/** Identifier octets, X.690 8.1.2. */
export const octet = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

/** Identifier octet of a constructed context tag. */
export function contextOctet(number: number): number {
  return 0xa0 | number;
}

/** The value that begins at `at` and ends at or before `end`; null when there is none. Tags above 30 and open lengths are refused. */
export function valueAt(bytes: Buffer, at: number, end: number): Value | null {
  if (at + 2 > end) return null;
  const tag = bytes[at] ?? 0;
  const first = bytes[at + 1] ?? 0;
  if ((tag & 0x1f) === 0x1f || first === 0x80) return null;
  const octets = first < 0x80 ? 0 : first & 0x7f;
  if (octets > 4 || at + 2 + octets > end) return null;
  const length = octets === 0 ? first : bytes.readUIntBE(at + 2, octets);
  const from = at + 2 + octets;
  return from + length > end ? null : { tag, start: at, from, end: from + length };
}

/** The one value that these bytes are; null when they are more, less, or of another tag. */
export function wholeValue(bytes: Buffer, tag: number): Value | null {
  const value = valueAt(bytes, 0, bytes.length);
  return value === null || value.tag !== tag || value.end !== bytes.length ? null : value;
}

/** Values inside another, at most `most`; null when they do not fill it exactly or are more. */
export function valuesIn(bytes: Buffer, outer: Pick<Value, 'from' | 'end'>, most: number): readonly Value[] | null {
  const values: Value[] = [];
  for (let at = outer.from; at < outer.end; ) {
    const value = valueAt(bytes, at, outer.end);
    if (value === null || values.length === most) return null;
    values.push(value);
    at = value.end;
  }
  return values;
}

/** The value with its tag and length. */
export function bytesOf(bytes: Buffer, { start, end }: Value): Buffer {
  return bytes.subarray(start, end);
}

export function contentOf(bytes: Buffer, { from, end }: Value): Buffer {
  return bytes.subarray(from, end);
}
