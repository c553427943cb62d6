// Owns how far a figure by the event loop may be from the truth, and takes off what the kernel says that the loop was late.
// Never calls such a figure the kernel's: TCP_INFO tells when data came in jiffies, and of the last segment alone.
import type { Socket } from 'node:net';
import type { Span } from '../../model/trace.ts';
import { now } from '../clock.ts';
import { type Lateness, watchLateness } from '../lateness.ts';
import { jiffyMs, type Received, readReceived } from '../tcp-info.ts';

type Figure = Omit<Span, 'startMs'>;

/** What was told came between `atMost` and `atLeast` before that, ms. */
interface Late {
  readonly atLeast: number;
  readonly atMost: number;
}

const PUNCTUAL: Late = { atLeast: 0, atMost: 0 };

/** For one connection, from before the first figure to the last. */
export class LoopBounds {
  readonly #lateness: Lateness = watchLateness();
  readonly #socket: Socket;
  #segmentsBefore: number | null = null;
  #first: Late = PUNCTUAL;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** @param helloMs until the first message was out, which is no time of the other side's */
  handshake(durationMs: number, endedMs: number, helloMs: number): Figure {
    const late = this.#lateAt(endedMs, false);
    // Before TLS 1.3, and after a second hello, there is a flight in between that was told late too, by nobody knows how much.
    const betweenMs = this.#lateness.longestMs();
    return bounded(durationMs, late.atLeast, late.atMost + betweenMs + helloMs);
  }

  /** The request is out: what comes from now on is its answer. */
  sent(): void {
    this.#segmentsBefore = readReceived(this.#socket)?.segments ?? null;
  }

  firstByte(toldMs: number): void {
    this.#first = this.#lateAt(toldMs, true);
  }

  /** Before `receive`. */
  wait(durationMs: number): Figure {
    // An answer that came before it was asked for is no answer till then: what it lay is not given to the body either.
    this.#first = {
      atLeast: Math.min(durationMs, this.#first.atLeast),
      atMost: Math.min(durationMs, this.#first.atMost),
    };
    return bounded(durationMs, this.#first.atLeast, this.#first.atMost);
  }

  /** Both ends may be late. */
  receive(durationMs: number, endedMs: number): Figure {
    const last = this.#lateAt(endedMs, false);
    // What the first byte was late for certain is missing here.
    const wholeMs = durationMs + this.#first.atLeast - last.atLeast;
    const spreadMs = Math.max(last.atMost - last.atLeast, this.#first.atMost - this.#first.atLeast);
    return { durationMs: Math.max(0, wholeMs), clock: 'loop', uncertaintyMs: spreadMs };
  }

  stop(): void {
    this.#lateness.stop();
  }

  /** @param asked whether all segments since `sent` are of what was told */
  #lateAt(toldMs: number, asked: boolean): Late {
    const byLoopMs = this.#lateness.lateAt(toldMs);
    const received = readReceived(this.#socket);
    const jiffy = jiffyMs();
    if (received === null || jiffy === null) return { atLeast: 0, atMost: byLoopMs };
    // The last segment's: what was told came no later than that, and earlier when it was in another.
    const atLeast = Math.min(byLoopMs, Math.max(0, received.ageMs - jiffy - (now() - toldMs)));
    const isAlone = asked && this.#isAlone(received);
    return { atLeast, atMost: isAlone ? Math.max(atLeast, Math.min(byLoopMs, received.ageMs + jiffy)) : byLoopMs };
  }

  #isAlone({ segments }: Received): boolean {
    return this.#segmentsBefore !== null && segments !== null && segments - this.#segmentsBefore === 1;
  }
}

function bounded(durationMs: number, atLeastMs: number, atMostMs: number): Figure {
  const told = Math.max(0, durationMs - atLeastMs);
  return { durationMs: told, clock: 'loop', uncertaintyMs: Math.min(told, atMostMs - atLeastMs) };
}
