// Owns writing an HTTP answer whatever its headers hold. Never changes a value to please a checker: hostile ones go out as they are.
import { type IncomingMessage, type ServerResponse, STATUS_CODES, validateHeaderValue } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

export type Request = IncomingMessage | Http2ServerRequest;
export type Response = ServerResponse | Http2ServerResponse;
export type Headers = readonly (readonly [string, string])[];

/** Text as the characters whose codes are its UTF-8 bytes: what node writes one byte each. */
export const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

function isAccepted(name: string, value: string): boolean {
  try {
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** Groups repeated headers, which node takes as arrays. */
function grouped(headers: Headers): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const [name, value] of headers) (all[name.toLowerCase()] ??= []).push(value);
  return all;
}

/** Headers that belong to one connection (RFC 9110 7.6.1); HTTP/2 has none of them. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'proxy-connection', 'upgrade', 'te']);

export const endToEnd = (headers: Headers): Headers => headers.filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()));

/** Header names and values as received, in pairs. */
export function pairs(raw: readonly string[]): Headers {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []));
}

/** Starts an answer; what follows is the caller's. Headers must be such as node accepts. */
export function start(response: Response, status: number, headers: Headers): void {
  if ('createPushResponse' in response) response.writeHead(status, grouped(headers));
  else response.writeHead(status, grouped(headers));
}

/** Sends a whole answer. Header values are one character a byte. Does nothing when the client has gone. */
export function send(response: Response, status: number, headers: Headers, body: Uint8Array): void {
  const all: Headers = [...headers, ['content-length', String(body.length)]];
  const isHttp2 = 'createPushResponse' in response;
  if (isHttp2 && response.stream.destroyed) return;
  if (isHttp2 || all.every(([name, value]) => isAccepted(name, value))) {
    start(response, status, all);
    response.end(body);
    return;
  }
  // Node refuses to send control characters, which is what a hostile server does: write that answer by hand and close.
  const lines = all.map(([name, value]) => `${name}: ${value.replaceAll(/[\r\n]/g, ' ')}\r\n`).join('');
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}connection: close\r\n\r\n`;
  response.socket?.end(Buffer.concat([Buffer.from(head, 'latin1'), body]));
}
