// Owns writing down the head of an answer that another protocol began with, as answers are written down everywhere.
import type { HttpFacts } from '../../model/trace.ts';
import { bodyReader } from '../sample/answer.ts';
import { openFieldStore } from '../sample/fields.ts';

export interface Head {
  readonly version: HttpFacts['version'];
  readonly status: number;
  readonly headers: unknown;
  readonly trailers?: unknown;
  readonly body: Uint8Array;
  readonly truncated?: boolean;
}

export function factsOf({ version, status, headers, trailers = [], body, truncated = false }: Head): HttpFacts {
  const fields = openFieldStore().open();
  const kept = bodyReader(body.byteLength + 1);
  kept.add(Buffer.from(body));
  const read = { headers: fields.read(headers), trailers: fields.read(trailers) };
  return { version, status, ...read, fieldsTruncated: fields.truncated, ...kept.read(), truncated };
}
