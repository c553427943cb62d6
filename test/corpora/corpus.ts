// Owns opening the data that others made. Knows nothing of what is in it.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';

export function corpus(name: string): unknown {
  const packed = readFileSync(resolve(import.meta.dirname, `${name}.json.zst`));
  return JSON.parse(zstdDecompressSync(packed).toString('utf8'));
}
