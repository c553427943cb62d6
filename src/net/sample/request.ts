// Owns the request that every sample sends: the same bytes each time. Opens secrets; they go on the wire and nowhere else.
import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Secret } from '../../model/secret.ts';
import type { Target } from '../../model/target.ts';
import { UsageError } from '../../model/usage-error.ts';
import type { ExchangeRequest } from './exchange.ts';

export interface RequestOptions {
  readonly target: Target;
  readonly request: {
    readonly method: string;
    readonly headers: readonly (readonly [string, Secret | string])[];
    readonly body: Uint8Array | null;
    readonly userAgent: string;
  };
  readonly http: '1.1' | '2' | 'negotiated';
  /** Bound on each single step: connect, TLS, wait, receive. */
  readonly timeoutMs: number;
  readonly limits: { readonly bodyBytes: number; readonly headerBytes: number };
}

/** Fields that frame the message or the connection: not the caller's to set. RFC 9112 6, RFC 9113 8.2.2. */
const OURS = new Set([
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'proxy-connection',
]);

/** @throws UsageError for a header that cannot be sent (its value is never repeated) or a version that cannot be agreed on */
export function requestOf({ target, request, limits, timeoutMs, http }: RequestOptions): ExchangeRequest {
  if (http === '2' && target.scheme === 'http') {
    throw new UsageError('HTTP/2 is agreed on in TLS and cannot be demanded of a plain http target', 'use https');
  }
  const url = new URL(target.url);
  const given = request.headers.map(
    ([name, value]) => [name, typeof value === 'string' ? value : value.open()] as const,
  );
  for (const [name, value] of given) validate(name, value);
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  const defaults: readonly (readonly [string, string])[] = [
    ['host', url.host],
    ['user-agent', request.userAgent],
    ['accept', '*/*'],
  ];
  const headers = [...defaults.filter(([name]) => !names.has(name)), ...given].flat();
  const path = `${url.pathname}${url.search}`;
  return { origin: url.origin, path, method: request.method, headers, body: request.body, limits, timeoutMs };
}

function validate(name: string, value: string): void {
  if (OURS.has(name.toLowerCase())) {
    throw new UsageError(`the header ${name} is set by the connection itself`, 'leave it out');
  }
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw new UsageError(
      `the header "${name}" cannot be sent: a name or value has characters that HTTP forbids`,
      'RFC 9110 section 5.5',
    );
  }
}
