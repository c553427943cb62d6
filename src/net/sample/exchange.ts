// Owns the HTTP exchange of a sample: undici carries it over the socket that is already connected and secured.
// Never sends a request twice and never opens a connection: what undici would do by itself is stopped here.
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { buildConnector, Dispatcher } from 'undici';
import Client from 'undici/lib/dispatcher/client.js';
import { type Problem, problem } from '../../model/problem.ts';
import { wireText } from '../../model/text.ts';
import type { HttpFacts } from '../../model/trace.ts';
import { now } from '../clock.ts';
import { type BodyReader, bodyReader } from './answer.ts';
import { problemOf } from './failure.ts';
import type { FieldReader, FieldStore, Fields } from './fields.ts';
import { keepSessionsBehindStreams } from './http2-order.ts';
import { StepFailure, startBound } from './step.ts';

export interface ExchangeRequest {
  /** `https://name:port` of the target; the connection is the one given. */
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: readonly string[];
  readonly body: Uint8Array | null;
  readonly limits: { readonly bodyBytes: number; readonly headerBytes: number };
  readonly timeoutMs: number;
  /** All but the first byte of the body are held back till this resolves. */
  readonly until?: Promise<void>;
  /** Told each part of the body within the limit. It is undici's own: who keeps it copies it. */
  readonly onBody?: (part: Uint8Array) => void;
  /** Told when the head of the answer has come, whatever becomes of its body. */
  readonly onStatus?: (status: number) => void;
}

/** Moments of `now()`; null while it has not come. */
export interface Moments {
  readonly beginMs: number;
  sentMs: number | null;
  firstByteMs: number | null;
  endMs: number | null;
  /** Told once when the request is written. */
  readonly onSent?: () => void;
  /** Told when an answer begins, before anything else is read: of each informational one, and of the answer. */
  readonly onFirstByte?: (toldMs: number) => void;
}

/** Runs one exchange. `moments` and the returned facts are kept by the caller also when it fails. @throws StepFailure */
export async function exchange(
  socket: Socket | TLSSocket,
  request: ExchangeRequest,
  moments: Moments,
  signal: AbortSignal,
  fields: FieldStore,
): Promise<HttpFacts> {
  const line = openLine(socket, request, 1);
  try {
    return await line.exchange(request, moments, signal, fields);
  } finally {
    line.close();
  }
}

/** A connection that can carry one exchange after the other. */
export interface Line {
  /** @throws StepFailure */
  exchange(request: ExchangeRequest, moments: Moments, signal: AbortSignal, fields: FieldStore): Promise<HttpFacts>;
  isUsable(): boolean;
  close(): void;
}

/** @param idleMs how long it may be idle between two exchanges before it is closed */
export function openLine(
  socket: Socket | TLSSocket,
  { origin, limits }: Pick<ExchangeRequest, 'origin' | 'limits'>,
  idleMs: number,
): Line {
  const isH2 = 'alpnProtocol' in socket && socket.alpnProtocol === 'h2';
  if (isH2) keepSessionsBehindStreams();
  const client = new Client(origin, {
    connect: handingOver(socket as TLSSocket),
    ...{ allowH2: isH2, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 },
    ...{ keepAliveTimeout: idleMs, maxHeaderSize: limits.headerBytes, maxResponseSize: -1 },
  });
  // Undici emits late errors of the session here; they are the exchange's own by then.
  client.on('disconnect', () => undefined);
  const cause = firstError(socket);
  return {
    async exchange(request, moments, signal, fields) {
      const running = new Exchange(cause, isH2 ? '2' : '1.1', request, moments, fields.open());
      const cancel = (): void => running.cancel();
      try {
        signal.addEventListener('abort', cancel, { once: true });
        const { path, method } = request;
        if (signal.aborted) cancel();
        else client.dispatch({ path, method, ...bodyOf(request) }, running);
        return await running.facts;
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    },
    isUsable: () => !socket.destroyed && socket.readable && socket.writable && !client.destroyed,
    close: () => void client.destroy().catch(() => undefined),
  };
}

/** Two bytes for a request that has less: undici writes the head with the first. */
const HELD = Buffer.from('{}');

/** What is sent when the end of a body is held back. */
export function heldBody(body: Uint8Array | null): Buffer {
  return body === null || body.byteLength < 2 ? HELD : Buffer.from(body);
}

function bodyOf({ headers, body, until }: ExchangeRequest): Pick<Dispatcher.DispatchOptions, 'headers' | 'body'> {
  if (until === undefined) return { headers: [...headers], body: body === null ? null : Buffer.from(body) };
  const whole = heldBody(body);
  return {
    headers: [...headers, 'content-length', String(whole.byteLength)],
    body: Readable.from(heldBack(whole, until)),
  };
}

async function* heldBack(whole: Buffer, until: Promise<void>): AsyncGenerator<Buffer> {
  yield whole.subarray(0, 1);
  await until;
  yield whole.subarray(1);
}

/** The socket's own first error, such as an alert after the handshake: undici keeps the last one, "other side closed". */
function firstError(socket: Socket): { readonly first: Error | null } {
  const cause = { first: socket.errored };
  socket.on('error', (error) => {
    cause.first ??= error;
  });
  return cause;
}

/** One sample is one connection: when undici comes for a second one (it replays a request after GOAWAY), the first was given up. */
function handingOver(socket: TLSSocket): buildConnector.connector {
  let handed = false;
  return (_options, callback) => {
    // Not undici's own SocketError: after one of those it comes again, without end.
    if (handed) setImmediate(callback, new Error('socket closed by the server before it answered (GOAWAY)'), null);
    // Not within the call: undici resumes an HTTP/1.1 client only from outside of its own connecting.
    else queueMicrotask(() => callback(null, socket));
    handed = true;
  };
}

/** One exchange from dispatch to its end. It ends once: with facts, or with the problem of the step it was in. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly facts: Promise<HttpFacts>;
  readonly #moments: Moments;
  readonly #timeoutMs: number;
  readonly #version: HttpFacts['version'];
  readonly #cause: { readonly first: Error | null };
  readonly #body: BodyReader;
  readonly #onStatus: (status: number) => void;
  readonly #fields: FieldReader;
  #head: Pick<HttpFacts, 'status' | 'headers'> | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #timer: { stop(): void } | null = null;
  #ended = false;
  readonly #resolve: (facts: HttpFacts) => void;
  readonly #reject: (failure: StepFailure) => void;

  constructor(
    cause: { readonly first: Error | null },
    version: HttpFacts['version'],
    { limits, timeoutMs, onBody, onStatus = () => undefined }: ExchangeRequest,
    moments: Moments,
    fields: FieldReader,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<HttpFacts>();
    this.facts = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#cause = cause;
    this.#version = version;
    this.#timeoutMs = timeoutMs;
    this.#onStatus = onStatus;
    this.#moments = moments;
    this.#fields = fields;
    this.#body = bodyReader(limits.bodyBytes, onBody);
    this.#bound();
  }

  get #step(): 'send' | 'wait' | 'receive' {
    if (this.#moments.sentMs === null) return 'send';
    return this.#head === null ? 'wait' : 'receive';
  }

  cancel(): void {
    this.#fail(problem('cancelled', this.#step));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const again = this.#controller !== null;
    this.#controller = controller;
    // One sample is one request: undici sends a refused HTTP/2 stream a second time (RFC 9113 8.7) unless it is stopped here.
    if (again) this.#fail(problem('reset', this.#step, wireText('the server refused the request (REFUSED_STREAM)')));
    else if (this.#ended) this.#abort();
  }

  onRequestSent(): void {
    if (this.#moments.sentMs === null) {
      this.#moments.sentMs = now();
      this.#moments.onSent?.();
    }
    this.#bound();
  }

  onResponseStarted(): void {
    this.#begun();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: unknown): void {
    // Informational answers (RFC 9110 15.2) are not the answer: the wait goes on.
    if (status < 200) {
      this.#moments.firstByteMs = null;
      return;
    }
    this.#begun();
    this.#head = { status, headers: this.#fields.read(controller.rawHeaders ?? headers) };
    this.#onStatus(status);
    this.#bound();
  }

  #begun(): void {
    if (this.#moments.firstByteMs !== null) return;
    const toldMs = now();
    this.#moments.firstByteMs = toldMs;
    this.#moments.onFirstByte?.(toldMs);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ended || this.#body.add(chunk)) return;
    this.#finish([], true);
    this.#abort();
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: unknown): void {
    this.#finish(this.#fields.read(controller.rawTrailers ?? trailers), false);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(problemOf(this.#cause.first ?? error, this.#step));
  }

  /** Each of the steps wait and receive has the whole time for itself. */
  #bound(): void {
    this.#timer?.stop();
    if (this.#ended) return;
    const late = (): void =>
      this.#fail(problem(this.#step === 'receive' ? 'receive-timeout' : 'wait-timeout', this.#step));
    this.#timer = startBound(this.#timeoutMs, late);
  }

  #finish(trailers: Fields, truncated: boolean): void {
    if (this.#ended || this.#head === null) return;
    this.#moments.endMs = now();
    this.#end();
    const { truncated: fieldsTruncated } = this.#fields;
    const read = { ...this.#head, trailers, fieldsTruncated, ...this.#body.read(), truncated };
    this.#resolve({ version: this.#version, ...read });
  }

  #fail(failure: Problem): void {
    if (this.#ended) return;
    this.#end();
    this.#reject(new StepFailure(failure));
    this.#abort();
  }

  #end(): void {
    this.#ended = true;
    this.#timer?.stop();
  }

  #abort(): void {
    this.#controller?.abort(new Error('stopped'));
  }
}
