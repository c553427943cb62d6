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
}

export interface DeliverOptions {
  /** Roots that the receiver is verified against, PEM; null: those of Node. */
  readonly caPem: readonly string[] | null;
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

/** Never rejects for what the world does. */
export async function deliver(message: Message, options: DeliverOptions): Promise<Delivered> {
  const dispatcher = await dispatcherOf(options);
  try {
    let pauseMs = options.pauseMs;
    for (let tried = 1; ; tried++) {
      const result = await attempt(message, options, dispatcher);
      if (result.because === null) return null;
      if (!result.mayHelp || tried === TRIES || options.signal.aborted)
        return `${hostOf(message.url)}: ${result.because}${tried > 1 ? ` (${tried} tries)` : ''}`;
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
}

async function attempt(message: Message, options: DeliverOptions, dispatcher: Dispatcher | null): Promise<Outcome> {
  const { method, contentType, body } = message;
  const { url, authorization } = identified(message.url);
  try {
    const response = await fetch(url, {
      ...{ method, body, headers: { 'content-type': contentType, 'user-agent': 'outrider', ...authorization } },
      // A redirect would carry the report to where nobody sent it.
      redirect: 'manual',
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]),
      // Node's fetch takes the dispatchers of its own library's package, whose types are of another release.
      ...(dispatcher === null ? {} : { dispatcher: dispatcher as unknown as NonNullable<RequestInit['dispatcher']> }),
    });
    const words = await firstWords(response);
    if (response.ok) return { because: null, mayHelp: false, pauseMs: null };
    const mayHelp = response.status === 429 || response.status >= 500;
    return { because: `HTTP ${response.status}${words}`, mayHelp, pauseMs: retryAfterMs(response) };
  } catch (error) {
    return { because: reasonOf(error), mayHelp: true, pauseMs: null };
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
async function dispatcherOf({ caPem }: DeliverOptions): Promise<Dispatcher | null> {
  if (caPem === null) return null;
  const { Agent } = await import('undici');
  return new Agent({ connect: { ca: [...caPem] } });
}

/** The beginning of the answer; the rest is let go. */
async function firstWords(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const first = await reader?.read().catch(() => null);
  await reader?.cancel().catch(() => undefined);
  const bytes = (first?.value as Uint8Array | undefined) ?? new Uint8Array();
  const text = visible(Buffer.from(bytes.subarray(0, MAX_WORDS)).toString('utf8')).trim();
  return text === '' ? '' : `, "${text}"`;
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
