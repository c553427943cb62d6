// Owns which clock each phase of a sample is told by: the kernel's where every arrival was stamped and the stamps carry it, else the loop's.
// Never mixes the two within one figure without saying so.
import type { Socket } from 'node:net';
import type { HopId, Span, TcpFacts } from '../../model/trace.ts';
import type { StampedSocket } from '../stamped/socket.ts';
import { type Arrival, FLOOR_MS, type Timed } from '../stamped/timeline.ts';
import { readTcpInfo } from '../tcp-info.ts';
import type { Moments } from './exchange.ts';
import { LoopBounds } from './loop-bounds.ts';

type Spans = Partial<Record<HopId, Span>>;
type Figure = Omit<Span, 'startMs'>;

/** For one sample. */
export class Stopwatch {
  /** In HTTP/2, where other frames than the request's are sent too. */
  isFramed = false;
  readonly #stamped: StampedSocket | null;
  readonly #bounds: LoopBounds | null;
  readonly #facts: () => TcpFacts | null;
  #retransmits: number;
  #first: Arrival | null = null;
  #wait: Figure | null = null;

  /**
   * @param socket below TLS; null: nobody knows it; `stamped`: the same where it is one of our own
   * @param tcp as it was when the connection stood; null: as it is now
   */
  constructor(socket: Socket | null, stamped: StampedSocket | null, tcp: TcpFacts | null) {
    this.#stamped = stamped;
    this.#bounds = stamped === null && socket !== null ? new LoopBounds(socket) : null;
    this.#facts = () => (stamped === null ? socket && readTcpInfo(socket) : stamped.tcpFacts());
    this.#retransmits = (tcp ?? this.#facts())?.retransmits ?? 0;
  }

  stop(): void {
    this.#bounds?.stop();
  }

  /** Call it as the handshake ends. @param helloMs till the first message was out */
  handshake(beganMs: number, endedMs: number, helloMs: number): Figure {
    const [own, loopMs] = [this.#stamped, endedMs - beganMs];
    const byLoop = this.#bounds?.handshake(loopMs, endedMs, helloMs) ?? loop(loopMs);
    return this.#told(own?.timeline.handshake(own.isJoined()) ?? null, byLoop);
  }

  /** Call it when the request is out. */
  readonly sent = (): void => this.#bounds?.sent();

  /** Call it whenever the answer begins: an informational one (RFC 9110 15.2) is followed by another. */
  readonly firstByte = (toldMs: number): void => {
    const own = this.#stamped;
    if (own === null) {
      this.#bounds?.firstByte(toldMs);
      return;
    }
    const { latest } = own.timeline;
    const timed = own.timeline.wait(this.isFramed);
    // It did not come before the request was sent.
    this.#first =
      latest === null ? null : { ...latest, slackMs: Math.min(latest.slackMs, timed?.durationMs ?? latest.slackMs) };
    this.#wait = timed === null ? null : this.#told(timed, loop(0));
  };

  /** What the exchange took, from what it has come to. */
  exchange({ beginMs, sentMs, firstByteMs, endMs }: Moments, relative: (ms: number) => number): Spans {
    const spans: Spans = {};
    if (sentMs !== null) spans.send = { startMs: relative(beginMs), ...loop(sentMs - beginMs) };
    if (sentMs !== null && firstByteMs !== null)
      spans.wait = { startMs: relative(sentMs), ...this.#waited(firstByteMs - sentMs) };
    if (firstByteMs !== null && endMs !== null)
      spans.receive = { startMs: relative(firstByteMs), ...this.#received(firstByteMs, endMs) };
    return spans;
  }

  #waited(loopMs: number): Figure {
    if (this.#wait !== null) return this.#wait;
    return this.#bounds === null ? loop(loopMs) : this.#told(null, this.#bounds.wait(loopMs));
  }

  #received(firstByteMs: number, endMs: number): Figure {
    const [own, loopMs] = [this.#stamped, endMs - firstByteMs];
    const byLoop = this.#bounds?.receive(loopMs, endMs) ?? loop(loopMs);
    if (own !== null && (this.#first === null || this.#wait?.clock !== 'kernel')) return byLoop;
    const timed = own === null || this.#first === null ? null : own.timeline.receive(this.#first, own.isJoined());
    return this.#told(timed, byLoop);
  }

  #told(timed: Timed | null, byLoop: Figure): Figure {
    const total = this.#facts()?.retransmits ?? this.#retransmits;
    const again = total - this.#retransmits;
    this.#retransmits = total;
    const figure: Figure =
      timed === null || this.#stamped?.isSteady() === false ? byLoop : { ...timed, clock: 'kernel' };
    return again > 0 ? { ...figure, retransmits: again } : figure;
  }
}

function loop(durationMs: number): Figure {
  return { durationMs, clock: 'loop' };
}

const TIMED = ['connect', 'tls', 'wait', 'receive'] as const;
const PHASES = ['connect', 'tls', 'send', 'wait', 'receive'] as const;

/** The kernel's only when every phase that waits for the other side is: then this process' own pauses between them are left out. */
export function totalOf(spans: Spans, loopMs: number): Figure {
  const timed = TIMED.flatMap((id) => spans[id] ?? []);
  const ridden = PHASES.flatMap((id) => spans[id] ?? []);
  const sum = (of: (span: Span) => number): number => ridden.reduce((total, span) => total + of(span), 0);
  const retransmits = sum((span) => span.retransmits ?? 0);
  const again = retransmits === 0 ? {} : { retransmits };
  const isWhole = timed.length > 0 && spans.receive !== undefined;
  if (isWhole && timed.every(({ clock }) => clock === 'kernel')) {
    // Where the first byte lies is of no matter to the whole: what it takes from the wait it gives to the rest.
    const shared = Math.max(0, (spans.receive?.uncertaintyMs ?? 0) - FLOOR_MS);
    const uncertaintyMs = Math.max(0, sum((span) => span.uncertaintyMs ?? 0) - 2 * shared);
    return { durationMs: sum(({ durationMs }) => durationMs), clock: 'kernel', uncertaintyMs, ...again };
  }
  if (!isWhole || timed.some(({ uncertaintyMs }) => uncertaintyMs === undefined)) return { ...loop(loopMs), ...again };
  // What this process took in between is in it, and is no time of the network or the server.
  const leastMs = sum((span) => Math.max(0, span.durationMs - (span.uncertaintyMs ?? 0)));
  return { ...loop(loopMs), uncertaintyMs: Math.max(0, loopMs - leastMs), ...again };
}
