// Owns the journeys that callers ask for beside the schedule: so many under way, so many waiting, what came of each. Knows no caller's rights and no HTTP.

import type { Journey, Verdict } from '../model/journey.ts';
import { shownTarget } from '../model/target.ts';
import { UsageError } from '../model/usage-error.ts';
import { type KeptJourneys, keepJourneys } from './kept-journeys.ts';
import type { AgentLog } from './log/agent-log.ts';
import { type Ridden, type RidingRoom, rideOnce } from './riding.ts';

export interface Wish {
  readonly ridden: Ridden;
  /** Who asks, as text that may be shown. */
  readonly by: string;
}

export interface AskedJourney {
  readonly id: string;
  /** Without its query. */
  readonly target: string;
  readonly by: string;
  /** Unix ms */
  readonly atMs: number;
  state: 'waiting' | 'under_way' | 'ended' | 'failed';
  /** Null before the end. */
  verdict: Verdict | null;
  /** Why it failed. */
  fault: string | null;
  /** Settles at its end; never rejects. */
  readonly ended: Promise<void>;
}

const MOST_UNDER_WAY = 4;
const MOST_WAITING = 16;
/** What somebody was given the address of must be there when it ends, whatever `history` says. */
const LEAST_KEPT = MOST_UNDER_WAY + MOST_WAITING;
const MOST_KEPT_BYTES = 16_777_216;

interface Entry {
  readonly asked: AskedJourney;
  readonly ridden: Ridden;
  readonly settle: () => void;
}

export interface AskedRoom extends RidingRoom {
  /** Journeys that are kept, and as many failures again. */
  readonly history: () => number;
  readonly log: Pick<AgentLog, 'info' | 'error'>;
  readonly onEnded: (outcome: 'ridden' | 'failed') => void;
}

export class AskedJourneys {
  readonly kept: Pick<KeptJourneys, 'has' | 'read'>;
  readonly #room: AskedRoom;
  readonly #kept = keepJourneys(LEAST_KEPT, MOST_KEPT_BYTES);
  readonly #known = new Map<string, AskedJourney>();
  readonly #waiting: Entry[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #isClosed = false;

  constructor(room: AskedRoom) {
    this.#room = room;
    this.kept = this.#kept;
  }

  /** @returns null when there is no room */
  ask({ ridden, by }: Wish): AskedJourney | null {
    if (this.#isClosed || this.#waiting.length >= MOST_WAITING) return null;
    const { promise: ended, resolve: settle } = Promise.withResolvers<void>();
    const target = shownTarget(ridden.settings.target.url);
    const [verdict, fault] = [null, null];
    const asked: AskedJourney = {
      ...{ id: this.#room.newId(), target, by, atMs: this.#room.wallClockMs() },
      ...{ state: 'waiting', verdict, fault, ended },
    };
    this.#known.set(asked.id, asked);
    this.#waiting.push({ asked, ridden, settle });
    this.#fill();
    return asked;
  }

  find(id: string): AskedJourney | undefined {
    return this.#known.get(id);
  }

  /** The latest first. */
  latest(most: number): readonly AskedJourney[] {
    return [...this.#known.values()].slice(-most).toReversed();
  }

  /** Takes no more, lets go of those that wait, lets those under way end within the bound, ms; then they are stopped. */
  async close(boundMs: number): Promise<void> {
    this.#isClosed = true;
    for (const { asked, settle } of this.#waiting.splice(0)) {
      [asked.state, asked.fault] = ['failed', 'the agent ended before its turn'];
      settle();
    }
    const cut = setTimeout(() => this.#stop.abort(), boundMs);
    await Promise.all(this.#underWay);
    clearTimeout(cut);
  }

  #fill(): void {
    while (this.#underWay.size < MOST_UNDER_WAY) {
      const entry = this.#waiting.shift();
      if (entry === undefined) return;
      const riding = this.#ride(entry).finally(() => {
        this.#underWay.delete(riding);
        entry.settle();
        this.#fill();
      });
      this.#underWay.add(riding);
    }
  }

  async #ride({ asked, ridden }: Entry): Promise<void> {
    const { log, onEnded } = this.#room;
    asked.state = 'under_way';
    this.#letGo();
    try {
      const { journey } = await rideOnce(ridden, { ...this.#room, newId: () => asked.id }, this.#stop.signal);
      const told: Journey = { ...journey, asked: { by: asked.by, at: new Date(asked.atMs).toISOString() } };
      await this.#kept.add(ridden.name, told);
      asked.verdict = journey.verdict;
      asked.state = 'ended';
      onEnded('ridden');
    } catch (error) {
      const isOurs = !(error instanceof UsageError);
      asked.fault = isOurs ? 'a fault of this program ended the journey' : error.message;
      asked.state = 'failed';
      const why = error instanceof Error ? error.message : 'unknown error';
      if (isOurs) log.error('a fault of this program ended a journey', { journey: asked.id, fault: why });
      onEnded('failed');
    }
  }

  #letGo(): void {
    const limit = Math.max(LEAST_KEPT, this.#room.history());
    this.#kept.bound(limit);
    for (const [id, { state }] of this.#known) {
      if (this.#known.size <= limit) return;
      if (state === 'ended' || state === 'failed') this.#known.delete(id);
    }
  }
}
