// Owns questions over TLS (RFC 7858): one connection, many questions under way on it, answers in any order.
// Never sends a question before the certificate was judged, and never waits longer than a question's own time.
import type { TlsDnsServer } from '../../contract/net.ts';
import { type Problem, problem } from '../../model/problem.ts';
import { wireText } from '../../model/text.ts';
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
import { framed } from './tcp.ts';
import { type Heard, listen, silence } from './udp.ts';

/** Messages that answer nothing asked, on one connection, before it is given up. */
const MAX_STRANGERS = 64;

export function overTls(server: TlsDnsServer, options: Omit<SecuredOptions, 'locate'>): SecuredTransport {
  const lines = new Set<Pipeline>();
  let newest: Pipeline | null = null;
  let opened = 0;
  let closed = false;
  const ask = async (asking: SecuredAsking): Promise<SecuredHeard> => {
    const startMs = now();
    for (;;) {
      if (closed) return { heard: { state: 'cancelled' }, peer: null };
      if (newest === null || !newest.isUsable) {
        if (opened >= MAX_CONNECTIONS) return { heard: tooManyConnections(), peer: null };
        opened += 1;
        newest = new Pipeline(server, options);
        lines.add(newest);
      }
      const line = newest;
      const hadAnswered = line.hasAnswered;
      const heard = await line.ask({ ...asking, timeoutMs: Math.max(1, asking.timeoutMs - (now() - startMs)) });
      // RFC 7766 6.2.4: a server may hang up between two answers. What it had not read yet is asked again, on a new connection.
      if (heard.state === 'failed' && line.isClosed && hadAnswered) continue;
      return { heard, peer: line.peer };
    }
  };
  return {
    ask,
    async close() {
      closed = true;
      await Promise.all([...lines].map((line) => line.close()));
    },
  };
}

interface Waiter {
  readonly query: Query;
  readonly askedMs: number;
  readonly finish: (heard: Heard) => void;
}

/** One connection from its opening to its end. */
class Pipeline {
  peer: Peer | null = null;
  hasAnswered = false;
  isClosed = false;
  /** False once it failed or fell silent; questions under way may still be answered. */
  isUsable = true;
  #line: Line | null = null;
  #buffer: Buffer = Buffer.alloc(0);
  #strangers = 0;
  #heardMs = 0;
  readonly #waiting = new Map<number, Waiter>();
  readonly #over = new AbortController();
  readonly #gone: Promise<void>;
  readonly #meter: SecuredOptions['meter'];
  readonly #padded: boolean;

  constructor({ address, port, name }: TlsDnsServer, { context, meter, padded }: Omit<SecuredOptions, 'locate'>) {
    this.#meter = meter;
    this.#padded = padded;
    const strict = name !== null;
    const dialled = { address, port, name, strict, alpn: ['dot'], context: context(), meter };
    this.#gone = dial(dialled, this.#over.signal).then((dialed) => {
      if (dialed.state === 'failed') return this.#end(dialed.problem);
      return this.#run(dialed.line);
    });
  }

  ask({ question, edns, timeoutMs, signal }: SecuredAsking): Promise<Heard> {
    const { promise, resolve } = Promise.withResolvers<Heard>();
    if (signal.aborted) return Promise.resolve({ state: 'cancelled' });
    const query = this.#fresh(question, edns);
    const finish = (heard: Heard): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      this.#waiting.delete(query.id);
      resolve(heard);
    };
    const waiter: Waiter = { query, askedMs: now(), finish };
    const cancel = (): void => finish({ state: 'cancelled' });
    const timer = setTimeout(() => this.#giveUp(waiter), timeoutMs);
    signal.addEventListener('abort', cancel, { once: true });
    this.#waiting.set(query.id, waiter);
    if (this.#line !== null) this.#send(waiter);
    return promise;
  }

  async close(): Promise<void> {
    this.isUsable = false;
    this.#over.abort();
    this.#line?.socket.destroy();
    await this.#gone;
  }

  /** Ids tell the answers apart: no two questions under way share one (RFC 7766 6.2.1). */
  #fresh(question: SecuredAsking['question'], edns: boolean): Query {
    for (;;) {
      const query = encodeQuery(question, { edns, padded: this.#padded });
      if (!this.#waiting.has(query.id)) return query;
    }
  }

  #run(line: Line): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { socket } = line;
    this.#line = line;
    this.peer = line.peer;
    let cause: Error | null = null;
    socket.on('error', (error) => {
      cause ??= error;
    });
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('close', () => {
      line.count();
      const words = cause === null ? 'connection closed' : 'code' in cause ? String(cause.code) : cause.message;
      this.#end(problem('dns-unreachable', 'resolve', wireText(words)));
      resolve();
    });
    for (const waiter of this.#waiting.values()) this.#send(waiter);
    return promise;
  }

  #send({ query }: Waiter): void {
    this.#meter.add({ dnsQueries: 1 });
    this.#line?.socket.write(framed(query.bytes));
    this.#line?.count();
  }

  #take(bytes: Buffer): void {
    this.#heardMs = now();
    this.#line?.count();
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    while (this.#buffer.length >= 2) {
      const end = 2 + this.#buffer.readUInt16BE(0);
      if (this.#buffer.length < end) return;
      const message = this.#buffer.subarray(2, end);
      this.#buffer = this.#buffer.subarray(end);
      this.#read(message);
    }
  }

  #read(message: Buffer): void {
    const waiter = message.length < 2 ? undefined : this.#waiting.get(message.readUInt16BE(0));
    const heard = waiter === undefined ? null : listen(waiter.query, message);
    if (heard !== null) {
      this.hasAnswered = true;
      waiter?.finish(heard);
      return;
    }
    this.#strangers += 1;
    if (this.#strangers < MAX_STRANGERS) return;
    this.#end(strangers(this.#strangers));
    this.#line?.socket.destroy();
  }

  /** A connection that has been silent since the question is asked nothing more: the next question gets a new one. */
  #giveUp(waiter: Waiter): void {
    waiter.finish(this.#strangers > 0 ? { state: 'failed', problem: strangers(this.#strangers) } : silence());
    if (this.#heardMs >= waiter.askedMs) return;
    this.isUsable = false;
    if (this.#waiting.size > 0) return;
    this.#over.abort();
    this.#line?.socket.destroy();
  }

  #end(trouble: Problem): void {
    this.isUsable = false;
    this.isClosed = true;
    this.#buffer = Buffer.alloc(0);
    const heard: Heard = trouble.code === 'cancelled' ? { state: 'cancelled' } : { state: 'failed', problem: trouble };
    for (const { finish } of this.#waiting.values()) finish(heard);
  }
}

function strangers(count: number): Problem {
  const words = `${count} ${count === 1 ? 'message' : 'messages'}, none an answer to what was asked`;
  return problem('dns-malformed', 'resolve', wireText(words));
}
