// Owns what is kept of an answer's body: counted and hashed as transferred, and how it begins.
// Never decodes a body, so that a bomb of compressed zeros stays small.
import { createHash } from 'node:crypto';
import { wireText } from '../../model/text.ts';
import type { HttpFacts } from '../../model/trace.ts';

/** Bytes of the body that are kept as text. */
const KEPT_BYTES = 512;

export interface BodyReader {
  /** False when the limit is reached. */
  add(chunk: Buffer): boolean;
  read(): Pick<HttpFacts, 'bodyBytes' | 'bodySha256' | 'bodyStart'>;
}

export function bodyReader(limit: number, onPart: (part: Uint8Array) => void = () => undefined): BodyReader {
  const hash = createHash('sha256');
  let bytes = 0;
  let start: Buffer = Buffer.alloc(0);
  return {
    add(chunk) {
      const part = chunk.subarray(0, limit - bytes);
      hash.update(part);
      onPart(part);
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
