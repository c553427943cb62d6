// Owns one request of the http prober and its answer: name, connection, TLS, exchange, and when each was done. Follows nothing.

import { isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { bareHost } from '../../model/target.ts';
import { visible } from '../../model/text.ts';
import { exchange, type Moments } from '../../net/sample/exchange.ts';
import type { FieldStore } from '../../net/sample/fields.ts';
import { StepFailure } from '../../net/sample/step.ts';
import { readTcpInfo } from '../../net/tcp-info.ts';
import type { HttpModule } from '../config/modules.ts';
import { failureOf, Mistake, NotAllowed, type Phase, wordsOf } from '../failure.ts';
import type { ProbeContext } from '../probe.ts';
import { BadProxy, isSocks, type ProxyConfig, portOf, proxyFor } from '../proxy-choice.ts';
import { sourceFamily, sourceOf } from '../source.ts';
import { dial, dialSecure, type Secured, type Securing, secure } from './connection.ts';
import { urlAuthorization } from './http-credentials.ts';
import { exchangeHttp1, isSendable, locationOf } from './http1-exchange.ts';
import { dialProxy, tunnel } from './proxy-connection.ts';

export interface HttpRequest {
  /** Names the host of the answer's redirects; its host may be the address. */
  readonly url: URL;
  /** Path and query as they are asked for. */
  readonly path: string;
  /** Host of the URL as it was asked for, before an address took its place. */
  readonly name: string;
  /** Null: looked up. */
  readonly address: string | null;
  /** Sent as Host (`:authority` in HTTP/2). */
  readonly host: string;
  /** Server name and name to verify; empty: the host of the URL. */
  readonly servername: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | null;
  /** Its length is not known beforehand: see Http1Request. */
  readonly isStreamed: boolean;
  /** Bytes of the body as transferred that are read. */
  readonly mostBytes: number;
  /** False: they are counted and let go. */
  readonly keepsBody: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`. */
  readonly proto: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Empty where it is not kept. */
  readonly body: Buffer;
  /** Read of the body. */
  readonly bodyBytes: number;
  readonly truncated: boolean;
  /** Why the body did not come whole; null: it did. */
  readonly cut: StepFailure | null;
}

/** `performance.now()` of each, as the exporter's trace has them; absent: it did not come. */
export interface Trace {
  readonly tls: boolean;
  start?: number;
  resolved?: number;
  connected?: number;
  /** How long the connection took by the kernel, ms; absent: it was not asked, or lost a packet. */
  connectMs?: number;
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

/** Of a module, or of what it fetches its tokens with. */
export type HttpClient = ProxyConfig & Pick<HttpModule, 'tls_config' | 'enable_http2'>;

export async function roundTrip(
  context: ProbeContext,
  client: HttpClient,
  request: HttpRequest,
  trace: Trace,
): Promise<RoundTrip> {
  let socket: Socket | null = null;
  let secured: RoundTrip['secured'] = null;
  try {
    const { url, name } = request;
    // The exporter has put the address into the URL by now: names in no_proxy do not fit it any more.
    const proxy = proxyFor(client, url, context.env, context.quirks ? [] : [name]);
    const isTunnel = proxy !== null && (url.protocol === 'https:' || isSocks(proxy));
    if (proxy === null && url.protocol === 'https:') {
      secured = await connectedSecurely(context, client, request, trace);
      ({ socket } = secured);
    } else {
      socket = await (proxy === null
        ? connected(context, request, trace)
        : viaProxy(context, client, request, proxy, trace));
      if (isTunnel) await tunnel(socket, proxy, url, client.proxy_connect_header, context);
      if (url.protocol === 'https:') secured = await securedOf(context, client, request, socket, trace);
    }
    trace.gotConnection = performance.now();
    const sent = proxy === null || isTunnel ? request : askingProxy(request, proxy);
    const response = await exchanged(context, sent, secured?.socket ?? socket, trace);
    return { response, socket, secured, failure: null };
  } catch (error) {
    context.fail(failureOf(error, phaseOf(trace)));
    return { response: null, socket, secured, failure: failureWords(error) };
  }
}

/** How far it had come. */
function phaseOf({ resolved, connected: open, tls, gotConnection, firstByte }: Trace): Phase {
  if (resolved === undefined) return 'resolve';
  if (open === undefined) return 'connect';
  if (gotConnection === undefined) return tls ? 'tls' : 'connect';
  return firstByte === undefined ? 'request' : 'answer';
}

export function failureWords(error: unknown): string {
  if (error instanceof StepFailure) {
    const { code, detail } = error.problem;
    return detail === null ? code : `${code}: ${visible(detail)}`;
  }
  return wordsOf(error);
}

async function connected(context: ProbeContext, request: HttpRequest, trace: Trace): Promise<Socket> {
  const to = await placeOf(context, request, trace);
  const socket = await dial({ to, signal: context.signal });
  tellConnect(trace, socket);
  return socket;
}

async function connectedSecurely(
  context: ProbeContext,
  client: HttpClient,
  request: HttpRequest,
  trace: Trace,
): Promise<Secured> {
  const to = await placeOf(context, request, trace);
  const secured = await dialSecure({ to, signal: context.signal }, securingOf(context, client, request), (socket) => {
    tellConnect(trace, socket);
    trace.tlsStart = performance.now();
  });
  trace.tlsDone = performance.now();
  return secured;
}

async function placeOf(
  { resolve, allows, signal, module }: ProbeContext,
  { url, address, name: asked }: HttpRequest,
  trace: Trace,
): Promise<{ readonly host: string; readonly port: number; readonly localAddress?: string }> {
  trace.start = performance.now();
  const name = bareHost(url);
  const literal = address ?? (isIP(name) === 0 ? null : name);
  const [host] = literal === null ? await resolve(name, sourceFamily(module), signal) : [literal];
  if (host === undefined) throw new Error(`lookup ${name}: no such host`);
  trace.resolved = address === null ? performance.now() : trace.start;
  const refusal = allows(host, asked);
  if (refusal !== null) throw new NotAllowed(refusal);
  return { host, port: portOf(url), ...sourceOf(module) };
}

function tellConnect(trace: Trace, socket: Socket): void {
  trace.connected = performance.now();
  const kernel = readTcpInfo(socket);
  // After a lost SYN only the event loop saw how long it took.
  if (kernel !== null && kernel.rttMs !== null && kernel.retransmits === 0) trace.connectMs = kernel.rttMs;
}

async function viaProxy(
  context: ProbeContext,
  { tls_config }: HttpClient,
  { url, host, name }: HttpRequest,
  proxy: URL,
  trace: Trace,
): Promise<Socket> {
  // What the proxy makes of a name is its own rule; which one it is given is ours, and so is the one that stands in Host: http targets are asked for by that.
  const said = url.protocol === 'http:' && !isSocks(proxy) ? context.allows(bareHost(plainUrl(host))) : null;
  const refusal = context.allows(bareHost(url), name) ?? said;
  if (refusal !== null) throw new NotAllowed(refusal);
  trace.start = performance.now();
  return await dialProxy(context, proxy, tls_config, trace);
}

/** @throws BadProxy for what is more or less than a host: a proxy might read another one in it */
function plainUrl(host: string): URL {
  const url = URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`) : null;
  if (url === null || /[@/?#\\\s]/.test(host)) throw new BadProxy('Host is no host that a proxy could be asked for');
  return url;
}

/** Absolute form, by the name that is sent as Host (RFC 9112 3.2.2; net/http, Request.write). */
function askingProxy(request: HttpRequest, proxy: URL): HttpRequest & { readonly target: string } {
  const { path, host, headers } = request;
  const authorization = urlAuthorization(proxy);
  const own = headers.filter(([name]) => authorization === null || name.toLowerCase() !== 'proxy-authorization');
  return {
    ...request,
    headers: [...own, ...(authorization === null ? [] : [['proxy-authorization', authorization] as const])],
    target: `http://${host}${path}`,
  };
}

async function securedOf(
  context: ProbeContext,
  client: HttpClient,
  request: HttpRequest,
  socket: Socket,
  trace: Trace,
): Promise<Secured> {
  trace.tlsStart = performance.now();
  const { config, servername, alpn } = securingOf(context, client, request);
  const secured = await secure(socket, config, servername, context, alpn);
  trace.tlsDone = performance.now();
  return secured;
}

function securingOf(
  context: ProbeContext,
  { tls_config, enable_http2 }: HttpClient,
  { url, servername }: HttpRequest,
): Securing {
  return {
    config: tls_config,
    servername: servername === '' ? bareHost(url) : servername,
    context,
    alpn: enable_http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
  };
}

async function exchanged(
  { signal }: ProbeContext,
  request: HttpRequest & { readonly target?: string },
  socket: Socket | TLSSocket,
  trace: Trace,
): Promise<HttpResponse> {
  const path = request.target ?? request.path;
  if ('alpnProtocol' in socket && socket.alpnProtocol === 'h2')
    return exchangedHttp2(signal, request, path, socket, trace);
  return await exchangeHttp1(socket, { ...request, target: path }, signal, () => {
    trace.firstByte = performance.now();
  });
}

async function exchangedHttp2(
  signal: AbortSignal,
  request: HttpRequest,
  path: string,
  socket: TLSSocket,
  trace: Trace,
): Promise<HttpResponse> {
  if (!isSendable({ ...request, target: path })) throw new Mistake('a header that cannot be sent');
  const parts: Buffer[] = [];
  let [bodyBytes, began]: [number, number | null] = [0, null];
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
  // As in HTTP/1: nobody waits for the body of an answer that leads elsewhere.
  const leading = new AbortController();
  const moments: Moments = { beginMs: performance.now(), sentMs: null, firstByteMs: null, endMs: null };
  try {
    const facts = await exchange(
      socket,
      {
        ...{ origin: request.url.origin, path, method: request.method, body: request.body, timeoutMs: NO_LIMIT_MS },
        headers: [['host', request.host] as const, ...http2Fields(request.headers)].flat(),
        limits: { bodyBytes: request.mostBytes, headerBytes: MOST_HEADER_BYTES },
        onBody: (part) => {
          bodyBytes += part.byteLength;
          if (request.keepsBody) parts.push(Buffer.from(part));
        },
        onStatus: (status) => {
          began = status;
          if (locationOf({ status, headers }, request) !== null) leading.abort();
        },
      },
      moments,
      AbortSignal.any([signal, leading.signal]),
      fields,
    );
    const { status, truncated } = facts;
    return { status, proto: 'HTTP/2.0', headers, body: Buffer.concat(parts), bodyBytes, truncated, cut: null };
  } catch (error) {
    if (began === null || !(error instanceof StepFailure)) throw error;
    const body = Buffer.concat(parts);
    const cut = leading.signal.aborted ? null : error;
    return { status: began, proto: 'HTTP/2.0', headers, body, bodyBytes, truncated: false, cut };
  } finally {
    if (moments.firstByteMs !== null) trace.firstByte = moments.firstByteMs;
  }
}

/** Of the connection, or what the exchange says itself (RFC 9113 8.2.2): net/http leaves them out, and undici refuses them. */
const NOT_IN_HTTP2 = new Set(['content-length', 'keep-alive', 'proxy-connection', 'transfer-encoding']);

/** As Go writes them: no agent where the module wants none, and text as its bytes in UTF-8. */
function http2Fields(headers: HttpRequest['headers']): HttpRequest['headers'] {
  return headers
    .filter(([name]) => !NOT_IN_HTTP2.has(name.toLowerCase()))
    .filter(([name, value]) => value !== '' || name.toLowerCase() !== 'user-agent')
    .map(([name, value]) => [name, Buffer.from(value).toString('latin1')] as const);
}

/** Those of HTTP/2 come as an object. */
function rawFields(raw: unknown): readonly (readonly [string, string])[] {
  const text = (word: unknown): string => (Buffer.isBuffer(word) ? word.toString('latin1') : String(word));
  if (typeof raw !== 'object' || raw === null) return [];
  return Object.entries(raw as Record<string, string | readonly string[] | undefined>)
    .filter(([name]) => !name.startsWith(':'))
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value ?? '']).map((one: unknown) => [name, text(one)] as const),
    );
}
