// Owns what a redirect asks for, as browsers take it (Fetch standard 4.4, HTTP-redirect fetch): method, body, and what stays behind.
// Pure; goes nowhere.
import type { Secret } from '../../src/model/secret.ts';

export interface Redirected {
  readonly method: string;
  readonly keepsBody: boolean;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Null when the answer is no redirect. */
export function redirected(status: number, location: string | null, method: string): Redirected | null {
  if (!REDIRECTS.has(status) || location === null) return null;
  const toGet =
    ((status === 301 || status === 302) && method === 'POST') ||
    (status === 303 && method !== 'GET' && method !== 'HEAD');
  return toGet ? { method: 'GET', keepsBody: false } : { method, keepsBody: true };
}

export type Headers = readonly (readonly [string, string | Secret])[];

/** Describe a body; without one they are wrong (Fetch 4.4, request-body-header name). */
const OF_BODY = /^(content-encoding|content-language|content-location|content-type)$/i;
const CREDENTIALS = /^(authorization|proxy-authorization|cookie)$/i;

export function withoutBodyHeaders(headers: Headers): Headers {
  return headers.filter(([name]) => !OF_BODY.test(name));
}

/** Another origin gets no credentials: those that say so by their name, and everything with a secret or captured value in it. */
export function forAnotherOrigin(headers: Headers): { readonly kept: Headers; readonly dropped: readonly string[] } {
  const isOwn = ([name, value]: Headers[number]): boolean => CREDENTIALS.test(name) || typeof value !== 'string';
  return { kept: headers.filter((header) => !isOwn(header)), dropped: headers.filter(isOwn).map(([name]) => name) };
}
