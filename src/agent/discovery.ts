// Owns looking again and again at the places that name targets: files, URLs, names of DNS. A place that cannot be read, or is wrong, keeps what it named
// before. Knows no form of what stands there.
import { TooMuch, UsageError } from '../model/usage-error.ts';
import type { AgentLog } from './log/agent-log.ts';

/** A place that names targets. */
export interface Place<T> {
  /** For messages; a query is left out of them. */
  readonly name: string;
  /** @throws UsageError */
  readonly read: (signal: AbortSignal) => Promise<string>;
  /** @throws UsageError */
  readonly parse: (text: string) => Promise<readonly T[]>;
}

/** Where places are: one URL, or all files that a pattern finds. */
export interface Source<T> {
  /** For messages. */
  readonly name: string;
  /** What tells it from others of that name, such as a query. */
  readonly key: string;
  readonly refreshMs: number;
  /** What changes in it is worth a look; null: nothing that this machine would see. */
  readonly folder: string | null;
  /** Those that are there now. @throws UsageError */
  readonly places: () => Promise<readonly Place<T>[]>;
}

/** `unreadable`: it did not answer, or not with a list; `wrong`: a list that cannot be used; `too_much`: more than may be. */
export type Refused = 'unreadable' | 'wrong' | 'too_much';

export interface DiscoveryState {
  readonly sources: number;
  readonly failing: number;
  readonly targets: number;
  /** Beyond the bound on all together. */
  readonly leftOut: number;
  readonly refused: ReadonlyMap<Refused, number>;
}

export interface DiscoveryRoom {
  /** Targets of all places together. */
  readonly most: number;
  /** Told why a place could not be read, once and not at each look. */
  readonly log: Pick<AgentLog, 'info' | 'warn'>;
}

/** A place that does not answer is not waited for longer, ms. */
const BOUND_MS = 10_000;

interface Known<T> {
  text: string | null;
  targets: readonly T[];
  fault: string | null;
  /** What was refused: it is not gone through again until it is another. */
  wrong: { readonly text: string; readonly error: UsageError } | null;
}

interface Looked<T> {
  dueMs: number;
  /** Why its places are not known. */
  fault: string | null;
  readonly places: Map<string, Known<T>>;
  /** One look at a time. */
  turn: Promise<unknown>;
}

export class Discovery<T> {
  readonly #room: DiscoveryRoom;
  readonly #sources: ReadonlyMap<Source<T>, Looked<T>>;
  readonly #refused: Map<Refused, number>;
  #leftOut = 0;

  /** @param before whose places, where they are named again, stand for what they named until they can be read */
  constructor(sources: readonly Source<T>[], before: Discovery<T> | null, room: DiscoveryRoom) {
    this.#room = room;
    this.#refused =
      before === null
        ? new Map((['unreadable', 'wrong', 'too_much'] as const).map((one) => [one, 0]))
        : before.#refused;
    this.#sources = new Map(
      sources.map((source) => {
        const found = before?.ofSource(source.key) ?? [];
        const places = new Map(found.map(([name, targets]) => [name, { ...UNREAD, targets }]));
        return [source, { dueMs: 0, fault: null, places, turn: Promise.resolve() }];
      }),
    );
  }

  /** What all places name, as far as they could ever be read, within the bound. */
  targets(): readonly T[] {
    const all = this.#all().flatMap(({ targets }) => targets);
    const { most, log } = this.#room;
    const leftOut = Math.max(0, all.length - most);
    if (leftOut > 0 && this.#leftOut === 0)
      log.warn('more targets are named than discover.most permits', { named: all.length, most, leftOut });
    this.#leftOut = leftOut;
    return leftOut === 0 ? all : all.slice(0, most);
  }

  /** What each place of a source names. */
  ofSource(key: string): readonly (readonly [place: string, targets: readonly T[]])[] {
    return [...this.#sources].flatMap(([source, { places }]) =>
      source.key === key ? [...places].map(([place, { targets }]) => [place, targets] as const) : [],
    );
  }

  state(): DiscoveryState {
    const all = this.#all();
    const unlisted = [...this.#sources.values()].filter(({ fault }) => fault !== null).length;
    const named = all.reduce((sum, { targets }) => sum + targets.length, 0);
    return {
      sources: all.length + unlisted,
      failing: all.filter(({ fault }) => fault !== null).length + unlisted,
      ...{ targets: named - this.#leftOut, leftOut: this.#leftOut, refused: this.#refused },
    };
  }

  folders(): readonly string[] {
    return [...this.#sources.keys()].flatMap(({ folder }) => folder ?? []);
  }

  /** When the next look is due; infinite without sources. */
  dueMs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#sources.values()].map(({ dueMs }) => dueMs));
  }

  /** Looks at the sources that are due, or in one of the folders. @returns whether something changed */
  async look(nowMs: number, folders: ReadonlySet<string> = new Set()): Promise<boolean> {
    const wanted = [...this.#sources].filter(
      ([{ folder }, { dueMs }]) => dueMs <= nowMs || (folder !== null && folders.has(folder)),
    );
    const changed = await Promise.all(
      wanted.map(([source, looked]) => {
        looked.dueMs = nowMs + source.refreshMs;
        const look = looked.turn.then(() => this.#lookAt(source, looked));
        looked.turn = look.catch(() => undefined);
        return look;
      }),
    );
    return changed.includes(true);
  }

  #all(): readonly Known<T>[] {
    return [...this.#sources.values()].flatMap(({ places }) => [...places.values()]);
  }

  async #lookAt(source: Source<T>, looked: Looked<T>): Promise<boolean> {
    try {
      const places = await source.places();
      this.#well(source.name, looked);
      const there = new Set(places.map(({ name }) => name));
      const gone = [...looked.places.keys()].filter((name) => !there.has(name));
      for (const name of gone) looked.places.delete(name);
      const changed = await Promise.all(places.map((place) => this.#read(place, this.#knownOf(place, looked))));
      return gone.length > 0 || changed.includes(true);
    } catch (error) {
      this.#refuse(source.name, looked, error, 'unreadable');
      return false;
    }
  }

  #knownOf({ name }: Place<T>, { places }: Looked<T>): Known<T> {
    const known = places.get(name) ?? { ...UNREAD, targets: [] };
    places.set(name, known);
    return known;
  }

  async #read(place: Place<T>, known: Known<T>): Promise<boolean> {
    let reason: Refused = 'unreadable';
    try {
      const text = await place.read(AbortSignal.timeout(BOUND_MS));
      reason = 'wrong';
      if (known.wrong?.text === text) throw known.wrong.error;
      known.wrong = null;
      const isNew = text !== known.text;
      if (isNew) known.targets = await this.#parsed(place, text, known);
      known.text = text;
      this.#well(place.name, known);
      return isNew;
    } catch (error) {
      this.#refuse(place.name, known, error, error instanceof TooMuch ? 'too_much' : reason);
      return false;
    }
  }

  async #parsed(place: Place<T>, text: string, known: Known<T>): Promise<readonly T[]> {
    try {
      return await place.parse(text);
    } catch (error) {
      if (error instanceof UsageError) known.wrong = { text, error };
      throw error;
    }
  }

  #well(place: string, state: { fault: string | null }): void {
    if (state.fault !== null) this.#room.log.info('a place of targets can be read again', { place });
    state.fault = null;
  }

  #refuse(place: string, state: { fault: string | null }, error: unknown, reason: Refused): void {
    if (!(error instanceof UsageError)) throw error;
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    const words = 'a place of targets cannot be read; what it named before is kept';
    if (state.fault !== error.message) this.#room.log.warn(words, { place, err: error.message });
    state.fault = error.message;
  }
}

const UNREAD = { text: null, fault: null, wrong: null } as const;
