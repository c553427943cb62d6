// Owns one exchange of the http prober in HTTP/1 (RFC 9112): the request as Go's client writes it, and the answer as it comes, over a socket that stands.
// Written here and not left to undici, whose client for one request takes longer than the rest of a probe. Bounded in head and body; follows nothing.
import type { Socket } from 'node:net';
import type { ProblemCode } from '../../model/problem.ts';
import { problem } from '../../model/problem.ts';
import { type BodyFraming, bodyFraming } from '../../net/conversation/body-framing.ts';
import { problemOf } from '../../net/sample/failure.ts';
import { StepFailure } from '../../net/sample/step.ts';
import { canonicalHeader } from '../config/client.ts';
import { Mistake } from '../failure.ts';

type Headers = readonly (readonly [string, string])[];

export interface Http1Request {
  /** As it stands in the request line. */
  readonly target: string;
  readonly host: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array | null;
  /** Its length is not told beforehand, as Go does not know that of a file: it is sent in chunks, and not to where a 307 or 308 leads. */
  readonly isStreamed: boolean;
  /** Bytes of the body as transferred that are read. */
  readonly mostBytes: number;
  /** False: they are counted and let go. */
  readonly keepsBody: boolean;
}

export interface Http1Answer {
  readonly status: number;
  /** `HTTP/1.1` or `HTTP/1.0`. */
  readonly proto: string;
  readonly headers: Headers;
  /** Empty where it is not kept. */
  readonly body: Buffer;
  /** Read of the body. */
  readonly bodyBytes: number;
  /** There was more of the body than was to be read. */
  readonly truncated: boolean;
  /** Why the body did not come whole; null: it did. What the head said holds all the same, as with Go. */
  readonly cut: StepFailure | null;
}

const MOST_HEAD_BYTES = 1_048_576;
const STATUS_LINE = /^HTTP\/(1\.\d) (\d{3})(?: .*)?$/;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Control characters, but for the tab. */
const UNSENDABLE = /[^\t -~\u0080-\uffff]/;
const UNREADABLE = /[\0\r]/;
/** What net/http says itself and takes from nobody (Request.write, reqWriteExcludeHeader). */
const UNSENT = new Set(['Host', 'Content-Length', 'Transfer-Encoding', 'Trailer']);
const OWN = new Set([...UNSENT, 'User-Agent']);
/** Methods that say so when they send nothing (net/http, transferWriter.shouldSendContentLength). */
const TELL_LENGTH = new Set(['POST', 'PUT', 'PATCH']);

const LEADING = new Set([301, 302, 303, 307, 308]);

/** Whether method and body go along to where an answer leads. */
export function keepsRequest(status: number): boolean {
  return status === 307 || status === 308;
}

/** All values of a field, whatever its letters' case. */
export function valuesOf({ headers }: Pick<Http1Answer, 'headers'>, name: string): readonly string[] {
  const wanted = name.toLowerCase();
  const values: string[] = [];
  // By length first: most differ by that, and hardly any field of an answer is asked for.
  for (const [one, value] of headers)
    if (one.length === wanted.length && one.toLowerCase() === wanted) values.push(value);
  return values;
}

/**
 * Where an answer leads, as it stands there (net/http, Header.Get: the first counts); null: nowhere. The body of one that leads elsewhere is
 * not waited for, as Go waits for no more than 2 KiB of it.
 */
export function locationOf(
  answer: Pick<Http1Answer, 'status' | 'headers'>,
  { isStreamed }: Pick<Http1Request, 'isStreamed'>,
): string | null {
  const { status } = answer;
  if (!LEADING.has(status) || (isStreamed && keepsRequest(status))) return null;
  const [location = ''] = valuesOf(answer, 'location');
  return location === '' ? null : location;
}

/**
 * The socket is closed behind it.
 * @param onFirstByte told when an answer begins that is not informational
 * @throws StepFailure where no head came, Mistake where nothing was sent
 */
export function exchangeHttp1(
  socket: Socket,
  request: Http1Request,
  signal: AbortSignal,
  onFirstByte: () => void,
): Promise<Http1Answer> {
  const reader = new Answer(request, onFirstByte);
  return new Promise((resolve, reject) => {
    // What a socket tells that goes anyway is passed over: to take the listeners off it costs as much as to read the head.
    let isSettled = false;
    const settle = (failure: unknown): void => {
      isSettled = true;
      signal.removeEventListener('abort', cancel);
      // At once: to hear the end that was asked for, and to answer it, takes as long as to read the answer.
      socket.destroy();
      if (failure === null) resolve(reader.read(null));
      else if (failure instanceof StepFailure && reader.step === 'receive') resolve(reader.read(failure));
      else reject(failure);
    };
    const fail = (error: Error): void => {
      if (!isSettled) settle(new StepFailure(problemOf(error, reader.step)));
    };
    const end = (): void => {
      if (!isSettled) settle(reader.ended() ? null : new StepFailure(problem('closed', reader.step)));
    };
    const cancel = (): void => settle(new StepFailure(problem('cancelled', reader.step)));
    const read = (chunk: Buffer): void => {
      if (isSettled) return;
      try {
        if (reader.push(chunk)) settle(null);
      } catch (error) {
        settle(error);
      }
    };
    socket.on('data', read).once('end', end).once('close', end).once('error', fail);
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    else if (socket.errored !== null) fail(socket.errored);
    else if (socket.destroyed) end();
    else write(socket, request, settle);
  });
}

function write(socket: Socket, request: Http1Request, settle: (failure: Mistake) => void): void {
  if (!isSendable(request)) return settle(new Mistake('a header that cannot be sent'));
  const head = headOf(request);
  if (request.body === null) socket.write(head);
  else
    socket.write(Buffer.concat([Buffer.from(head), ...(request.isStreamed ? chunksOf(request.body) : [request.body])]));
}

/** As io.Copy reads a file. */
const CHUNK_BYTES = 32_768;

/** RFC 9112 7.1. */
function chunksOf(body: Uint8Array): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < body.byteLength; at += CHUNK_BYTES) {
    const chunk = body.subarray(at, at + CHUNK_BYTES);
    chunks.push(Buffer.from(`${chunk.byteLength.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return [...chunks, Buffer.from('0\r\n\r\n')];
}

/** False: something of it would break out of its line, or is no text of a field (RFC 9110 5.5). */
export function isSendable({
  method,
  target,
  host,
  headers,
}: Pick<Http1Request, 'method' | 'target' | 'host' | 'headers'>): boolean {
  return (
    TOKEN.test(method) &&
    !UNSENDABLE.test(target + host) &&
    headers.every(([name, value]) => UNSENT.has(canonicalHeader(name)) || (TOKEN.test(name) && !UNSENDABLE.test(value)))
  );
}

/** In the order of net/http (Request.write, Header.writeSubset). */
function headOf({ method, target, host, headers, body, isStreamed }: Http1Request): string {
  const all = headers.map(([name, value]) => [canonicalHeader(name), value] as const);
  const fields = all.filter(([name]) => !OWN.has(name)).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const agent = all.findLast(([name]) => name === 'User-Agent')?.[1] ?? '';
  let head = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n`;
  // An empty one is how a module says that none is to be sent.
  if (agent !== '') head += `User-Agent: ${agent}\r\n`;
  if (isStreamed && body !== null) head += 'Transfer-Encoding: chunked\r\n';
  else if (body !== null || TELL_LENGTH.has(method)) head += `Content-Length: ${body?.byteLength ?? 0}\r\n`;
  for (const [name, value] of fields) head += `${name}: ${value}\r\n`;
  return `${head}${isAboutToStay(fields) ? '' : 'Connection: close\r\n'}\r\n`;
}

/** One connection is one request, and the server is told so: unless the module has said it, or asks for another protocol. */
function isAboutToStay(fields: Headers): boolean {
  const words = new Set(
    fields
      .filter(([name]) => name === 'Connection')
      .flatMap(([, value]) => value.split(',').map((word) => word.trim().toLowerCase())),
  );
  const wantsOther = words.has('upgrade') && fields.some(([name, value]) => name === 'Upgrade' && value !== '');
  return words.has('close') || wantsOther;
}

interface Head {
  readonly status: number;
  readonly proto: string;
  readonly headers: Headers;
}

class Answer {
  readonly #mostBytes: number;
  readonly #keepsBody: boolean;
  readonly #request: Pick<Http1Request, 'isStreamed'>;
  readonly #hasBody: boolean;
  readonly #onFirstByte: () => void;
  #headParts: Buffer[] = [];
  #headBytes = 0;
  /** Bytes of the line that is being read, its end left out. */
  #lineBytes = 0;
  #begun = false;
  #head: Head | null = null;
  #framing: BodyFraming | null = null;
  #body: Buffer[] = [];
  #bytes = 0;
  #truncated = false;

  constructor(request: Http1Request, onFirstByte: () => void) {
    const { mostBytes, keepsBody, method } = request;
    this.#request = request;
    this.#mostBytes = mostBytes;
    this.#keepsBody = keepsBody;
    this.#hasBody = method !== 'HEAD';
    this.#onFirstByte = onFirstByte;
  }

  get step(): 'wait' | 'receive' {
    return this.#head === null ? 'wait' : 'receive';
  }

  /** @returns true: the answer is whole, or as much of it as was wanted @throws StepFailure for what is no HTTP */
  push(chunk: Buffer): boolean {
    let rest = chunk;
    while (this.#head === null) {
      if (rest.byteLength === 0) return false;
      if (!this.#begun) this.#onFirstByte();
      this.#begun = true;
      const end = this.#headEnd(rest);
      const part = end === -1 ? rest : rest.subarray(0, end);
      this.#headParts.push(part);
      this.#headBytes += part.byteLength;
      if (this.#headBytes > MOST_HEAD_BYTES) throw this.#broken('headers-too-large');
      if (end === -1) return false;
      rest = rest.subarray(end);
      const head = this.#readHead();
      // Informational (RFC 9110 15.2): the answer comes behind it. Behind a 101 another protocol begins.
      this.#begun = head.status < 100 || head.status >= 200 || head.status === 101;
      if (this.#begun && this.#openBody(head)) return true;
    }
    return rest.byteLength > 0 && this.#take(rest);
  }

  /** The connection has ended. @returns true: so has an answer without any other end */
  ended(): boolean {
    return this.#framing?.endsWithConnection === true;
  }

  read(cut: StepFailure | null): Http1Answer {
    const [only] = this.#body;
    const body = this.#body.length === 1 && only !== undefined ? only : Buffer.concat(this.#body);
    const head = this.#head ?? { status: 0, proto: 'HTTP/1.1', headers: [] };
    return { ...head, body, bodyBytes: this.#bytes, truncated: this.#truncated, cut };
  }

  /** Behind the empty line in this part; -1 where it has not come. A line ends with CRLF or LF alone (RFC 9112 2.2). */
  #headEnd(chunk: Buffer): number {
    for (let at = 0; at < chunk.byteLength; at++) {
      const byte = chunk[at];
      if (byte === 10) {
        if (this.#lineBytes === 0) return at + 1;
        this.#lineBytes = 0;
      } else if (byte !== 13) this.#lineBytes += 1;
    }
    return -1;
  }

  #readHead(): Head {
    const text = this.#headParts.map((part) => part.toString('latin1')).join('');
    this.#headParts = [];
    const [first = '', ...lines] = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
    const found = STATUS_LINE.exec(first);
    if (found === null) throw this.#broken('http-protocol');
    return { status: Number(found[2]), proto: `HTTP/${found[1]}`, headers: this.#fields(lines) };
  }

  #fields(lines: readonly string[]): Headers {
    const headers: [string, string][] = [];
    for (const line of lines) {
      if (line === '') continue;
      const last = headers.at(-1);
      const colon = line.indexOf(':');
      // A line that begins with a blank goes on with the one before it (RFC 9112 5.2).
      if (/^[ \t]/.test(line) && last !== undefined) last[1] = `${last[1]} ${line.trim()}`.trim();
      else if (colon > 0 && TOKEN.test(line.slice(0, colon)) && !UNREADABLE.test(line))
        headers.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
      else throw this.#broken('http-protocol');
    }
    return headers;
  }

  /** @returns true: there is none that is wanted @throws StepFailure where nobody can tell how it ends */
  #openBody(head: Head): boolean {
    const { status, proto } = head;
    // HTTP/1.0 knows no codings, and beside them no length counts (net/http, transferReader). What another protocol sends is read to its end.
    const codings = proto === 'HTTP/1.0' || status === 101 ? [] : valuesOf(head, 'transfer-encoding');
    const lengths = codings.length > 0 || status === 101 ? [] : valuesOf(head, 'content-length');
    const isChunked = codings.length === 1 && codings[0]?.toLowerCase() === 'chunked';
    const isCounted = lengths.every((one) => one === lengths[0] && /^\d{1,15}$/.test(one));
    if ((codings.length > 0 && !isChunked) || !isCounted) throw this.#broken('http-protocol');
    this.#head = head;
    if (!this.#hasBody || status === 204 || status === 304) return true;
    if (locationOf(head, this.#request) !== null) return true;
    this.#framing = bodyFraming(lengths, codings);
    // Of a body of no bytes nothing comes any more.
    return !this.#framing.endsWithConnection && this.#take(Buffer.alloc(0));
  }

  #take(chunk: Buffer): boolean {
    const { payload, state } = this.#framing?.take(chunk) ?? { payload: [], state: 'whole' };
    for (const part of payload) {
      const kept = part.subarray(0, this.#mostBytes - this.#bytes);
      if (this.#keepsBody && kept.byteLength > 0) this.#body.push(kept);
      this.#bytes += kept.byteLength;
      if (kept.byteLength < part.byteLength) this.#truncated = true;
    }
    if (this.#truncated) return true;
    if (state === 'cut') throw this.#broken('http-protocol');
    return state === 'whole';
  }

  #broken(code: ProblemCode): StepFailure {
    return new StepFailure(problem(code, this.step));
  }
}
