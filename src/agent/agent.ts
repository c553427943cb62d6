// Owns the targets while the agent runs: their schedule, what each told last, counters since it began. Serves no page and reads no file.
import { GrowingHistogram } from '../metrics/histogram.ts';
import { TargetSeries } from '../metrics/target-series.ts';
import type { Finding } from '../model/finding.ts';
import type { Journey } from '../model/journey.ts';
import type { Endpoint } from '../model/target.ts';
import { isFlap, rideConfirmed, tellRides } from './confirming.ts';
import { type KeptJourneys, keepJourneys } from './kept-journeys.ts';
import type { AgentLog } from './log/agent-log.ts';
import { type Recent, remembered } from './recent.ts';
import { RecentRuns } from './recent-runs.ts';
import type { Ridden, RidingRoom, Told } from './riding.ts';
import { faultOf, RunTelling } from './run-telling.ts';
import { type Clock, Schedule } from './schedule.ts';
import { type SeriesPolicy, SharedSeries } from './shared-series.ts';

export interface AgentConfig {
  readonly targets: readonly Ridden[];
  readonly concurrency: number;
  /** Journeys that are kept, and as many failures again. */
  readonly history: number;
  readonly metrics: SeriesPolicy;
}

export interface AgentRoom extends RidingRoom {
  readonly clock: Clock;
  readonly log: Pick<AgentLog, 'info' | 'warn' | 'error'>;
}

/** Seconds. */
const LAG_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What is known of a target. */
export interface Followed {
  readonly name: string;
  target: Ridden;
  readonly series: TargetSeries;
  readonly recent: RecentRuns;
  latest: Recent | null;
  /** Journeys that were not ok, the latest last. */
  failures: readonly Recent[];
  /** What the status page draws of the last journey; its evidence is in the kept one. */
  last: {
    readonly endpoints: readonly Pick<Endpoint, 'id' | 'zone'>[];
    readonly findings: readonly Pick<Finding, 'severity' | 'endpoint' | 'zone'>[];
  };
  /** Words of the fault that ended the last run; null when none did. */
  fault: string | null;
}

export class Agent {
  readonly kept: KeptJourneys = keepJourneys(0);
  readonly lag = new GrowingHistogram(LAG_BUCKETS);
  /** Of all series. */
  readonly shared: SharedSeries;
  readonly #room: AgentRoom;
  readonly #telling: RunTelling;
  readonly #schedule: Schedule<Ridden>;
  readonly #followed = new Map<string, Followed>();
  #faults = 0;

  constructor(room: AgentRoom) {
    this.#room = room;
    this.shared = new SharedSeries(() => room.clock.nowMs());
    this.#telling = new RunTelling(room.log, {
      ended: 'a fault of this program ended a journey',
      notRun: 'target not ridden',
    });
    this.#schedule = new Schedule({
      clock: room.clock,
      run: (target, signal, onAnswer) => this.#run(target, signal, onAnswer),
      onLag: (ms) => this.lag.observe(ms / 1000),
      onMissed: ({ name }, reason, turns) => {
        this.#followed.get(name)?.series.counts.missed(reason, turns);
        this.#telling.missed({ target: name }, reason, turns);
      },
    });
  }

  /** Counters of targets that stay are kept; those that go take their series along. */
  set({ targets, concurrency, history, metrics }: AgentConfig): void {
    this.shared.set(metrics);
    const names = new Set(targets.map(({ name }) => name));
    for (const [name, { series }] of this.#followed) {
      if (names.has(name)) continue;
      series.close();
      this.#followed.delete(name);
    }
    for (const target of targets) this.#follow(target);
    this.kept.bound(history);
    this.kept.forget((name) => names.has(name));
    this.#schedule.set(targets, concurrency);
  }

  followed(): MapIterator<Followed> {
    return this.#followed.values();
  }

  target(name: string): Ridden | undefined {
    return this.#followed.get(name)?.target;
  }

  state(): ReturnType<Schedule<Ridden>['state']> & { readonly targets: number; readonly faults: number } {
    return { targets: this.#followed.size, ...this.#schedule.state(), faults: this.#faults };
  }

  /** Journeys under way may end within the bound, ms; then they are stopped. */
  close(boundMs: number): Promise<void> {
    return this.#schedule.close(boundMs);
  }

  #follow(target: Ridden): void {
    const { name, labels } = target;
    const known = this.#followed.get(name);
    if (known !== undefined) {
      known.target = target;
      known.series.relabel(name, labels);
      return;
    }
    const series = new TargetSeries(name, labels, this.shared);
    const none = { latest: null, failures: [], last: { endpoints: [], findings: [] }, fault: null };
    this.#followed.set(name, { ...{ name, target, series, recent: new RecentRuns() }, ...none });
  }

  async #run(target: Ridden, signal: AbortSignal, onAnswer: () => void): Promise<void> {
    const startedAtMs = this.#room.wallClockMs();
    try {
      const rides = await rideConfirmed(target, this.#room, signal, onAnswer);
      const followed = this.#followed.get(target.name);
      // Stopped, or taken out of the config meanwhile: what was seen by then is no news.
      if (signal.aborted || followed === undefined) return;
      tellRides(followed.series, rides, target);
      for (const { journey } of rides) await this.kept.add(target.name, journey);
      followed.fault = null;
      this.#tellRides(followed, rides);
      for (const { journey } of rides) remember(followed, journey);
    } catch (error) {
      this.#failed(target, startedAtMs, error);
    }
  }

  #failed({ name }: Ridden, startedAtMs: number, error: unknown): void {
    const fault = faultOf(error);
    this.#faults += fault.isOurs ? 1 : 0;
    const followed = this.#followed.get(name);
    if (followed === undefined) return;
    followed.series.failed(startedAtMs);
    this.#telling.fault({ target: name }, followed.fault, fault);
    followed.fault = fault.words;
  }

  #tellRides({ name, latest }: Followed, rides: readonly [...Told[], Told]): void {
    const [first, last] = [rides[0].journey, (rides.at(-1) ?? rides[0]).journey];
    this.#telling.verdict({ target: name }, latest?.verdict ?? null, last.verdict, () => {
      const found = last.findings.filter(({ severity }) => severity !== 'notice').map(({ id }) => id);
      return { findings: [...new Set(found)], journey: last.id };
    });
    if (!isFlap(rides)) return;
    this.#telling.flap({ target: name, verdict: first.verdict, repeated: last.verdict, journey: first.id });
  }
}

function remember(followed: Followed, journey: Journey): void {
  const { latest, failures } = remembered(followed, journey);
  followed.latest = latest;
  followed.failures = failures;
  followed.recent.add(latest.verdict, latest.slowestMs);
  followed.last = {
    endpoints: journey.endpoints.map(({ id, zone }) => ({ id, zone })),
    findings: journey.findings.map(({ severity, endpoint, zone }) => ({ severity, endpoint, zone })),
  };
}
