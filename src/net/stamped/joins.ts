// Owns how much earlier than its stamp a byte may have come: the kernel joins segments that wait to be read, and keeps the latest stamp.
// Touches no network. Never assumes that a stamp is one segment's: it is so only where as many stamps were seen as segments came.
import type { Received } from '../tcp-info.ts';
import type { Arrival } from './timeline.ts';

export class Joins {
  /** When nothing was there to read, how many segments had come by then, and how many stamps were seen since. */
  #drained: { readonly atMs: number; readonly segments: number; readonly stamps: number } = {
    ...{ atMs: 0, segments: 0, stamps: 0 },
  };
  #stamp: { readonly atMs: number; readonly slackMs: number } | null = null;

  /** Nothing was there. */
  drained(atMs: number, received: Received | null): void {
    this.#drained = { atMs, segments: received?.segments ?? this.#drained.segments, stamps: 0 };
  }

  /** Nothing had come since; nobody counted. */
  quiet(atMs: number): void {
    this.#drained = { ...this.#drained, atMs };
  }

  /**
   * What was read as one piece.
   * @param firstMs stamp of its first byte, before anything could be joined to it since the piece before was read
   * @param received as of after that stamp was read; null: not counted
   */
  arrival(firstMs: number, lastMs: number, received: Received | null): Arrival {
    const slackMs = this.#slackOf(firstMs, received);
    const lastSlackMs = lastMs - firstMs + slackMs;
    if (lastMs !== firstMs) this.#note(lastMs, lastSlackMs);
    return { firstMs, slackMs, lastMs, lastSlackMs };
  }

  #slackOf(atMs: number, received: Received | null): number {
    if (this.#stamp?.atMs === atMs) return this.#stamp.slackMs;
    // What follows in the stream came later, unless the way there mixed them up.
    const beforeMs = received?.isInOrder === true && this.#stamp !== null ? this.#stamp.atMs : 0;
    const slackMs = Math.max(0, atMs - Math.max(this.#drained.atMs, beforeMs));
    this.#note(atMs, slackMs);
    if (this.#isEachAlone(received)) this.#stamp = { atMs, slackMs: 0 };
    return this.#stamp?.slackMs ?? slackMs;
  }

  #note(atMs: number, slackMs: number): void {
    this.#drained = { ...this.#drained, stamps: this.#drained.stamps + 1 };
    this.#stamp = { atMs, slackMs };
  }

  #isEachAlone(received: Received | null): boolean {
    const segments = received?.segments ?? null;
    return segments !== null && segments - this.#drained.segments <= this.#drained.stamps;
  }
}
