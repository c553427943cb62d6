// Owns the file of tokens that callers of the agent show (RFC 6750): who holds which. Read anew when it was changed, so that a token is taken back
// without a restart. Never says a token.
import { createHash, timingSafeEqual } from 'node:crypto';
import { visible } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';

export interface BearerTokens {
  /** Who holds the token that an Authorization field carries; null: nobody. */
  holder(authorization: string | undefined): Promise<string | null>;
}

interface Held {
  readonly name: string;
  readonly digest: Buffer;
}

/** RFC 6750 2.1, b64token. Shorter ones are guessed: 16 letters of 64 are 96 bits. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const LEAST_LENGTH = 16;
const MOST_TOKENS = 1000;
const MOST_LENGTH = 4096;
/** The file is looked at no more often than this, ms. */
const LOOK_MS = 1000;

/**
 * @param read the file's text
 * @param name of the file, for messages
 * @param now monotonic ms
 * @param warn told why a changed file was not taken; the tokens before it hold
 * @throws UsageError for a file without tokens, or with wrong ones
 */
export async function openBearerTokens(
  read: () => Promise<string>,
  name: string,
  now: () => number,
  warn: (words: string) => void,
): Promise<BearerTokens> {
  let text = await read();
  let held = tokensOf(text, name);
  let lookedMs = now();
  let fault: string | null = null;
  const look = async (): Promise<void> => {
    if (now() - lookedMs < LOOK_MS) return;
    lookedMs = now();
    try {
      const next = await read();
      if (next !== text) held = tokensOf(next, name);
      text = next;
      fault = null;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      if (fault !== error.message) warn(`${error.message}; the tokens before it are kept`);
      fault = error.message;
    }
  };
  return {
    async holder(authorization) {
      const [, token = ''] = /^bearer +(\S+)$/i.exec((authorization ?? '').slice(0, MOST_LENGTH)) ?? [];
      if (token === '') return null;
      await look();
      const digest = digestOf(token);
      // All of them, so that the time says nothing about which.
      return held.reduce<string | null>((found, one) => (timingSafeEqual(one.digest, digest) ? one.name : found), null);
    },
  };
}

/** A line each: `NAME TOKEN`, or a token alone; `#` begins a comment. @throws UsageError with the line */
function tokensOf(text: string, file: string): readonly Held[] {
  const held = text.split('\n').flatMap((line, at): Held[] => {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || words[0]?.startsWith('#') === true) return [];
    const token = words.at(-1) ?? '';
    const place = `${file}:${at + 1}`;
    if (words.length > 2) throw new UsageError(`${place}: more than a name and a token`, 'write NAME TOKEN');
    if (!TOKEN.test(token) || token.length < LEAST_LENGTH || token.length > MOST_LENGTH / 2)
      throw new UsageError(
        `${place}: not a token: at least ${LEAST_LENGTH} letters, digits and -._~+/`,
        'make one with: openssl rand -hex 32',
      );
    const name = words.length === 2 ? visible((words[0] ?? '').slice(0, 100)) : `the token of line ${at + 1}`;
    return [{ name, digest: digestOf(token) }];
  });
  if (held.length === 0) throw new UsageError(`${file}: no token is in it`, 'make one with: openssl rand -hex 32');
  if (held.length > MOST_TOKENS) throw new UsageError(`${file}: more than ${MOST_TOKENS} tokens`);
  return held;
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
