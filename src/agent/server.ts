// Owns the HTTP server of the agent: listening, bounds, answers, and letting go. Knows no page by name.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzip } from 'node:zlib';
import { UsageError } from '../model/usage-error.ts';
import { type Gatekeeper, openGatekeeper } from './gatekeeper.ts';
import { PLAIN, plain } from './plain-reply.ts';
import { certifiedCaller, openSecureServer } from './secure-server.ts';
import type { WebConfig } from './web-config.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** Ends when the caller has gone. */
  readonly signal: AbortSignal;
  /** Address of whoever connected: a proxy's where one stands between. */
  readonly from: string;
  /** Who asks, by a password, a token or a certificate; null: nobody said. */
  readonly caller: string | null;
  /** The body as text; null for one that is too large, or did not come whole. */
  readonly body: () => Promise<string | null>;
}

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  /** In parts: written as they come, at the reader's pace. */
  readonly body: string | AsyncIterable<string>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @returns null for a path that is not there */
export type Route = (asked: Asked) => Promise<Reply | null>;

export interface Listening {
  readonly address: string;
  readonly port: number;
  /** Takes no new connection, lets those under way end within the bound, then cuts them. */
  close(boundMs: number): Promise<void>;
}

/** An address, or a socket that somebody else has opened and listens on. */
export type Where = { readonly host: string; readonly port: number } | { readonly fd: number };

/** An attacker who sends a head byte by byte holds one connection this long, ms. */
const HEAD_MS = 10_000;
const MOST_HEAD_BYTES = 16_384;
const MOST_CONNECTIONS = 2000;
/** Of a request; what is beyond is read and let go. */
const MOST_BODY_BYTES = 16_384;
/** Smaller ones are not worth it (as promhttp, which compresses all: the size makes no difference to who reads it). */
const GZIP_FROM_BYTES = 1024;

/** Nothing is asked of anybody, and nothing encrypted. */
export const OPEN: WebConfig = { tls: null, headers: {}, users: new Map(), rate: null };

/**
 * @param web how the pages are served: users and headers
 * @param mayPass for several places one of them: what it counts and keeps holds for all
 * @param onFault told of what a route threw, which is a fault of this program
 * @throws UsageError when the address cannot be listened on
 */
export async function listen(
  where: Where,
  route: Route,
  web: WebConfig = OPEN,
  mayPass: Gatekeeper = openGatekeeper(web, () => performance.now()),
  onFault: (error: unknown, path: string) => void = () => undefined,
): Promise<Listening> {
  const bounds = {
    ...{ requestTimeout: HEAD_MS, headersTimeout: HEAD_MS, maxHeaderSize: MOST_HEAD_BYTES, keepAliveTimeout: 75_000 },
  };
  const server = web.tls === null ? createServer(bounds) : openSecureServer(web.tls, bounds);
  server.maxConnections = MOST_CONNECTIONS;
  server.on('request', (request, response) => {
    const guarded: Route = async (asked) => {
      const passed = await mayPass(request.headers.authorization);
      if (passed.status !== null) return passed;
      return route({ ...asked, caller: passed.caller ?? certifiedCaller(request.socket, web.tls) });
    };
    answer(request, response, guarded, web.headers).catch((error: unknown) => {
      onFault(error, (request.url ?? '').replace(/\?.*$/s, ''));
      faulted(response);
    });
  });
  await listening(server, where);
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('a server without address');
  return {
    address: bound.address,
    port: bound.port,
    close: (boundMs) => closing(server, boundMs),
  };
}

async function listening(server: Server, where: Where): Promise<void> {
  const place = 'fd' in where ? `the socket ${where.fd}` : `${where.host}:${where.port}`;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const words = error.code === 'EADDRINUSE' ? 'something else listens there' : (error.code ?? error.message);
      reject(new UsageError(`cannot listen on ${place}: ${words}`, 'give another one with --listen'));
    });
    server.listen(where, resolve);
  });
}

async function closing(server: Server, boundMs: number): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), boundMs);
  await ended;
  clearTimeout(cut);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  route: Route,
  headers: WebConfig['headers'],
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(GONE);
  });
  const url = URL.parse(request.url ?? '/', 'http://agent');
  const method = request.method ?? 'GET';
  // Read at once, within its bound: one that nobody asks for must not be waited for.
  const body = method === 'GET' || method === 'HEAD' ? passedOver(request) : bodyOf(request);
  const reply =
    url === null
      ? NOT_FOUND
      : ((await route({
          method,
          path: url.pathname,
          query: url.searchParams,
          headers: request.headers,
          signal: gone.signal,
          from: request.socket.remoteAddress ?? '',
          caller: null,
          body: () => body,
        })) ?? NOT_FOUND);
  if (response.destroyed) return;
  await send(request, response, { ...reply, headers: { ...headers, ...reply.headers } });
}

/** Nothing of the fault is said to whoever asks. */
function faulted(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(500, { 'content-type': PLAIN }).end('Internal Server Error\n');
}

function passedOver(request: IncomingMessage): Promise<null> {
  request.resume();
  return NO_BODY;
}

const NO_BODY = Promise.resolve(null);

/** Never rejects. */
function bodyOf(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve) => {
    request.on('data', (part: Buffer) => {
      bytes += part.byteLength;
      if (bytes > MOST_BODY_BYTES) parts.length = 0;
      else parts.push(part);
    });
    request.once('end', () => resolve(bytes > MOST_BODY_BYTES ? null : Buffer.concat(parts).toString('utf8')));
    request.once('close', () => resolve(null));
    request.once('error', () => resolve(null));
  });
}

/** One for all: an error of its own for each caller that goes costs more than its page. */
const GONE = new Error('the caller has gone');

const NOT_FOUND: Reply = plain(404, '404 page not found\n');

async function send(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
  const takesGzip = /(^|[ ,])gzip([ ,;]|$)/.test(request.headers['accept-encoding']?.toString() ?? '');
  if (typeof reply.body !== 'string') return sendParts(request, response, { ...reply, body: reply.body }, takesGzip);
  const bytes = Buffer.byteLength(reply.body);
  const compress = takesGzip && bytes >= GZIP_FROM_BYTES;
  const body = compress ? await gzipped(Buffer.from(reply.body, 'utf8')) : reply.body;
  response.writeHead(reply.status, {
    'content-type': reply.contentType,
    'content-length': typeof body === 'string' ? bytes : body.byteLength,
    ...(compress ? { 'content-encoding': 'gzip', vary: 'accept-encoding' } : {}),
    'x-content-type-options': 'nosniff',
    ...reply.headers,
  });
  if (request.method === 'HEAD') response.end();
  // What is ASCII alone goes out with its head as one text; a buffer would be a piece of its own.
  else if (typeof body === 'string') response.end(body, bytes === body.length ? 'latin1' : 'utf8');
  else response.end(body);
}

/** No part is made before the reader has taken the one before it. */
async function sendParts(
  request: IncomingMessage,
  response: ServerResponse,
  { status, contentType, headers, body }: Reply & { readonly body: AsyncIterable<string> },
  takesGzip: boolean,
): Promise<void> {
  response.writeHead(status, {
    'content-type': contentType,
    ...(takesGzip ? { 'content-encoding': 'gzip', vary: 'accept-encoding' } : {}),
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const parts = Readable.from(body, { objectMode: true, highWaterMark: 1 });
  const sent = takesGzip ? pipeline(parts, createGzip({ level: 1 }), response) : pipeline(parts, response);
  await sent.catch((error: unknown) => {
    response.destroy();
    if (!isReaderGone(error)) throw error;
  });
}

/** A reader that goes away is no fault of ours: its end comes before ours, or is found by the next part. */
function isReaderGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ERR_STREAM_DESTROYED';
}

function gzipped(body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip(body, { level: 1 }, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}
