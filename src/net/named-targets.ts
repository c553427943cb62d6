// Owns fetching a list of targets over HTTP, as Prometheus' http_sd does: JSON, bounded, no redirect followed, so that what it is sent goes nowhere else.
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Credentials } from '../model/credentials.ts';
import type { Secret } from '../model/secret.ts';
import { TooMuch, UsageError } from '../model/usage-error.ts';
import { fixedValue } from './auth/open-authorization.ts';

export interface NamedTargets {
  readonly url: string;
  readonly headers: readonly (readonly [string, Secret])[];
  readonly credentials: Extract<Credentials, { readonly scheme: 'basic' | 'bearer' }> | null;
  /** Null: the roots that ship with Node. */
  readonly caPem: readonly string[] | null;
  readonly refreshSeconds: number;
}

/** Fifty thousand targets of three hundred letters. */
const MOST_BYTES = 16_777_216;

/** @throws UsageError for what cannot be had, TooMuch for what is too large; nothing of the answer is repeated */
export async function fetchTargets(named: NamedTargets, signal: AbortSignal): Promise<string> {
  const name = named.url.replace(/[?#].*$/s, '');
  try {
    const response = await answerTo(named, signal);
    const body = bodyOf(response, name);
    if (response.statusCode !== 200) {
      response.destroy();
      throw new UsageError(`${name}: answered ${response.statusCode}`);
    }
    if (!/^application\/json[ \t]*(;|$)/i.test(response.headers['content-type'] ?? '')) {
      response.destroy();
      throw new UsageError(`${name}: is not application/json`);
    }
    return await body();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const words = signal.aborted ? 'no whole answer in time' : error instanceof Error ? error.message : String(error);
    throw new UsageError(`${name}: cannot be fetched: ${words}`);
  }
}

function answerTo(
  { url, headers, credentials, caPem, refreshSeconds }: NamedTargets,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const shown = credentials === null ? [] : [['authorization', fixedValue(credentials)] as const];
  const options: RequestOptions = {
    signal,
    agent: false,
    headers: {
      accept: 'application/json',
      'x-prometheus-refresh-interval-seconds': String(refreshSeconds),
      ...Object.fromEntries([...headers, ...shown].map(([field, value]) => [field.toLowerCase(), value.open()])),
    },
  };
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:')
      ? requestHttps(url, { ...options, ...(caPem === null ? {} : { ca: [...caPem] }) }, resolve)
      : requestHttp(url, options, resolve);
    request.once('error', reject);
    request.end();
  });
}

function bodyOf(response: IncomingMessage, name: string): () => Promise<string> {
  return async () => {
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of response as AsyncIterable<Buffer>) {
      bytes += part.byteLength;
      if (bytes > MOST_BYTES) throw new TooMuch(`${name}: is larger than ${MOST_BYTES} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  };
}

/** @returns the first header whose value cannot be sent (RFC 9110 5.5); null: all can */
export function unsendable(headers: NamedTargets['headers']): string | null {
  return headers.find(([, value]) => !/^[\t\x20-\x7e\x80-\xff]*$/.test(value.open()))?.[0] ?? null;
}
