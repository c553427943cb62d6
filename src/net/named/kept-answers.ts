// Owns answers that hold for a while: asked for once, by whoever comes first, and given to all until they end. Bounded in bytes.

import { createHash } from 'node:crypto';
import type { Fetch } from '../../contract/net.ts';
import { BoundedMap } from '../../model/bounded-map.ts';

export interface KeptAnswers {
  /** @throws what `ask` throws, to all who waited for it */
  get(question: Fetch, ask: () => Promise<Uint8Array>): Promise<{ readonly body: Uint8Array; readonly fresh: boolean }>;
}

/** Revocation lists of a dozen large CAs. */
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_ANSWERS = 4096;

interface Kept {
  readonly body: Uint8Array;
  readonly untilMs: number;
}

export function keptAnswers(maxBytes = MAX_BYTES): KeptAnswers {
  /** The one used last stands last. */
  const kept = new Map<string, Kept>();
  const asked = new Map<string, Promise<Uint8Array>>();
  /** What failed is not tried again by the same run: of a thousand certificates each would wait for the same dead server. */
  const failed = new BoundedMap<string, { readonly asOfMs: number; readonly error: unknown }>(MAX_ANSWERS);
  let bytes = 0;
  const drop = (key: string): void => {
    bytes -= kept.get(key)?.body.byteLength ?? 0;
    kept.delete(key);
  };
  const keep = (key: string, one: Kept): void => {
    if (one.body.byteLength > maxBytes) return;
    drop(key);
    kept.set(key, one);
    bytes += one.body.byteLength;
    for (const oldest of kept.keys()) {
      if (bytes <= maxBytes && kept.size <= MAX_ANSWERS) break;
      drop(oldest);
    }
  };
  return {
    async get(question, ask) {
      const key = keyOf(question);
      const known = kept.get(key);
      if (known !== undefined && known.untilMs > question.asOfMs) {
        kept.delete(key);
        kept.set(key, known);
        return { body: known.body, fresh: false };
      }
      const failure = failed.get(key);
      if (failure?.asOfMs === question.asOfMs) throw failure.error;
      const before = asked.get(key);
      if (before !== undefined) return { body: await before, fresh: false };
      const asking = ask();
      asked.set(key, asking);
      try {
        const body = await asking;
        const untilMs = question.keepUntilMs(body);
        if (untilMs !== null) keep(key, { body, untilMs });
        failed.delete(key);
        return { body, fresh: true };
      } catch (error) {
        failed.set(key, { asOfMs: question.asOfMs, error });
        throw error;
      } finally {
        asked.delete(key);
      }
    },
  };
}

function keyOf({ url, post, reach, maxBytes }: Fetch): string {
  const body = post === undefined ? 'GET' : createHash('sha256').update(post.body).digest('hex');
  return `${body} ${reach} ${maxBytes} ${url}`;
}
