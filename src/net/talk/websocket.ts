// Owns a WebSocket as a caller uses it (RFC 6455): handshake, a message sent and one waited for, a ping, the closing handshake. The package ws
// holds the other side to the protocol. Never opens a connection and never compresses.
import type { IncomingMessage } from 'node:http';
import { type RawData, WebSocket } from 'ws';
import type { WebSocketTalk } from '../../contract/talk.ts';
import { type Problem, problem } from '../../model/problem.ts';
import type { HttpFacts } from '../../model/trace.ts';
import { problemOf } from '../sample/failure.ts';
import { runStep } from '../sample/step.ts';
import { factsOf } from './facts.ts';
import { MAX_SAID_BYTES, type Said, type Wire } from './wire.ts';

/** A stream of other messages is not listened to without end. */
const MAX_MESSAGES = 100;
/** Normal closure: RFC 6455 7.4.1. */
const NORMAL = 1000;
/** The closing handshake is no figure, and not waited for longer, ms. */
const CLOSE_MS = 2_000;

/** @throws StepFailure */
export async function talkOverWebSocket(talk: WebSocketTalk, wire: Wire): Promise<Said> {
  const { timeoutMs, signal, onAnswer } = wire;
  const ear = new Ear(talk, wire);
  try {
    const bounds = { timeoutMs, signal };
    const refused = await runStep<Refusal | null>(
      { ...bounds, step: 'wait', onTimeout: 'wait-timeout' },
      (done, fail) => ear.onOpen((refusal) => done(refusal), fail),
    );
    onAnswer();
    if (refused !== null) return { http: ear.http, body: null, refused: refused.says };
    if (talk.send !== null) ear.socket.send(typeof talk.send === 'string' ? talk.send : talk.send.open());
    const { expect } = talk;
    const missed =
      expect === null
        ? null
        : await runStep<Refusal | null>({ ...bounds, step: 'receive', onTimeout: 'receive-timeout' }, (done, fail) =>
            ear.onMessage(expect, done, fail),
          );
    if (missed !== null) return { http: ear.http, body: ear.last, refused: missed.says };
    const isAlive = await ear.answersPing(timeoutMs, signal);
    const said = { http: ear.http, body: ear.last };
    return { ...said, refused: isAlive ? null : 'a ping was not answered (RFC 6455 5.5.2)' };
  } finally {
    await ear.close();
  }
}

interface Refusal {
  readonly says: string;
}

/** Everything that a connection says, from its first event on. */
class Ear {
  readonly socket: WebSocket;
  http: HttpFacts | null = null;
  last: Uint8Array | null = null;
  #isOpen = false;
  #refusal: Refusal | null = null;
  #failure: Problem | null = null;
  readonly #messages: Buffer[] = [];
  #heard = 0;
  #closedBy: number | null = null;
  #changed: () => void = () => undefined;

  constructor({ protocols }: WebSocketTalk, { socket, authority, path, headers }: Wire) {
    const fields = headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1] ?? ''] as const] : []));
    this.socket = new WebSocket(`ws://${authority}${path}`, [...protocols], {
      createConnection: () => socket,
      headers: Object.fromEntries(fields),
      ...{ perMessageDeflate: false, followRedirects: false, maxPayload: MAX_SAID_BYTES },
    });
    this.#listen();
  }

  #listen(): void {
    const note = (what: () => void): void => {
      what();
      this.#changed();
    };
    const head = (answer: IncomingMessage): void => {
      const { statusCode: status = 0, rawHeaders } = answer;
      this.http = factsOf({ version: '1.1', status, headers: rawHeaders, body: new Uint8Array() });
    };
    this.socket
      .on('upgrade', head)
      .on('open', () => note(() => (this.#isOpen = true)))
      .on('unexpected-response', (_request, answer) =>
        note(() => {
          head(answer);
          answer.destroy();
          this.#refusal = { says: `answered ${answer.statusCode ?? 0} to the upgrade, not 101 (Switching Protocols)` };
        }),
      )
      .on('message', (data: RawData) => note(() => this.#take(data)))
      .on('error', (error) => note(() => (this.#failure ??= problemOf(error, this.#isOpen ? 'receive' : 'wait'))))
      .on('close', (code) => note(() => (this.#closedBy = code)));
  }

  #take(data: RawData): void {
    this.#heard += 1;
    const bytes = Buffer.isBuffer(data) ? data : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);
    this.last = bytes;
    if (this.#messages.length < MAX_MESSAGES) this.#messages.push(bytes);
  }

  #on(listener: () => void): void {
    this.#changed = listener;
    listener();
  }

  onOpen(done: (refusal: Refusal | null) => void, fail: (failure: Problem) => void): void {
    this.#on(() => {
      if (this.#refusal !== null) return done(this.#refusal);
      if (this.#isOpen) return done(null);
      if (this.#failure !== null) return fail(this.#failure);
      if (this.#closedBy !== null) return fail(problem('closed', 'wait'));
    });
  }

  onMessage(
    matches: (text: string) => boolean,
    done: (refusal: Refusal | null) => void,
    fail: (failure: Problem) => void,
  ): void {
    this.#on(() => {
      for (let next = this.#messages.shift(); next !== undefined; next = this.#messages.shift()) {
        this.last = next;
        if (matches(next.toString('utf8'))) return done(null);
      }
      if (this.#heard >= MAX_MESSAGES) return done({ says: `none of ${MAX_MESSAGES} messages was the expected one` });
      if (this.#failure !== null) return fail(this.#failure);
      if (this.#closedBy !== null)
        return done({ says: `closed with ${this.#closedBy} before the expected message came` });
    });
  }

  async answersPing(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    // The other side may have closed as soon as it had said everything.
    if (this.socket.readyState !== WebSocket.OPEN) return true;
    const bounds = { step: 'receive', timeoutMs, onTimeout: 'receive-timeout', signal } as const;
    return runStep<boolean>(bounds, (done) => {
      this.socket.once('pong', () => done(true));
      this.#on(() => {
        if (this.#closedBy !== null || this.#failure !== null) done(this.#closedBy === NORMAL);
      });
      this.socket.ping();
    }).catch(() => false);
  }

  async close(): Promise<void> {
    this.#changed = () => undefined;
    if (this.socket.readyState === WebSocket.OPEN) {
      const closed = new Promise<void>((resolve) => void this.socket.once('close', () => resolve()));
      const late = setTimeout(() => this.socket.terminate(), CLOSE_MS);
      this.socket.close(NORMAL);
      await closed;
      clearTimeout(late);
      return;
    }
    this.socket.terminate();
  }
}
