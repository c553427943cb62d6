// Owns one request of the http prober and its answer: name, connection, TLS, exchange, and when each was done. Follows nothing.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { visible } from '../../model/text.ts';
import { exchange, type Moments } from '../../net/sample/exchange.ts';
import type { FieldStore } from '../../net/sample/fields.ts';
import { StepFailure } from '../../net/sample/step.ts';
import { failureOf, type Phase } from '../failure.ts';
import type { ProbeContext } from '../probe.ts';
import { dial, type Secured, secure } from './connection.ts';

export interface HttpRequest {
  /** Names the host of the answer's redirects; its host may be the address. */
  readonly url: URL;
  /** Null: looked up. */
  readonly address: string | null;
  /** Sent as Host (`:authority` in HTTP/2). */
  readonly host: string;
  /** Server name and name to verify; empty: the host of the URL. */
  readonly servername: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | null;
  /** Bytes of the body as transferred that are read. */
  readonly mostBytes: number;
}

export interface HttpResponse {
  readonly status: number;
  /** `HTTP/1.1` or `HTTP/2.0`; an answer in HTTP/1.0 reads as 1.1. */
  readonly proto: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly truncated: boolean;
}

/** `performance.now()` of each, as the exporter's trace has them; absent: it did not come. */
export interface Trace {
  readonly tls: boolean;
  start?: number;
  resolved?: number;
  connected?: number;
  tlsStart?: number;
  tlsDone?: number;
  gotConnection?: number;
  firstByte?: number;
  end?: number;
}

export interface RoundTrip {
  readonly response: HttpResponse | null;
  /** For what is said of its TLS; closed by the caller. */
  readonly socket: Socket | null;
  readonly secured: Secured | null;
  /** Why there is no response, in words. */
  readonly failure: string | null;
}

const MOST_HEADER_BYTES = 1_048_576;
const NO_LIMIT_MS = 2_147_483_647;

export async function roundTrip(context: ProbeContext, request: HttpRequest, trace: Trace): Promise<RoundTrip> {
  let socket: Socket | null = null;
  let secured: RoundTrip['secured'] = null;
  try {
    socket = await connected(context, request, trace);
    if (request.url.protocol === 'https:') secured = await securedOf(context, request, socket, trace);
    trace.gotConnection = performance.now();
    const response = await exchanged(context, request, secured?.socket ?? socket, trace);
    return { response, socket, secured, failure: null };
  } catch (error) {
    context.fail(failureOf(error, phaseOf(trace)));
    return { response: null, socket, secured, failure: wordsOf(error) };
  }
}

/** How far it had come. */
function phaseOf({ resolved, connected: open, tls, gotConnection, firstByte }: Trace): Phase {
  if (resolved === undefined) return 'resolve';
  if (open === undefined) return 'connect';
  if (gotConnection === undefined) return tls ? 'tls' : 'connect';
  return firstByte === undefined ? 'request' : 'answer';
}

function wordsOf(error: unknown): string {
  if (error instanceof StepFailure) {
    const { code, detail } = error.problem;
    return detail === null ? code : `${code}: ${visible(detail)}`;
  }
  return error instanceof Error ? error.message : String(error);
}

async function connected(context: ProbeContext, { url, address }: HttpRequest, trace: Trace): Promise<Socket> {
  const { resolve, allows, signal } = context;
  trace.start = performance.now();
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const [host] = address === null ? await resolve(name, null, signal) : [address];
  if (host === undefined) throw new Error(`lookup ${name}: no such host`);
  trace.resolved = address === null ? performance.now() : trace.start;
  const refusal = allows(host);
  if (refusal !== null) throw new Error(refusal);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const socket = await dial({ to: { host, port }, signal });
  trace.connected = performance.now();
  return socket;
}

async function securedOf(
  { module, rootsPem, signal }: ProbeContext,
  request: HttpRequest,
  socket: Socket,
  trace: Trace,
) {
  trace.tlsStart = performance.now();
  const servername = request.servername === '' ? request.url.hostname.replace(/^\[|\]$/g, '') : request.servername;
  const alpn = module.http.enable_http2 ? ['h2', 'http/1.1'] : ['http/1.1'];
  const secured = await secure(socket, module.http.tls_config, servername, rootsPem, signal, alpn);
  trace.tlsDone = performance.now();
  return secured;
}

async function exchanged(
  { signal }: ProbeContext,
  request: HttpRequest,
  socket: Socket | TLSSocket,
  trace: Trace,
): Promise<HttpResponse> {
  const parts: Buffer[] = [];
  let headers: readonly (readonly [string, string])[] = [];
  // The fields as they came: they are matched here, and printed nowhere.
  const fields: FieldStore = {
    open: () => ({
      read(raw) {
        if (headers.length === 0) headers = rawFields(raw);
        return [];
      },
      truncated: false,
    }),
  };
  const moments: Moments = { beginMs: performance.now(), sentMs: null, firstByteMs: null, endMs: null };
  const path = `${request.url.pathname}${request.url.search}`;
  try {
    const facts = await exchange(
      socket,
      {
        ...{ origin: request.url.origin, path, method: request.method, body: request.body, timeoutMs: NO_LIMIT_MS },
        headers: [['host', request.host] as const, ...request.headers].flat(),
        limits: { bodyBytes: request.mostBytes, headerBytes: MOST_HEADER_BYTES },
        onBody: (part) => void parts.push(Buffer.from(part)),
      },
      moments,
      signal,
      fields,
    );
    const proto = facts.version === '2' ? 'HTTP/2.0' : 'HTTP/1.1';
    return { status: facts.status, proto, headers, body: Buffer.concat(parts), truncated: facts.truncated };
  } finally {
    if (moments.firstByteMs !== null) trace.firstByte = moments.firstByteMs;
  }
}

/** Raw HTTP/1.1 fields come as name, value, name, value; those of HTTP/2 as an object. */
function rawFields(raw: unknown): readonly (readonly [string, string])[] {
  const text = (word: unknown): string => (Buffer.isBuffer(word) ? word.toString('latin1') : String(word));
  if (Array.isArray(raw)) {
    return Array.from(
      { length: Math.floor(raw.length / 2) },
      (_, at) => [text(raw[2 * at]), text(raw[2 * at + 1])] as const,
    );
  }
  if (typeof raw !== 'object' || raw === null) return [];
  return Object.entries(raw as Record<string, string | readonly string[] | undefined>)
    .filter(([name]) => !name.startsWith(':'))
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value ?? '']).map((one: unknown) => [name, text(one)] as const),
    );
}

/** All values of a field, whatever its letters' case. */
export function valuesOf(response: Pick<HttpResponse, 'headers'>, name: string): readonly string[] {
  const wanted = name.toLowerCase();
  return response.headers.filter(([one]) => one.toLowerCase() === wanted).map(([, value]) => value);
}
