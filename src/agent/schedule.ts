// Owns who is ridden when: each target at its turns, so many at once, what could not be ridden in its turn counted and let go. Who only waits
// for an answer holds no place. Never rides, and never waits for a turn that has passed.
import { dueOf, type Pace, turnAfter } from './spread.ts';

/** Why a turn passed without a journey. */
export type Missed = 'under_way' | 'no_room' | 'late';

export interface Clock {
  /** Unix ms, and steady: it never jumps. */
  nowMs(): number;
  /** @returns what calls it off */
  at(ms: number, callback: () => void): () => void;
}

export interface ScheduleOptions<T extends Pace> {
  readonly clock: Clock;
  /** Never rejects. Tells of every answer that came. */
  readonly run: (target: T, signal: AbortSignal, onAnswer: () => void) => Promise<void>;
  readonly onLag: (ms: number) => void;
  readonly onMissed: (target: T, reason: Missed, turns: number) => void;
  /** Places of the stalled, beside those of the others. */
  readonly mostStalled?: number;
}

/** Whether somebody is silent is asked this often, ms. Counted, not timed: an agent that is late itself must not take that for silence. */
const LISTEN_MS = 100;
/** Who was silent so many times is stalled: it costs memory and a socket, and no work. */
const PATIENCE = 10;
/** With others waiting a place is given away earlier, and at once with more of them waiting than there are places. */
const [SHORT_PATIENCE, NO_PATIENCE] = [3, 1];
/** Where nobody says how many. */
const MOST_STALLED = 1000;

interface Entry<T> {
  target: T;
  turn: number;
  dueMs: number;
  /** Due time of the turn that waits or runs. */
  sinceMs: number;
  cancel: () => void;
  state: 'idle' | 'waiting' | 'running';
  /** In the run under way, or in the last one: who was silent is not given a place of those who answer. */
  isStalled: boolean;
  /** Stops the journey under way. */
  stop: AbortController;
}

export class Schedule<T extends Pace> {
  readonly #options: ScheduleOptions<T>;
  readonly #entries = new Map<string, Entry<T>>();
  /** In the order of their turns; who was silent the last time waits beside: one queue must not be walked for the other's sake. */
  readonly #waiting = new Set<Entry<T>>();
  readonly #waitingSilent = new Set<Entry<T>>();
  readonly #running = new Set<Promise<void>>();
  readonly #mostStalled: number;
  #stalled = 0;
  #concurrency = 1;
  #isClosed = false;

  constructor(options: ScheduleOptions<T>) {
    this.#options = options;
    this.#mostStalled = options.mostStalled ?? MOST_STALLED;
  }

  /** Others from now on: who stays keeps its turns, unless its pace is another; who goes is stopped. */
  set(targets: readonly T[], concurrency: number): void {
    this.#concurrency = concurrency;
    const names = new Set(targets.map(({ name }) => name));
    for (const [name, entry] of this.#entries) {
      if (names.has(name)) continue;
      this.#entries.delete(name);
      this.#drop(entry);
    }
    for (const target of targets) this.#put(target);
    this.#fill();
  }

  /** Under way are those that are stalled too. */
  state(): { readonly underWay: number; readonly stalled: number; readonly waiting: number } {
    return {
      underWay: this.#running.size,
      stalled: this.#stalled,
      waiting: this.#waiting.size + this.#waitingSilent.size,
    };
  }

  /** No new runs; those under way may end within the bound, ms, then they are stopped. Resolves when all have ended. */
  async close(boundMs: number): Promise<void> {
    this.#isClosed = true;
    for (const entry of this.#entries.values()) entry.cancel();
    this.#waiting.clear();
    this.#waitingSilent.clear();
    const { clock } = this.#options;
    const cancel = clock.at(clock.nowMs() + boundMs, () => {
      for (const { stop } of this.#entries.values()) stop.abort();
    });
    await Promise.all(this.#running);
    cancel();
  }

  #put(target: T): void {
    const known = this.#entries.get(target.name);
    if (known === undefined) {
      const entry: Entry<T> = {
        ...{ target, turn: 0, dueMs: 0, sinceMs: 0, cancel: () => undefined },
        ...{ state: 'idle', isStalled: false, stop: new AbortController() },
      };
      this.#entries.set(target.name, entry);
      this.#await(entry, this.#options.clock.nowMs());
      return;
    }
    const { intervalMs, jitterMs } = known.target;
    known.target = target;
    if (intervalMs === target.intervalMs && jitterMs === target.jitterMs) return;
    known.cancel();
    this.#await(known, this.#options.clock.nowMs());
  }

  #drop(entry: Entry<T>): void {
    entry.cancel();
    entry.stop.abort();
    this.#queueOf(entry).delete(entry);
  }

  #await(entry: Entry<T>, afterMs: number): void {
    const { turn, dueMs } = turnAfter(entry.target, afterMs);
    entry.turn = turn;
    entry.dueMs = dueMs;
    entry.cancel = this.#options.clock.at(dueMs, () => this.#turn(entry));
  }

  #turn(entry: Entry<T>): void {
    if (this.#isClosed) return;
    const { clock, onMissed } = this.#options;
    const { target, turn, dueMs, state } = entry;
    // A timer may be early by part of a millisecond.
    this.#await(entry, Math.max(clock.nowMs(), dueMs));
    // A process that slept, or a loop that was held up for longer than an interval.
    const passed = entry.turn - turn - 1;
    if (passed > 0) onMissed(target, 'late', passed);
    if (state !== 'idle') {
      onMissed(target, state === 'running' ? 'under_way' : 'no_room', 1);
      return;
    }
    entry.state = 'waiting';
    this.#queueOf(entry).add(entry);
    entry.sinceMs = passed > 0 ? dueOf(target, entry.turn - 1) : dueMs;
    this.#fill();
  }

  #queueOf({ isStalled }: Entry<T>): Set<Entry<T>> {
    return isStalled ? this.#waitingSilent : this.#waiting;
  }

  /** Starts as many as there is room for. */
  #fill(): void {
    this.#fillFrom(this.#waiting, () => this.#running.size - this.#stalled < this.#concurrency);
    this.#fillFrom(this.#waitingSilent, () => this.#stalled < this.#mostStalled);
  }

  #fillFrom(queue: Set<Entry<T>>, hasRoom: () => boolean): void {
    for (const entry of queue) {
      if (this.#isClosed || !hasRoom()) return;
      queue.delete(entry);
      this.#start(entry);
    }
  }

  #start(entry: Entry<T>): void {
    const { clock, onLag, run } = this.#options;
    onLag(Math.max(0, clock.nowMs() - entry.sinceMs));
    entry.state = 'running';
    const silence = this.#listen(entry);
    const running = run(entry.target, entry.stop.signal, silence.heard).finally(() => {
      entry.state = 'idle';
      silence.ended();
      this.#running.delete(running);
      this.#fill();
    });
    this.#running.add(running);
  }

  #patience(): number {
    if (this.#waiting.size > this.#concurrency) return NO_PATIENCE;
    return this.#waiting.size > 0 ? SHORT_PATIENCE : PATIENCE;
  }

  /** Gives the place of a run away when it falls silent; it does not get it back, and the next one begins where this one ended. */
  #listen(entry: Entry<T>): { readonly heard: () => void; readonly ended: () => void } {
    const { clock } = this.#options;
    let [holdsPlace, silence, isHeard] = [!entry.isStalled, 0, false];
    let cancel: () => void = () => undefined;
    const yieldPlace = (): void => {
      holdsPlace = false;
      this.#stalled++;
      this.#fill();
    };
    const listen = (): void => {
      cancel = clock.at(clock.nowMs() + LISTEN_MS, () => {
        silence = isHeard ? 0 : silence + 1;
        isHeard = false;
        if (holdsPlace && silence >= this.#patience() && this.#stalled < this.#mostStalled) yieldPlace();
        if (silence < PATIENCE) listen();
      });
    };
    if (!holdsPlace) this.#stalled++;
    listen();
    return {
      heard: () => {
        isHeard = true;
      },
      ended: () => {
        cancel();
        entry.isStalled = silence >= PATIENCE;
        this.#stalled -= holdsPlace ? 0 : 1;
      },
    };
  }
}
