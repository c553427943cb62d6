// Owns one unary gRPC call over a connection that is there: headers, one message each way, trailers, and the status code that it comes to.
// What a server sends is bounded in size and by the signal. Knows no service but by its path.

import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { Socket } from 'node:net';
import { wordsOf } from '../failure.ts';

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export const CODES = {
  ...{ ok: 0, canceled: 1, unknown: 2, deadline: 4, denied: 7, exhausted: 8, unimplemented: 12, internal: 13 },
  ...{ unavailable: 14, unauthenticated: 16 },
} as const;

export interface Call {
  readonly socket: Socket;
  readonly secured: boolean;
  /** `host:port` as asked for. */
  readonly authority: string;
  readonly path: string;
  readonly metadata: ReadonlyMap<string, readonly string[]>;
  readonly userAgent: string;
  /** With gRPC's prefix. */
  readonly request: Buffer;
  readonly signal: AbortSignal;
}

export interface Called {
  readonly code: number;
  /** Without prefix; null unless the code is 0. */
  readonly message: Buffer | null;
  readonly words: string;
  /** Nothing was sent: it cannot be. */
  readonly isOurs?: true;
}

const MOST_BYTES = 65_536;
const MOST_HEADER_PAIRS = 128;
/** gRPC, PROTOCOL-HTTP2: what a caller may not set. */
const RESERVED = new Set([
  ...['content-type', 'user-agent', 'te', 'grpc-message-type', 'grpc-encoding', 'grpc-message', 'grpc-status'],
  ...['grpc-timeout', 'grpc-status-details-bin'],
]);

/** Never rejects: what went wrong is a code, as gRPC has it. */
export async function callUnary(call: Call): Promise<Called> {
  const headers = headersOf(call);
  if (typeof headers === 'string') return { ...failed(CODES.internal, headers), isOurs: true };
  return new Promise((resolve) => {
    const session = connect(`${call.secured ? 'https' : 'http'}://${call.authority}`, {
      createConnection: () => call.socket,
      maxHeaderListPairs: MOST_HEADER_PAIRS,
      settings: { enablePush: false },
    });
    const finish = (called: Called): void => {
      call.signal.removeEventListener('abort', late);
      resolve(called);
      session.destroy();
    };
    const late = (): void => finish(failed(CODES.deadline, 'context deadline exceeded'));
    session.on('error', (error: Error) => finish(failed(CODES.unavailable, error.message)));
    session.on('close', () => finish(failed(CODES.unavailable, 'the connection was closed')));
    call.signal.addEventListener('abort', late, { once: true });
    if (call.signal.aborted) late();
    else converse({ ...call, session, headers, finish });
  });
}

const failed = (code: number, words: string): Called => ({ code, message: null, words });

/** @returns a text when the metadata cannot be sent */
function headersOf({
  authority,
  path,
  metadata,
  userAgent,
  secured,
}: Call): Record<string, string | string[]> | string {
  const headers: Record<string, string | string[]> = {
    ...{ ':method': 'POST', ':scheme': secured ? 'https' : 'http', ':authority': authority, ':path': path },
    ...{ 'content-type': 'application/grpc', 'user-agent': userAgent, te: 'trailers' },
  };
  for (const [name, values] of metadata) {
    if (RESERVED.has(name)) continue;
    if (!/^[0-9a-z_.-]+$/.test(name)) return `header key "${name}" contains illegal characters not in [0-9a-z-_.]`;
    const isBinary = name.endsWith('-bin');
    if (!isBinary && values.some((value) => !/^[ -~]*$/.test(value)))
      return `header key "${name}" contains value with non-printable ASCII characters`;
    headers[name] = isBinary ? values.map((value) => Buffer.from(value, 'utf8').toString('base64')) : [...values];
  }
  return headers;
}

interface Conversation extends Call {
  readonly session: ClientHttp2Session;
  readonly headers: Record<string, string | string[]>;
  readonly finish: (called: Called) => void;
}

function converse({ session, headers, request, socket, finish }: Conversation): void {
  let stream: ClientHttp2Stream;
  try {
    stream = session.request(headers);
  } catch (error) {
    return finish(failed(CODES.internal, wordsOf(error)));
  }
  const parts: Buffer[] = [];
  let bytes = 0;
  let first: IncomingHttpHeaders | null = null;
  let last: IncomingHttpHeaders | null = null;
  stream.on('response', (given) => {
    first = given;
  });
  stream.on('trailers', (given) => {
    last = given;
  });
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) finish(failed(CODES.exhausted, `received message larger than max (${MOST_BYTES})`));
    else parts.push(chunk);
  });
  let speaksHttp2 = false;
  session.once('remoteSettings', () => {
    speaksHttp2 = true;
  });
  // Who ends the connection, or never began to speak HTTP/2, has not reset this stream, though Node says so. What ended is known a moment later.
  const broken = (words: string): void =>
    void setImmediate(() => {
      const isLost = !speaksHttp2 || session.destroyed || socket.destroyed;
      finish(failed(isLost ? CODES.unavailable : codeOfReset(stream.rstCode), words));
    });
  stream.on('error', (error: Error) => broken(error.message));
  stream.on('close', () => {
    if (first === null || (stream.rstCode ?? 0) !== 0) broken('the stream was closed without an answer');
    else finish(answered(first, last ?? first, Buffer.concat(parts)));
  });
  stream.end(request);
}

/** What RST_STREAM means (gRPC, PROTOCOL-HTTP2, "Errors"). */
function codeOfReset(reset: number | undefined): number {
  switch (reset) {
    case constants.NGHTTP2_REFUSED_STREAM:
      return CODES.unavailable;
    case constants.NGHTTP2_CANCEL:
      return CODES.canceled;
    case constants.NGHTTP2_ENHANCE_YOUR_CALM:
    case constants.NGHTTP2_FLOW_CONTROL_ERROR:
      return CODES.exhausted;
    case constants.NGHTTP2_INADEQUATE_SECURITY:
      return CODES.denied;
    default:
      return CODES.internal;
  }
}

/** gRPC, http-grpc-status-mapping. */
const CODE_OF_STATUS: { readonly [status: number]: number } = {
  ...{ 400: CODES.internal, 401: CODES.unauthenticated, 403: CODES.denied, 404: CODES.unimplemented },
  ...{ 429: CODES.unavailable, 502: CODES.unavailable, 503: CODES.unavailable, 504: CODES.unavailable },
};

/** @param last the trailers, or the headers of an answer that has no more */
function answered(first: IncomingHttpHeaders, last: IncomingHttpHeaders, body: Buffer): Called {
  const isGrpc = /^application\/grpc(?:[+;]|$)/.test(first['content-type'] ?? '');
  const status = Number(first[':status']);
  const given = last['grpc-status'];
  if (!isGrpc || (status !== 200 && given === undefined)) {
    const words = `unexpected HTTP status code received from server: ${status}; content-type "${first['content-type'] ?? ''}"`;
    return failed(CODE_OF_STATUS[status] ?? CODES.unknown, words);
  }
  if (given === undefined) return failed(CODES.internal, 'server closed the stream without sending trailers');
  const code = /^\d{1,9}$/.test(String(given)) ? Number(given) : CODES.unknown;
  if (code !== CODES.ok) return failed(code, String(last['grpc-message'] ?? ''));
  const [flag] = body;
  if (flag === 1) return failed(CODES.unimplemented, 'the message is compressed, which nobody asked for');
  if (body.length < 5 || flag !== 0 || body.readUInt32BE(1) !== body.length - 5)
    return failed(CODES.internal, 'the answer does not hold one message');
  return { code, message: body.subarray(5), words: '' };
}
