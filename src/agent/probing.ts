// Owns the targets that modules probe: their schedule, what each told last, what failed. Ten thousand of them are little: numbers, and few objects
// each. Serves no page, and knows no prober.
import type { Confirm } from '../config/agent/confirm.ts';
import type { GrowingHistogram } from '../metrics/histogram.ts';
import { ProbeSeries, ProbeShapes, type Sampled } from '../metrics/probe-series.ts';
import { RunCounts } from '../metrics/run-counts.ts';
import type { Verdict } from '../model/journey.ts';
import { EMPTY, type WindowSketch, withSamples } from '../stats/window-sketch.ts';
import { LatestProbes } from './latest-probes.ts';
import type { AgentLog } from './log/agent-log.ts';
import { faultOf, RunTelling } from './run-telling.ts';
import { type Clock, Schedule } from './schedule.ts';
import type { SharedSeries } from './shared-series.ts';
import type { Pace } from './spread.ts';

/** A target as a module probes it. Its `name` is that of the target and of the module: one target may have several. */
export interface Probed extends Pace {
  /** Value of the label `target`. */
  readonly label: string;
  /** As the prober gets it. */
  readonly target: string;
  readonly module: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Within the interval. */
  readonly mostSeconds: number;
  /** Null: as the module says. */
  readonly confirm: Confirm | null;
}

/** What came of one probe. */
export interface ProbeTold {
  /** In the order of their names. */
  readonly families: readonly Sampled[];
  readonly success: boolean;
  /** Where it failed and why, in words, and whether we are to blame; null when it succeeded. */
  readonly failure: { readonly what: string; readonly isOurs: boolean } | null;
  readonly durationMs: number;
  /** Whether it took a second attempt to succeed; null where failed ones are not repeated. */
  readonly isFlap: boolean | null;
  /** Its log, its metrics, its module: for people. */
  readonly page: () => string;
}

export interface ProbingRoom {
  readonly clock: Clock;
  readonly wallClockMs: () => number;
  readonly newId: () => string;
  readonly log: Pick<AgentLog, 'info' | 'warn' | 'error'>;
  readonly lag: GrowingHistogram;
  readonly shared: SharedSeries;
  /** @throws UsageError when there is no module of that name (any more) */
  readonly probe: (target: Probed, signal: AbortSignal) => Promise<ProbeTold>;
}

/** A failed probe that can be read. */
export interface KeptProbe {
  readonly id: string;
  readonly name: string;
  readonly page: () => string;
}

export interface Watched {
  target: Probed;
  readonly series: ProbeSeries;
  readonly latest: LatestProbes;
  /** Words of what ended the last run otherwise than by its target; null when nothing did. */
  fault: string | null;
  readonly counts: RunCounts;
  lastStartMs: number;
  /** How long those took that succeeded, lately. */
  window: WindowSketch;
}

/** Probes that wait for an answer beside those that get one: when the network between fails, all do, and none may be missed for it. */
const MOST_STALLED = 20_000;

export class Probing {
  readonly #room: ProbingRoom;
  readonly #telling: RunTelling;
  readonly #schedule: Schedule<Probed>;
  readonly #watched = new Map<string, Watched>();
  readonly #shapes = new ProbeShapes();
  readonly #kept = new Map<string, KeptProbe>();
  #history = 0;
  #faults = 0;

  constructor(room: ProbingRoom) {
    this.#room = room;
    this.#telling = new RunTelling(room.log, {
      ended: 'a fault of this program ended a probe',
      notRun: 'target not probed',
    });
    this.#schedule = new Schedule({
      clock: room.clock,
      run: (target, signal) => this.#run(target, signal),
      mostStalled: MOST_STALLED,
      onLag: (ms) => room.lag.observe(ms / 1000),
      onMissed: ({ name }, reason, turns) => {
        const watched = this.#watched.get(name);
        if (watched === undefined) return;
        watched.counts.missed(reason, turns);
        this.#telling.missed(calledBy(watched), reason, turns);
      },
    });
  }

  /** Counters of targets that stay are kept; those that go take their series along. */
  set(targets: readonly Probed[], concurrency: number, history: number): void {
    const names = new Set(targets.map(({ name }) => name));
    for (const [name, { series }] of this.#watched) {
      if (names.has(name)) continue;
      series.clear();
      this.#watched.delete(name);
    }
    for (const target of targets) this.#watch(target);
    this.#history = history;
    for (const { id, name } of this.#kept.values()) if (!names.has(name)) this.#kept.delete(id);
    this.#trim();
    this.#schedule.set(targets, concurrency);
  }

  watched(): MapIterator<Watched> {
    return this.#watched.values();
  }

  /** Families that the last probes told. */
  families(): ReturnType<ProbeShapes['families']> {
    return this.#shapes.families();
  }

  /** What is known of a failed probe; null when it is not kept. */
  page(id: string): string | null {
    return this.#kept.get(id)?.page() ?? null;
  }

  has(id: string): boolean {
    return this.#kept.has(id);
  }

  state(): ReturnType<Schedule<Probed>['state']> & { readonly targets: number; readonly faults: number } {
    return { targets: this.#watched.size, ...this.#schedule.state(), faults: this.#faults };
  }

  /** Probes under way may end within the bound, ms; then they are stopped. */
  close(boundMs: number): Promise<void> {
    return this.#schedule.close(boundMs);
  }

  #watch(target: Probed): void {
    const { name, label, module, labels } = target;
    const all = { target: label, module, ...labels };
    const known = this.#watched.get(name);
    if (known !== undefined) {
      known.target = target;
      known.series.relabel(all);
      return;
    }
    this.#watched.set(name, {
      ...{ target, series: new ProbeSeries(this.#shapes, all), latest: new LatestProbes(), fault: null },
      ...{ counts: new RunCounts(), lastStartMs: 0, window: EMPTY },
    });
  }

  async #run(target: Probed, signal: AbortSignal): Promise<void> {
    const startedAtMs = this.#room.wallClockMs();
    try {
      const told = await this.#room.probe(target, signal);
      const watched = this.#watched.get(target.name);
      // Stopped, or taken out of the config meanwhile: what was seen by then is no news.
      if (signal.aborted || watched === undefined) return;
      watched.fault = null;
      watched.series.ended(told.families.filter(({ name: family }) => this.#room.shared.keeps(family)));
      this.#ended(watched, told, startedAtMs);
      this.#tellFlap(watched, told);
    } catch (error) {
      this.#failed(target, startedAtMs, error);
    }
  }

  #ended(watched: Watched, { failure, durationMs, page }: ProbeTold, startedAtMs: number): void {
    const verdict = failure === null ? 'ok' : failure.isOurs ? 'unknown' : 'critical';
    this.#telling.verdict(calledBy(watched), watched.latest.verdict(), verdict, () =>
      failure === null ? {} : { because: failure.what },
    );
    count(watched, verdict, startedAtMs);
    if (failure === null) {
      watched.latest.succeeded(durationMs);
      watched.window = withSamples(watched.window, this.#room.shared.slice(), [durationMs / 1000]);
      return;
    }
    const id = this.#keep(watched, page);
    watched.latest.failed({ id, startedAtMs, verdict, what: failure.what });
  }

  #tellFlap(watched: Watched, { isFlap, page }: ProbeTold): void {
    watched.counts.confirmed(isFlap);
    if (isFlap !== true) return;
    const id = this.#keep(watched, page);
    this.#telling.flap({ ...calledBy(watched), probe: id });
  }

  #keep({ target: { name } }: Watched, page: () => string): string {
    const id = this.#room.newId();
    this.#kept.set(id, { id, name, page });
    this.#trim();
    return id;
  }

  #failed({ name }: Probed, startedAtMs: number, error: unknown): void {
    const fault = faultOf(error);
    this.#faults += fault.isOurs ? 1 : 0;
    const watched = this.#watched.get(name);
    if (watched === undefined) return;
    // What the probe before it told is not so now.
    watched.series.clear();
    count(watched, 'unknown', startedAtMs);
    this.#telling.fault(calledBy(watched), watched.fault, fault);
    watched.fault = fault.words;
  }

  #trim(): void {
    for (const id of this.#kept.keys()) {
      if (this.#kept.size <= this.#history) return;
      this.#kept.delete(id);
    }
  }
}

function calledBy({ target: { label, module } }: Watched): { readonly target: string; readonly module: string } {
  return { target: label, module };
}

function count(watched: Watched, verdict: Verdict, startedAtMs: number): void {
  watched.counts.ended(verdict);
  watched.lastStartMs = startedAtMs;
}
