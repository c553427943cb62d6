// Owns the HTTP exchange of a sample: undici carries it over the socket that is already connected and secured.
// The body is counted and hashed as transferred, never decoded, so that a bomb of compressed zeros stays small.
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { buildConnector, Dispatcher } from 'undici';
import Client from 'undici/lib/dispatcher/client.js';
import { type Problem, problem } from '../../model/problem.ts';
import { type WireText, wireText } from '../../model/text.ts';
import type { HttpFacts } from '../../model/trace.ts';
import { now } from '../clock.ts';
import { problemOf } from './failure.ts';
import { StepFailure } from './step.ts';

export interface ExchangeRequest {
  /** `https://name:port` of the target; the connection is the one given. */
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: readonly string[];
  readonly body: Uint8Array | null;
  readonly limits: { readonly bodyBytes: number; readonly headerBytes: number };
  readonly timeoutMs: number;
}

/** Moments of `now()`; null while it has not come. */
export interface Moments {
  readonly beginMs: number;
  sentMs: number | null;
  firstByteMs: number | null;
  endMs: number | null;
}

/** Bytes of the body that are kept as text. */
const KEPT_BYTES = 512;

type Fields = readonly (readonly [WireText, WireText])[];

/** Runs one exchange. `moments` and the returned facts are kept by the caller also when it fails. @throws StepFailure */
export async function exchange(
  socket: Socket | TLSSocket,
  request: ExchangeRequest,
  moments: Moments,
  signal: AbortSignal,
): Promise<HttpFacts> {
  const isH2 = 'alpnProtocol' in socket && socket.alpnProtocol === 'h2';
  const client = new Client(request.origin, {
    connect: handingOver(socket as TLSSocket),
    ...{ allowH2: isH2, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 1 },
    ...{ maxHeaderSize: request.limits.headerBytes, maxResponseSize: -1 },
  });
  // Undici emits late errors of the session here; they are the exchange's own by then.
  client.on('disconnect', () => undefined);
  try {
    return await dispatch(client, firstError(socket), request, moments, isH2, signal);
  } finally {
    client.destroy().catch(() => undefined);
  }
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

function dispatch(
  client: Client,
  cause: { readonly first: Error | null },
  request: ExchangeRequest,
  moments: Moments,
  isH2: boolean,
  signal: AbortSignal,
): Promise<HttpFacts> {
  return new Promise((resolve, reject) => {
    let ended = false;
    let started = false;
    let abort: (reason: Error) => void = () => undefined;
    const reader = bodyReader(request.limits.bodyBytes);
    let head: Pick<HttpFacts, 'status' | 'headers'> | null = null;
    let timer: NodeJS.Timeout | undefined;
    const end = (settle: () => void): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      settle();
    };
    const fail = (failure: Problem): void => {
      end(() => reject(new StepFailure(failure)));
      abort(new Error('stopped'));
    };
    const step = (): 'send' | 'wait' | 'receive' =>
      moments.sentMs === null ? 'send' : head === null ? 'wait' : 'receive';
    const cancel = (): void => fail(problem('cancelled', step()));
    const bound = (): void => {
      clearTimeout(timer);
      const late = step() === 'receive' ? 'receive-timeout' : 'wait-timeout';
      timer = setTimeout(() => fail(problem(late, step())), request.timeoutMs);
    };
    const finish = (trailers: Fields, truncated: boolean): void => {
      moments.endMs = now();
      if (head === null) fail(problem('http-protocol', 'wait'));
      else {
        const { status, headers } = head;
        end(() => resolve({ version: isH2 ? '2' : '1.1', status, headers, trailers, ...reader.read(), truncated }));
      }
    };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        // One sample is one request: undici sends a refused HTTP/2 stream a second time (RFC 9113 8.7) unless it is stopped here.
        if (started) fail(problem('reset', step(), wireText('the server refused the request (REFUSED_STREAM)')));
        started = true;
        abort = (reason) => controller.abort(reason);
        if (ended) controller.abort(new Error('stopped'));
      },
      onRequestSent() {
        moments.sentMs ??= now();
        bound();
      },
      onResponseStarted() {
        moments.firstByteMs ??= now();
      },
      onResponseStart(controller, status, headers) {
        // Informational answers (RFC 9110 15.2) are not the answer: the wait goes on.
        if (status < 200) {
          moments.firstByteMs = null;
          return;
        }
        moments.firstByteMs ??= now();
        head = { status, headers: fieldsOf(controller.rawHeaders ?? headers) };
        bound();
      },
      onResponseData(controller, chunk) {
        if (ended || reader.add(chunk)) return;
        finish([], true);
        controller.abort(new Error('body limit reached'));
      },
      onResponseEnd(controller, trailers) {
        finish(fieldsOf(controller.rawTrailers ?? trailers), false);
      },
      onResponseError(_controller, error) {
        end(() => reject(new StepFailure(problemOf(cause.first ?? error, step()))));
      },
    };
    signal.addEventListener('abort', cancel, { once: true });
    bound();
    if (signal.aborted) cancel();
    else {
      const { path, method, headers, body } = request;
      client.dispatch({ path, method, headers: [...headers], body: body === null ? null : Buffer.from(body) }, handler);
    }
  });
}

interface BodyReader {
  /** False when the limit is reached. */
  add(chunk: Buffer): boolean;
  read(): Pick<HttpFacts, 'bodyBytes' | 'bodySha256' | 'bodyStart'>;
}

function bodyReader(limit: number): BodyReader {
  const hash = createHash('sha256');
  let bytes = 0;
  let start: Buffer = Buffer.alloc(0);
  return {
    add(chunk) {
      const part = chunk.subarray(0, limit - bytes);
      hash.update(part);
      bytes += part.byteLength;
      if (start.byteLength < KEPT_BYTES)
        start = Buffer.concat([start, part.subarray(0, KEPT_BYTES - start.byteLength)]);
      return bytes < limit || part.byteLength === chunk.byteLength;
    },
    read: () => ({
      bodyBytes: bytes,
      bodySha256: hash.digest('hex'),
      bodyStart: wireText(start.toString('utf8'), KEPT_BYTES),
    }),
  };
}

/** Raw HTTP/1.1 fields come as name, value, name, value; those of HTTP/2 as an object. */
function fieldsOf(raw: unknown): Fields {
  if (Array.isArray(raw)) {
    const words = raw.map((word: unknown) => (Buffer.isBuffer(word) ? word.toString('latin1') : String(word)));
    return Array.from({ length: Math.floor(words.length / 2) }, (_, at) =>
      field(words[2 * at] ?? '', words[2 * at + 1] ?? ''),
    );
  }
  if (typeof raw !== 'object' || raw === null) return [];
  return Object.entries(raw as Record<string, string | string[] | undefined>)
    .filter(([name]) => !name.startsWith(':'))
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value ?? '']).map((one) => field(name, one)));
}

function field(name: string, value: string): readonly [WireText, WireText] {
  return [wireText(name, 256), wireText(value, 4096)];
}
