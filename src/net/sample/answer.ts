// Owns what is kept of an HTTP answer: its fields as sent, and its body counted and hashed as transferred.
// Never decodes a body, so that a bomb of compressed zeros stays small.
import { createHash } from 'node:crypto';
import { type WireText, wireText } from '../../model/text.ts';
import type { HttpFacts } from '../../model/trace.ts';

/** Bytes of the body that are kept as text. */
const KEPT_BYTES = 512;

export type Fields = readonly (readonly [WireText, WireText])[];

export interface BodyReader {
  /** False when the limit is reached. */
  add(chunk: Buffer): boolean;
  read(): Pick<HttpFacts, 'bodyBytes' | 'bodySha256' | 'bodyStart'>;
}

export function bodyReader(limit: number): BodyReader {
  const hash = createHash('sha256');
  let bytes = 0;
  let start: Buffer = Buffer.alloc(0);
  return {
    add(chunk) {
      const part = chunk.subarray(0, limit - bytes);
      hash.update(part);
      bytes += part.byteLength;
      if (start.byteLength < KEPT_BYTES)
        start = Buffer.concat([start, part.subarray(0, KEPT_BYTES - start.byteLength)]);
      return bytes < limit || part.byteLength === chunk.byteLength;
    },
    read: () => ({
      bodyBytes: bytes,
      bodySha256: hash.digest('hex'),
      bodyStart: wireText(start.toString('utf8'), KEPT_BYTES),
    }),
  };
}

/** Raw HTTP/1.1 fields come as name, value, name, value; those of HTTP/2 as an object. */
export function fieldsOf(raw: unknown): Fields {
  if (Array.isArray(raw)) {
    const words = raw.map((word: unknown) => (Buffer.isBuffer(word) ? word.toString('latin1') : String(word)));
    return Array.from({ length: Math.floor(words.length / 2) }, (_, at) =>
      field(words[2 * at] ?? '', words[2 * at + 1] ?? ''),
    );
  }
  if (typeof raw !== 'object' || raw === null) return [];
  return Object.entries(raw as Record<string, string | string[] | undefined>)
    .filter(([name]) => !name.startsWith(':'))
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value ?? '']).map((one) => field(name, one)));
}

function field(name: string, value: string): readonly [WireText, WireText] {
  return [wireText(name, 256), wireText(value, 4096)];
}
