// Owns several messages on one connection: connect to the pinned address, TLS where the target has it, send, read, send the next, hang up.
// Judges nothing. What the caller gave goes to a verified server alone, as in the ride.

import type { Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import type { Conversation, ConversationOffer, Converse, HeardAnswer, Message } from '../../contract/conversation.ts';
import type { Problem } from '../../model/problem.ts';
import type { Endpoint } from '../../model/target.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import { NO_CHAIN } from '../sample/chain-walk.ts';
import { connectTo } from '../sample/connect.ts';
import { problemOf } from '../sample/failure.ts';
import { handshake, type Learnt, sharedContext } from '../sample/handshake.ts';
import { headerOf, type RequestOptions, type RequestTemplate, requestOf } from '../sample/request.ts';
import type { SamplerOptions } from '../sample/sampler.ts';
import { runStep, StepFailure } from '../sample/step.ts';
import { refuseUnverified } from '../sample/unverified.ts';
import { AnswerReader } from './answer-reader.ts';

export type ConverseOptions = RequestOptions &
  Pick<SamplerOptions, 'servername' | 'trust' | 'identity'> & {
    readonly meter: Meter;
    /** Wall clock, Unix ms. */
    readonly wallMs: () => number;
  };

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Ready at once; what TLS needs is made when it is first wanted. */
export function openConverse(options: ConverseOptions): Converse {
  // Reading all roots would hold up what else is going on: only where something is to be protected.
  const contextOf = (): SecureContext => sharedContext(withholds(options) ? options.trust.caPem : [], options.identity);
  return async (endpoint, offer, signal) => {
    await options.request.authorization?.ready(signal);
    if (offer.next([]) === 'ride' && !isSafe(options)) return null;
    return new Talk(options, contextOf, endpoint, offer, signal).run();
  };
}

function isSafe({ request: { method, body } }: ConverseOptions): boolean {
  return SAFE.has(method) && body === null;
}

function withholds({ request, trust }: ConverseOptions): boolean {
  const isGiven =
    request.perSample !== undefined ||
    request.authorization !== undefined ||
    request.headers.some(([, value]) => typeof value !== 'string');
  return isGiven && !trust.insecure;
}

/** The head of the ride's request, as it is written in HTTP/1.1. */
function rideBytes({ method, path }: RequestTemplate, headers: readonly string[]): Buffer {
  const lines = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${headers[at + 1] ?? ''}`] : []));
  return Buffer.from([`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'), 'latin1');
}

/** One conversation from connect to its end. */
class Talk {
  readonly #options: ConverseOptions;
  readonly #contextOf: () => SecureContext;
  readonly #endpoint: Endpoint;
  readonly #offer: ConversationOffer;
  readonly #signal: AbortSignal;
  readonly #answers: HeardAnswer[] = [];
  #sent = 0;
  #sentMs = 0;
  #lastByteMs = 0;
  #closedMs: number | null = null;
  #isReset = false;
  #raw: Socket | null = null;
  #reader: AnswerReader | null = null;
  #onChange: () => void = () => undefined;

  constructor(
    options: ConverseOptions,
    contextOf: () => SecureContext,
    endpoint: Endpoint,
    offer: ConversationOffer,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#contextOf = contextOf;
    this.#endpoint = endpoint;
    this.#offer = offer;
    this.#signal = signal;
  }

  async run(): Promise<Conversation> {
    let failed: Problem | null = null;
    try {
      const socket = await this.#open();
      this.#listen(socket);
      await this.#talk(socket);
      if (this.#offer.idleMs !== undefined) await this.#idle(this.#offer.idleMs);
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      failed = error.problem;
    } finally {
      this.#hangUp();
    }
    const closedMs = this.#closedMs;
    return {
      ...{ answers: this.#answers, sent: this.#sent, problem: failed },
      end: closedMs === null ? 'open' : this.#isReset ? 'reset' : 'closed',
      closedAfterMs: closedMs === null ? null : Math.max(0, Math.round((closedMs - this.#lastByteMs) * 1000) / 1000),
    };
  }

  async #open(): Promise<Socket> {
    const { timeoutMs, meter, target } = this.#options;
    const keep = (socket: Socket): void => {
      this.#raw = socket;
    };
    const count = (): void => meter.add({ connections: 1 });
    const { socket } = await connectTo(this.#endpoint, timeoutMs, this.#signal, keep, count);
    return target.scheme === 'https' ? this.#secure(socket) : socket;
  }

  async #secure(socket: Socket): Promise<TLSSocket> {
    const { timeoutMs, target } = this.#options;
    const learnt: Learnt = { chain: NO_CHAIN, facts: null, staple: null };
    const { servername = this.#options.servername } = this.#offer;
    const wanted = { context: this.#contextOf(), servername, alpn: ['http/1.1'], timeoutMs, readsChain: false };
    const secured = await handshake(socket, wanted, learnt, this.#signal);
    if (withholds(this.#options)) refuseUnverified(secured, target.host);
    return secured;
  }

  #listen(socket: Socket): void {
    const closed = (): void => {
      if (this.#closedMs !== null) return;
      this.#closedMs = now();
      this.#reader?.end();
      this.#onChange();
    };
    socket.on('data', (chunk: Buffer) => {
      this.#lastByteMs = now();
      this.#reader?.push(chunk);
      this.#onChange();
    });
    socket.on('error', (error) => {
      this.#isReset ||= problemOf(error, 'wait').code === 'reset';
      closed();
    });
    socket.once('end', closed);
    socket.once('close', closed);
  }

  async #talk(socket: Socket): Promise<void> {
    const { next, mostMessages, everyMs, atOnce } = this.#offer;
    while (this.#sent < mostMessages && this.#closedMs === null) {
      const message = next(this.#answers);
      if (message === null || (message === 'ride' && !isSafe(this.#options))) return;
      if (this.#sent >= Math.max(1, atOnce)) await this.#idle(this.#sentMs + everyMs - now());
      if (this.#closedMs !== null || this.#signal.aborted || !(await this.#say(socket, message))) return;
    }
  }

  /** @returns whether another message may follow */
  async #say(socket: Socket, message: Message): Promise<boolean> {
    const isHead = message === 'ride' ? this.#options.request.method === 'HEAD' : message.head === true;
    const reader = new AnswerReader(this.#offer.bodyBytes, !isHead);
    this.#reader = reader;
    const sentMs = now();
    this.#sentMs = sentMs;
    this.#sent += 1;
    this.#options.meter.add({ requests: 1 });
    this.#lastByteMs = sentMs;
    socket.write(message === 'ride' ? this.#rideBytes() : message.bytes);
    const { firstByteMs, missing } = await this.#heard(reader);
    const answer = reader.read();
    if (answer !== null) this.#answers.push({ ...answer, waitMs: Math.max(0, (firstByteMs ?? sentMs) - sentMs) });
    if (missing !== null) throw new StepFailure(missing);
    return answer !== null && reader.keepsConnection;
  }

  /** Part of no trace: those are of samples. */
  #rideBytes(): Buffer {
    const request = requestOf(this.#options);
    const sample = { endpoint: this.#endpoint, sequence: this.#sent - 1, atMs: this.#options.wallMs(), trace: null };
    return rideBytes(request, headerOf(request, sample));
  }

  /** Settles when the answer has come, or will not any more. */
  async #heard(
    reader: AnswerReader,
  ): Promise<{ readonly firstByteMs: number | null; readonly missing: Problem | null }> {
    let firstByteMs: number | null = null;
    const timeoutMs = this.#offer.answerMs;
    try {
      await runStep<null>({ step: 'wait', timeoutMs, onTimeout: 'wait-timeout', signal: this.#signal }, (done) => {
        this.#onChange = () => {
          if (reader.begun) firstByteMs ??= now();
          if (reader.state !== 'more' || this.#closedMs !== null) done(null);
        };
        this.#onChange();
      });
      return { firstByteMs, missing: null };
    } catch (error) {
      if (error instanceof StepFailure) return { firstByteMs, missing: error.problem };
      throw error;
    } finally {
      this.#onChange = () => undefined;
    }
  }

  /** Says nothing for a while; ends sooner when the server closes or the ride is stopped. */
  #idle(ms: number): Promise<void> {
    if (ms <= 0 || this.#closedMs !== null || this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', done);
        this.#onChange = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#onChange = () => {
        if (this.#closedMs !== null) done();
      };
      this.#signal.addEventListener('abort', done, { once: true });
    });
  }

  #hangUp(): void {
    const socket = this.#raw;
    if (socket === null) return;
    this.#options.meter.add({ bytesSent: socket.bytesWritten, bytesReceived: socket.bytesRead });
    socket.destroy();
  }
}
