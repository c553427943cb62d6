// Owns questions over HTTPS (RFC 8484): POST by undici, HTTP/2 where the resolver speaks it, on one kept connection.
// Never follows a redirect, and never reads more than a DNS message can be long.
import type { TLSSocket } from 'node:tls';
import type { buildConnector, Dispatcher } from 'undici';
import Client from 'undici/lib/dispatcher/client.js';
import type { DnsRecord, HttpsDnsServer } from '../../contract/net.ts';
import { type Problem, problem } from '../../model/problem.ts';
import { bareHost, ipAddress } from '../../model/target.ts';
import { dnsName, type IpAddress, wireText } from '../../model/text.ts';
import { now } from '../clock.ts';
import { dial, type Line } from './dial.ts';
import { encodeQuery, type Query } from './message.ts';
import {
  MAX_CONNECTIONS,
  type Peer,
  type SecuredAsking,
  type SecuredHeard,
  type SecuredOptions,
  type SecuredTransport,
  tooManyConnections,
} from './secured.ts';
import { type Heard, listen, silence } from './udp.ts';

const MEDIA_TYPE = 'application/dns-message';
/** RFC 8484 6. */
const MAX_MESSAGE_BYTES = 65_535;
const MAX_HEADER_BYTES = 16_384;
/** Streams side by side on HTTP/2. Over HTTP/1.1 undici sends one POST after the other. */
const STREAMS = 64;

export function overHttps(server: HttpsDnsServer, options: SecuredOptions): SecuredTransport {
  const sessions = new Set<Session>();
  const url = new URL(server.url);
  const counts = { connections: 0 };
  let newest: Session | null = null;
  let closed = false;
  const ask = async (asking: SecuredAsking): Promise<SecuredHeard> => {
    const startMs = now();
    for (let again = false; ; again = true) {
      if (closed) return { heard: { state: 'cancelled' }, peer: null };
      if (newest === null || !newest.isUsable) {
        newest = new Session(url, options, counts);
        sessions.add(newest);
      }
      const session = newest;
      const { connections } = counts;
      const hadAnswered = session.hasAnswered;
      const { heard, hungUp } = await session.ask({
        ...asking,
        timeoutMs: Math.max(1, asking.timeoutMs - (now() - startMs)),
      });
      // A server may end a kept connection while the question is on its way (RFC 9112 9.6): asked once more on a new one.
      if (hungUp && hadAnswered && !again && connections === counts.connections) continue;
      // The same for every connection of a session: the URL says what the certificate must hold for.
      return { heard, peer: session.peer };
    }
  };
  return {
    ask,
    async close() {
      closed = true;
      await Promise.all([...sessions].map((session) => session.close()));
    },
  };
}

interface Ended {
  readonly heard: Heard;
  /** True when the connection ended under the question. */
  readonly hungUp: boolean;
}

/** Why a connection was not opened, in the form that undici hands on to the questions that wait for it. */
class NotOpened extends Error {
  readonly heard: Heard;
  constructor(heard: Heard) {
    super('not opened');
    this.heard = heard;
  }
}

/** One undici client, which reconnects by itself, until it falls silent. */
class Session {
  peer: Peer | null = null;
  hasAnswered = false;
  isUsable = true;
  #heardMs = 0;
  #waiting = 0;
  readonly #client: Client;
  readonly #url: URL;
  readonly #options: SecuredOptions;
  readonly #counts: { connections: number };
  readonly #over = new AbortController();
  readonly #lines = new Set<Promise<unknown>>();
  #line: Line | null = null;

  constructor(url: URL, options: SecuredOptions, counts: { connections: number }) {
    this.#url = url;
    this.#options = options;
    this.#counts = counts;
    this.#client = new Client(url.origin, {
      connect: this.#connect,
      ...{ allowH2: true, pipelining: STREAMS, headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: MAX_HEADER_BYTES },
    });
    // Undici emits late errors of the session here; the questions have been told by then.
    this.#client.on('disconnect', () => undefined);
    this.#client.on('connectionError', () => undefined);
  }

  async ask({ question, edns, timeoutMs, signal }: SecuredAsking): Promise<Ended> {
    const askedMs = now();
    if (signal.aborted) return { heard: { state: 'cancelled' }, hungUp: false };
    const posted = new Post(withoutId(encodeQuery(question, { edns, padded: this.#options.padded })), () =>
      this.#sent(),
    );
    const cancel = (): void => posted.end({ state: 'cancelled' });
    const timer = setTimeout(() => posted.end(silence()), timeoutMs);
    signal.addEventListener('abort', cancel, { once: true });
    this.#waiting += 1;
    try {
      const headers = { accept: MEDIA_TYPE, 'content-type': MEDIA_TYPE };
      const { pathname, search } = this.#url;
      const body = posted.query.bytes;
      this.#client.dispatch({ path: `${pathname}${search}`, method: 'POST', headers, body }, posted);
      const ended = await posted.ended;
      if (posted.heardAnything) this.#heardMs = now();
      if (ended.heard.state === 'heard') this.hasAnswered = true;
      return ended;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      this.#waiting -= 1;
      this.#line?.count();
      // Silent since it was asked: the next question gets a new connection.
      if (this.#heardMs < askedMs) this.#retire();
    }
  }

  async close(): Promise<void> {
    this.isUsable = false;
    this.#over.abort();
    await this.#client.destroy().catch(() => undefined);
    await Promise.all(this.#lines);
  }

  #retire(): void {
    this.isUsable = false;
    if (this.#waiting === 0) this.close().catch(() => undefined);
  }

  #sent(): void {
    this.#options.meter.add({ dnsQueries: 1, requests: 1 });
  }

  readonly #connect: buildConnector.connector = (_options, callback) => {
    void this.#hand(callback);
  };

  async #hand(callback: buildConnector.Callback): Promise<void> {
    let socket: TLSSocket;
    try {
      socket = (await this.#open()).socket;
    } catch (error) {
      callback(error instanceof Error ? error : new Error('not opened'), null);
      return;
    }
    callback(null, socket);
  }

  /** @throws NotOpened */
  async #open(): Promise<Line> {
    if (this.#counts.connections >= MAX_CONNECTIONS) throw new NotOpened(tooManyConnections());
    this.#counts.connections += 1;
    const host = bareHost(this.#url);
    const name = ipAddress(host) === null ? dnsName(host) : null;
    const address = name === null ? (ipAddress(host) as IpAddress) : await this.#options.locate(name);
    if (address === null) throw new NotOpened(failed('dns-unreachable', `no address found for ${host}`));
    const { meter, context } = this.#options;
    const port = this.#url.port === '' ? 443 : Number(this.#url.port);
    const alpn = ['h2', 'http/1.1'];
    const dialled = { address, port, name, strict: true, alpn, context: context(), meter };
    const dialed = await dial(dialled, this.#over.signal);
    if (dialed.state === 'failed') throw new NotOpened({ state: 'failed', problem: dialed.problem });
    const { line } = dialed;
    this.#line = line;
    this.peer = line.peer;
    this.#lines.add(new Promise((resolve) => line.socket.once('close', resolve)).then(() => line.count()));
    return line;
  }
}

/** RFC 8484 4.1: the id is 0, because the stream tells which answer belongs to which question. */
function withoutId(query: Query): Query {
  query.bytes.writeUInt16BE(0, 0);
  return { ...query, id: 0 };
}

/** One POST from dispatch to its end; it ends once. */
class Post implements Dispatcher.DispatchHandler {
  readonly query: Query;
  readonly ended: Promise<Ended>;
  heardAnything = false;
  readonly #resolve: (ended: Ended) => void;
  readonly #onSent: () => void;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #age = 0;
  #isOver = false;
  #controller: Dispatcher.DispatchController | null = null;

  constructor(query: Query, onSent: () => void) {
    const { promise, resolve } = Promise.withResolvers<Ended>();
    this.query = query;
    this.ended = promise;
    this.#resolve = resolve;
    this.#onSent = onSent;
  }

  end(heard: Heard, hungUp = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#resolve({ heard, hungUp });
    this.#controller?.abort(new Error('over'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Undici comes again for a stream that was refused (RFC 9113 8.7): whether to repeat is not its to say.
    const again = this.#controller !== null;
    this.#controller = controller;
    if (again) this.end(failed('dns-unreachable', 'the resolver refused the request (REFUSED_STREAM)'), true);
    if (this.#isOver) controller.abort(new Error('over'));
    else this.#onSent();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: object): void {
    this.heardAnything = true;
    // RFC 9110 15.2: informational answers are not the answer.
    if (status < 200 || this.#isOver) return;
    if (status > 299) return this.end(failed(status === 403 ? 'dns-refused' : 'dns-error', `HTTP ${status}`));
    this.#age = ageOf(headers);
    const type = 'content-type' in headers ? String(headers['content-type']) : 'none';
    if (type.split(';')[0]?.trim().toLowerCase() !== MEDIA_TYPE) {
      this.end(failed('dns-malformed', `content type ${type.slice(0, 100)}`));
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_MESSAGE_BYTES) {
      this.end(failed('dns-malformed', `an answer of more than ${MAX_MESSAGE_BYTES} bytes`));
    } else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const heard = listen(this.query, Buffer.concat(this.#chunks));
    this.end((heard && aged(heard, this.#age)) ?? failed('dns-malformed', 'a reply to another question'));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (error instanceof NotOpened) this.end(error.heard);
    else this.end(failed('dns-unreachable', wordsOf(error)), true);
  }
}

/** Seconds that the answer has spent in HTTP caches (RFC 9111 5.1); 0 for what is no number. */
function ageOf(headers: object): number {
  const age = 'age' in headers ? String(headers.age).trim() : '';
  return /^\d{1,10}$/.test(age) ? Number(age) : 0;
}

/** RFC 8484 5.1: what an HTTP cache kept has grown older there. */
function aged(heard: Heard, age: number): Heard {
  if (heard.state !== 'heard' || age === 0) return heard;
  const older = (record: DnsRecord): DnsRecord => ({ ...record, ttlSeconds: Math.max(0, record.ttlSeconds - age) });
  const { answers, authorities, additionals } = heard.message;
  const records = {
    answers: answers.map(older),
    authorities: authorities.map(older),
    additionals: additionals.map(older),
  };
  return { ...heard, message: { ...heard.message, ...records } };
}

function wordsOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return code === 'UND_ERR_SOCKET' ? 'connection closed' : `HTTP: ${code}`;
}

function failed(code: Problem['code'], words: string): Heard {
  return { state: 'failed', problem: problem(code, 'resolve', wireText(words)) };
}
