// Owns which clock each phase of a sample is told by: the kernel's where every arrival was stamped and the stamps carry it, else the loop's.
// Never mixes the two within one figure without saying so.
import type { HopId, Span } from '../../model/trace.ts';
import type { StampedSocket } from '../stamped/socket.ts';
import { type Arrival, FLOOR_MS, type Timed } from '../stamped/timeline.ts';
import type { Moments } from './exchange.ts';

type Spans = Partial<Record<HopId, Span>>;
type Figure = Omit<Span, 'startMs'>;

/** For one sample. */
export class Stopwatch {
  readonly #stamped: StampedSocket | null;
  readonly #framed: () => boolean;
  #retransmits = 0;
  #first: Arrival | null = null;
  #wait: Figure | null = null;

  /** @param framed whether it speaks HTTP/2; asked at the first byte */
  constructor(stamped: StampedSocket | null, framed: () => boolean) {
    this.#stamped = stamped;
    this.#framed = framed;
  }

  /** Call it as the handshake ends. */
  handshake(loopMs: number): Figure {
    const own = this.#stamped;
    return own === null ? loop(loopMs) : this.#told(own, own.timeline.handshake(own.isJoined()), loopMs);
  }

  /** Call it whenever the answer begins: an informational one (RFC 9110 15.2) is followed by another. */
  readonly firstByte = (): void => {
    const own = this.#stamped;
    if (own === null) return;
    const { latest } = own.timeline;
    const timed = own.timeline.wait(this.#framed());
    // It did not come before the request was sent.
    this.#first =
      latest === null ? null : { ...latest, slackMs: Math.min(latest.slackMs, timed?.durationMs ?? latest.slackMs) };
    this.#wait = timed === null ? null : this.#told(own, timed, 0);
  };

  /** What the exchange took, from what it has come to. */
  exchange({ beginMs, sentMs, firstByteMs, endMs }: Moments, relative: (ms: number) => number): Spans {
    const spans: Spans = {};
    if (sentMs !== null) spans.send = { startMs: relative(beginMs), ...loop(sentMs - beginMs) };
    if (sentMs !== null && firstByteMs !== null)
      spans.wait = { startMs: relative(sentMs), ...(this.#wait ?? loop(firstByteMs - sentMs)) };
    if (firstByteMs !== null && endMs !== null)
      spans.receive = { startMs: relative(firstByteMs), ...this.#receive(endMs - firstByteMs) };
    return spans;
  }

  #receive(loopMs: number): Figure {
    const own = this.#stamped;
    if (own === null || this.#first === null || this.#wait?.clock !== 'kernel') return loop(loopMs);
    return this.#told(own, own.timeline.receive(this.#first), loopMs);
  }

  #told(own: StampedSocket, timed: Timed | null, loopMs: number): Figure {
    const total = own.tcpFacts()?.retransmits ?? this.#retransmits;
    const again = total - this.#retransmits;
    this.#retransmits = total;
    const figure: Figure = timed === null || !own.isSteady() ? loop(loopMs) : { ...timed, clock: 'kernel' };
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
  const isKernel = timed.length > 0 && timed.every(({ clock }) => clock === 'kernel') && spans.receive !== undefined;
  if (!isKernel) return loop(loopMs);
  const sum = (of: (span: Span) => number): number =>
    PHASES.reduce((total, id) => total + (spans[id] === undefined ? 0 : of(spans[id])), 0);
  // Where the first byte lies is of no matter to the whole: what it takes from the wait it gives to the rest.
  const shared = Math.max(0, (spans.receive?.uncertaintyMs ?? 0) - FLOOR_MS);
  const uncertaintyMs = sum((span) => span.uncertaintyMs ?? 0) - 2 * shared;
  return { durationMs: sum(({ durationMs }) => durationMs), clock: 'kernel', uncertaintyMs };
}
