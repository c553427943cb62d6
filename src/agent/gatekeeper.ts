// Owns who may ask the agent, and how often: users with bcrypt hashes, tokens, a rate. One hash is computed at a time, and its outcome is kept: a scrape
// every few seconds must not cost a tenth of a second of CPU each time (exporter-toolkit does the same).
import { createHash } from 'node:crypto';
import { compare } from 'bcryptjs';
import type { BearerTokens } from './bearer-tokens.ts';
import { plain } from './plain-reply.ts';
import { isTooLong, type WebConfig } from './web-config.ts';

/** Of a password that nobody has: an unknown user must take as long as a known one. */
const NOBODY = '$2b$10$abcdefghijklmnopqrstuuJm2dFzMzFpjnYrCZGq5xmM3cCbmWhUe';
const MOST_KEPT = 100;

/** The answer to who may not pass. */
export interface TurnedAway {
  readonly status: 401 | 429;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LetIn {
  readonly status: null;
  /** Who it is, by a password or a token; null: nobody said. */
  readonly caller: string | null;
}

const TOO_MANY: TurnedAway = plain(429, 'Too Many Requests\n');
const UNKNOWN: TurnedAway = { ...plain(401, 'Unauthorized\n'), headers: { 'www-authenticate': 'Basic' } };

export type Gatekeeper = (authorization: string | undefined) => Promise<LetIn | TurnedAway>;

/**
 * @param now monotonic ms
 * @param tokens each as good as a user; without users nobody must show one to read
 */
export function openGatekeeper(
  { users, rate }: Pick<WebConfig, 'users' | 'rate'>,
  now: () => number,
  tokens: BearerTokens | null = null,
): Gatekeeper {
  const kept = new Map<string, boolean>();
  let turn: Promise<unknown> = Promise.resolve();
  let left = rate?.burst ?? 0;
  let filledMs = now();
  const passes = (): boolean => {
    if (rate === null) return true;
    const nowMs = now();
    left = Math.min(rate.burst, left + (nowMs - filledMs) / rate.intervalMs);
    filledMs = nowMs;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
  const isKnown = async (user: string, password: string): Promise<boolean> => {
    const hash = users.get(user) ?? NOBODY;
    const key = createHash('sha256')
      .update(JSON.stringify([user, hash, password]))
      .digest('hex');
    const known = kept.get(key);
    if (known !== undefined) return known;
    const comparing = turn.then(() => compare(password, hash));
    turn = comparing.catch(() => undefined);
    const right = (await comparing) && users.has(user);
    if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value ?? '');
    kept.set(key, right);
    return right;
  };
  return async (authorization) => {
    if (!passes()) return TOO_MANY;
    const holder = (await tokens?.holder(authorization)) ?? null;
    if (holder !== null || users.size === 0) return { status: null, caller: holder };
    const given = credentials(authorization);
    if (given === null || isTooLong(given.password)) return UNKNOWN;
    return (await isKnown(given.user, given.password)) ? { status: null, caller: given.user } : UNKNOWN;
  };
}

/** RFC 7617 2. */
function credentials(authorization: string | undefined): { readonly user: string; readonly password: string } | null {
  const found = /^basic ([A-Za-z0-9+/=]{1,4096})$/i.exec(authorization ?? '');
  if (found?.[1] === undefined) return null;
  const text = Buffer.from(found[1], 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
