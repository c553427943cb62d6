// Owns the threads that help with /probe where one is not enough: begun when the event loop has no time left, ended when it has again.
// Knows no prober, and what its threads do not answer is done here.
import type { Worker } from 'node:worker_threads';
import type { Elsewhere, PlainAsk, Told } from '../blackbox/handler.ts';
import type { Attributes, LogLevel } from '../model/logfmt.ts';
import type { AgentLog } from './log/agent-log.ts';

export type Line = readonly [level: LogLevel, message: string, attributes: Attributes];

export interface ThreadTold {
  readonly success: boolean;
  readonly log: string;
  readonly text: string;
  /** Null for who did not ask for it. */
  readonly openmetrics: string | null;
  readonly lines: readonly Line[];
}

/** In the order in which they were sent: a probe is made by the modules that were sent last before it. */
export type ToThread =
  | { readonly kind: 'modules'; readonly text: string }
  | { readonly kind: 'probe'; readonly id: number; readonly ask: PlainAsk }
  | { readonly kind: 'cancel'; readonly id: number };

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'told'; readonly id: number; readonly told: ThreadTold }
  /** A fault of this program. */
  | { readonly kind: 'fault'; readonly id: number; readonly words: string };

export interface ThreadsRoom {
  /** At most, beside the one that all else runs on. */
  readonly most: number;
  readonly start: () => Worker;
  /** Of the file of modules as it stands. */
  readonly modulesText: () => string;
  readonly onLine: (level: LogLevel, message: string, attributes: Attributes) => void;
  readonly log: Pick<AgentLog, 'info' | 'error'>;
  /** Share of the time since the call before that the event loop of all else was at work. */
  readonly busy: () => number;
}

export interface ProbeThreads {
  readonly elsewhere: Elsewhere;
  /** To be called after each change of `modulesText`. */
  modulesChanged(): void;
  count(): number;
  close(): Promise<void>;
}

const LOOK_MS = 500;
/** Probes that begin in a second: what fills the event loop with fewer is something else, and no thread takes it off. */
const LEAST_A_SECOND = 20;
/** Share of its time that an event loop is at work: from the one on help is called, below the other it is not needed any more. */
const FULL = 0.8;
const EASY = 0.4;
/** Looks in a row that must find it easy: a minute, as long as a scrape interval may be. */
const EASY_LOOKS = 120;
/** After a thread ended by itself, ms: what ends one may end the next. */
const REST_MS = 60_000;

class Gone extends Error {}

interface Waiting {
  readonly resolve: (told: ThreadTold) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly underWay: Map<number, Waiting>;
  readonly tell: (message: ToThread) => void;
  readonly busy: () => number;
  isReady: boolean;
}

/** @param lookMs how often is looked whether they are needed */
export function openProbeThreads(room: ThreadsRoom, lookMs = LOOK_MS): ProbeThreads {
  return room.most === 0 ? NONE : new Threads(room, lookMs);
}

const NONE: ProbeThreads = {
  elsewhere: (_ask, _signal, here) => here(),
  modulesChanged: () => undefined,
  count: () => 0,
  close: () => Promise.resolve(),
};

class Threads implements ProbeThreads {
  readonly #room: ThreadsRoom;
  readonly #threads = new Set<Thread>();
  readonly #lookMs: number;
  readonly #looking: NodeJS.Timeout;
  #easyLooks = 0;
  #restUntilMs = 0;
  #here = 0;
  #begunSinceLook = 0;
  #nextId = 0;

  constructor(room: ThreadsRoom, lookMs: number) {
    this.#room = room;
    this.#lookMs = lookMs;
    this.#looking = setInterval(() => this.#look(), lookMs).unref();
  }

  /** By the one that has least to do. */
  readonly elsewhere: Elsewhere = async (ask, signal, here) => {
    this.#begunSinceLook++;
    const thread = this.#leastBusy();
    if (thread === null) return this.#byItself(here);
    try {
      const { lines, ...told } = await this.#ask(thread, ask, signal);
      for (const line of lines) this.#room.onLine(...line);
      return toldOf(told);
    } catch (error) {
      if (error instanceof Gone) return this.#byItself(here);
      throw error;
    }
  };

  modulesChanged(): void {
    for (const { tell } of this.#threads) tell(this.#modules());
  }

  count(): number {
    return this.#threads.size;
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    this.#restUntilMs = Number.POSITIVE_INFINITY;
    await Promise.all([...this.#threads].map((thread) => this.#end(thread)));
  }

  async #byItself(here: () => Promise<Told>): Promise<Told> {
    this.#here++;
    try {
      return await here();
    } finally {
      this.#here--;
    }
  }

  #leastBusy(): Thread | null {
    let least: Thread | null = null;
    for (const thread of this.#threads)
      if (thread.isReady && thread.underWay.size < (least?.underWay.size ?? this.#here)) least = thread;
    return least;
  }

  #ask({ tell, underWay }: Thread, ask: PlainAsk, signal: AbortSignal): Promise<ThreadTold> {
    const id = this.#nextId++;
    const cancel = (): void => tell({ kind: 'cancel', id });
    const told = new Promise<ThreadTold>((resolve, reject) => {
      underWay.set(id, { resolve, reject });
    }).finally(() => {
      underWay.delete(id);
      signal.removeEventListener('abort', cancel);
    });
    tell({ kind: 'probe', id, ask });
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
    return told;
  }

  #look(): void {
    const busy = this.#room.busy();
    const areMany = this.#begunSinceLook * 1000 >= LEAST_A_SECOND * this.#lookMs;
    this.#begunSinceLook = 0;
    const areFull = [...this.#threads].map((thread) => thread.busy() >= FULL && thread.isReady);
    this.#easyLooks = busy < EASY ? this.#easyLooks + 1 : 0;
    if (this.#easyLooks >= EASY_LOOKS) this.#endIdle();
    // One that is not ready yet will take its share: no other is begun before.
    else if (busy >= FULL && areMany && areFull.every(Boolean)) this.#begin();
  }

  #begin(): void {
    if (this.#threads.size >= this.#room.most || performance.now() < this.#restUntilMs) return;
    const worker = this.#room.start();
    const busy = busyBetweenLooks(worker.performance);
    const tell = inTurns<ToThread>(worker);
    const thread: Thread = { worker, underWay: new Map(), tell, busy, isReady: false };
    this.#threads.add(thread);
    worker.unref();
    worker.on('message', (messages: readonly FromThread[]) => {
      for (const message of messages) heard(thread, message);
    });
    worker.once('error', (error: Error) => this.#lose(thread, error.message));
    worker.once('exit', () => this.#lose(thread, 'it ended'));
    thread.tell(this.#modules());
    this.#room.log.info('one thread is not enough for the probes: another helps', { threads: this.#threads.size });
  }

  #modules(): ToThread {
    return { kind: 'modules', text: this.#room.modulesText() };
  }

  /** Those that have nothing under way; the others at another look. */
  #endIdle(): void {
    for (const thread of this.#threads) if (thread.underWay.size === 0) void this.#end(thread);
  }

  async #end(thread: Thread): Promise<void> {
    this.#let(thread);
    await thread.worker.terminate();
  }

  #lose(thread: Thread, because: string): void {
    if (!this.#threads.has(thread)) return;
    this.#restUntilMs = performance.now() + REST_MS;
    this.#room.log.error('a thread of the probes is lost: its probes are made again', {
      err: because,
      probes: thread.underWay.size,
    });
    this.#let(thread);
  }

  #let(thread: Thread): void {
    this.#threads.delete(thread);
    for (const { reject } of thread.underWay.values()) reject(new Gone());
  }
}

/** A message costs as much to send as what is in it: those of one turn of the event loop go together. */
export function inTurns<T>(port: Pick<Worker, 'postMessage'>): (message: T) => void {
  let kept: T[] = [];
  return (message) => {
    if (kept.push(message) > 1) return;
    setImmediate(() => {
      port.postMessage(kept);
      kept = [];
    });
  };
}

/** Share of the time since the call before that an event loop was at work. */
export function busyBetweenLooks(loop: Pick<Performance, 'eventLoopUtilization'>): () => number {
  let before = loop.eventLoopUtilization();
  return () => {
    const now = loop.eventLoopUtilization();
    const { utilization } = loop.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}

function heard(thread: Thread, message: FromThread): void {
  if (message.kind === 'ready') {
    thread.isReady = true;
    return;
  }
  const waiting = thread.underWay.get(message.id);
  if (message.kind === 'told') waiting?.resolve(message.told);
  else waiting?.reject(new Error(message.words));
}

function toldOf({ success, log, text, openmetrics }: Omit<ThreadTold, 'lines'>): Told {
  return {
    success,
    isFlap: false,
    log,
    // Whoever wants the debug page wants the text.
    exposed: (exposition) => (exposition === 'openmetrics' ? (openmetrics ?? '') : text),
  };
}
