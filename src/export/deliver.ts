// Owns handing a finished report to somebody else's HTTP endpoint: bounded in time, tried again where that can help. Never shows more of
// a URL than its host: the rest of a webhook's address is its password.
import { setTimeout as wait } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { visible } from '../model/text.ts';

export interface Message {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
  /** The body is sent compressed. */
  readonly gzip?: true;
  /** Further fields; their values are never shown, not even when the receiver repeats them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses after which another try may help. Absent: 429, and every error of the server. */
  readonly again?: readonly number[];
}

export interface DeliverOptions {
  /** Roots that the receiver is verified against, PEM; null: those of Node. */
  readonly caPem: readonly string[] | null;
  /** What the receiver is shown when it asks for a certificate, PEM. */
  readonly identity?: { readonly certificatePem: string; readonly keyPem: string };
  /** Of one try. */
  readonly timeoutMs: number;
  /** Before the second try; doubled before each further one. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

/** Null when the receiver took it, else why not, in one line. */
export type Delivered = string | null;

export const DELIVERY = { timeoutMs: 10_000, pauseMs: 500 } as const;
const TRIES = 4;
/** A receiver may ask for a pause (Retry-After); more than this nobody waits for who runs in cron. */
const MAX_PAUSE_MS = 30_000;
const MAX_WORDS = 200;
const MAX_ANSWER_BYTES = 4096;
/** Shorter values are words such as `true`. */
const MIN_SECRET = 6;
/** Part of a path. */
const MIN_KEY = 12;

/** Never rejects for what the world does. */
export async function deliver(message: Message, options: DeliverOptions): Promise<Delivered> {
  return (await handOver(message, options)).because;
}

export interface HandedOver {
  readonly because: Delivered;
  /** How the receiver's answer begins, when it took it. */
  readonly answer: string;
}

/** Never rejects for what the world does. */
export async function handOver(message: Message, options: DeliverOptions): Promise<HandedOver> {
  const dispatcher = await dispatcherOf(options);
  try {
    let pauseMs = options.pauseMs;
    for (let tried = 1; ; tried++) {
      const result = await attempt(message, options, dispatcher);
      if (result.because === null) return { because: null, answer: result.answer };
      if (!result.mayHelp || tried === TRIES || options.signal.aborted)
        return {
          because: `${hostOf(message.url)}: ${result.because}${tried > 1 ? ` (${tried} tries)` : ''}`,
          answer: '',
        };
      await wait(Math.min(result.pauseMs ?? pauseMs, MAX_PAUSE_MS), null, { signal: options.signal }).catch(() => null);
      pauseMs *= 2;
    }
  } finally {
    await dispatcher?.close();
  }
}

interface Outcome {
  readonly because: string | null;
  /** Another try may end better. */
  readonly mayHelp: boolean;
  /** What the receiver asked for. */
  readonly pauseMs: number | null;
  readonly answer: string;
}

async function attempt(message: Message, options: DeliverOptions, dispatcher: Dispatcher | null): Promise<Outcome> {
  const { method, contentType, headers = {}, again } = message;
  const { url, authorization } = identified(message.url);
  try {
    const response = await fetch(url, {
      ...{ method, body: await coded(message) },
      headers: {
        ...{ 'content-type': contentType, 'user-agent': 'outrider', ...authorization },
        ...(message.gzip === true ? { 'content-encoding': 'gzip' } : {}),
        ...headers,
      },
      // A redirect would carry the report to where nobody sent it.
      redirect: 'manual',
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]),
      // Node's fetch takes the dispatchers of its own library's package, whose types are of another release.
      ...(dispatcher === null ? {} : { dispatcher: dispatcher as unknown as NonNullable<RequestInit['dispatcher']> }),
    });
    const answer = masked(await firstBytes(response), [
      ...urlSecrets(message.url),
      ...fieldSecrets({ ...authorization, ...headers }),
    ]);
    if (response.ok) return { because: null, mayHelp: false, pauseMs: null, answer };
    const mayHelp = again?.includes(response.status) ?? (response.status === 429 || response.status >= 500);
    return { because: `HTTP ${response.status}${wordsOf(answer)}`, mayHelp, pauseMs: retryAfterMs(response), answer };
  } catch (error) {
    return { because: reasonOf(error), mayHelp: true, pauseMs: null, answer: '' };
  }
}

/** A name and password before the host go into the header that they are for (RFC 7617); fetch takes no URL that holds them. */
function identified(written: string) {
  const url = new URL(written);
  const { username, password } = url;
  if (username === '' && password === '') return { url: written, authorization: {} };
  url.username = '';
  url.password = '';
  const credentials = Buffer.from(`${unescaped(username)}:${unescaped(password)}`).toString('base64');
  return { url: url.href, authorization: { authorization: `Basic ${credentials}` } };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Roots of our own need a dispatcher of our own; undici is loaded only then. */
async function dispatcherOf({ caPem, identity }: DeliverOptions): Promise<Dispatcher | null> {
  if (caPem === null && identity === undefined) return null;
  const { Agent } = await import('undici');
  const own = identity === undefined ? {} : { cert: identity.certificatePem, key: identity.keyPem };
  return new Agent({ connect: { ...(caPem === null ? {} : { ca: [...caPem] }), ...own } });
}

async function coded({ body, gzip }: Message): Promise<string | Uint8Array<ArrayBuffer>> {
  if (gzip !== true) return body;
  const { gzipSync } = await import('node:zlib');
  return new Uint8Array(gzipSync(body));
}

/** The beginning of the answer; the rest is let go. */
async function firstBytes(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const first = await reader?.read().catch(() => null);
  await reader?.cancel().catch(() => undefined);
  const bytes = (first?.value as Uint8Array | undefined) ?? new Uint8Array();
  return Buffer.from(bytes.subarray(0, MAX_ANSWER_BYTES)).toString('utf8');
}

function wordsOf(answer: string): string {
  const text = visible(answer).slice(0, MAX_WORDS).trim();
  return text === '' ? '' : `, "${text}"`;
}

/** A receiver may say back what it was sent. */
function masked(answer: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= MIN_SECRET)
    .toSorted((a, b) => b.length - a.length)
    .reduce((text, secret) => text.replaceAll(secret, '[masked]'), answer);
}

/** Whole, or without the scheme before it. */
function fieldSecrets(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.values(headers).flatMap((value) => [value, ...value.split(' ')]);
}

/** Many say which path they do not know. What of it is a key nobody can tell, but that words are shorter. */
function urlSecrets(written: string): readonly string[] {
  const { username, password, pathname, search, searchParams } = new URL(written);
  const parts = pathname.split('/').filter((part) => part.length >= MIN_KEY);
  const values = [...parts, username, password, `${pathname}${search}`, pathname, search];
  return [...values.flatMap((value) => [value, unescaped(value)]), ...searchParams.values()];
}

/** Seconds (RFC 9110 10.2.3); the form with a date is left to the doubling pause. */
function retryAfterMs(response: Response): number | null {
  const value = response.headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(value) ? Number(value) * 1000 : null;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if (error.name === 'TimeoutError') return 'no answer in time';
  if (error.name === 'AbortError') return 'stopped';
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  return visible(code).slice(0, MAX_WORDS);
}

function hostOf(url: string): string {
  return new URL(url).host;
}
