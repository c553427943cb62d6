// Owns the series of one target of the agent: gauges of its last journey, counters and histograms over all of them, written down once
// after each journey, so that a scrape only joins texts. Never shares a series with another target.
import type { MetricSample } from '../contract/probe.ts';
import type { Journey, Verdict } from '../model/journey.ts';
import { catalogue, type Family } from './catalogue.ts';
import { labelPairs, line } from './exposition.ts';
import { GrowingHistogram } from './histogram.ts';
import { hopLabels, journeySamples } from './journey-samples.ts';
import { labelValue, labelValues } from './labels.ts';
import { BUCKETS, placed, zonesOf } from './prometheus.ts';

/** Series of one family and target; what is beyond is counted in `journey_series_dropped`. */
const MOST_SERIES = 1000;
/** A counter that no journey of so many has added to is let go: an address that is gone. */
const IDLE_RUNS = 20;
const DROPPED = 'journey_series_dropped';

interface Grown<T> {
  readonly value: T;
  /** Number of the journey that added to it last. */
  run: number;
}

export class TargetSeries {
  #common: string;
  #runs = 0;
  readonly #counters = new Map<string, Map<string, Grown<{ sum: number }>>>();
  readonly #histograms = new Map<string, Grown<GrowingHistogram>>();
  /** By family, as a scrape gets it. */
  #texts: ReadonlyMap<string, string> = new Map();
  readonly #ended = new Map<Verdict, number>();
  readonly #missed = new Map<string, number>();
  /** Null where failed journeys are not repeated. */
  #confirming: { readonly attempts: number; readonly flaps: number } | null = null;

  /** @param labels beside `target`, of every series */
  constructor(target: string, labels: Readonly<Record<string, string>>) {
    this.#common = commonPairs(target, labels);
  }

  /** Other labels from the next journey on. */
  relabel(target: string, labels: Readonly<Record<string, string>>): void {
    this.#common = commonPairs(target, labels);
  }

  /** @throws Error for a family or labels that the catalogue does not know: a fault of the program */
  ended(journey: Journey, samples: readonly MetricSample[]): void {
    this.#count(this.#ended, journey.verdict);
    this.#write(journey, samples);
  }

  /** A journey that another repeats, which is told next: it adds to counters and histograms alone. @throws Error as `ended` */
  repeated(journey: Journey, samples: readonly MetricSample[]): void {
    this.#write(journey, samples);
  }

  /** How many journeys the last verdict took. @param isFlap the first failed, the last did not */
  confirmed(attempts: number, isFlap: boolean): void {
    this.#confirming = { attempts, flaps: (this.#confirming?.flaps ?? 0) + (isFlap ? 1 : 0) };
  }

  #write(journey: Journey, samples: readonly MetricSample[]): void {
    this.#runs++;
    const zones = zonesOf(journey);
    const all = [...journeySamples(journey), ...samples.map((sample) => placed(sample, zones))];
    const byFamily = Map.groupBy(all, ({ family }) => family);
    const stranger = [...byFamily.keys()].find((name) => !catalogue.some((family) => family.name === name));
    if (stranger !== undefined) throw new Error(`the metric family ${stranger} is not in the catalogue`);
    const texts = new Map<string, string>();
    let dropped = 0;
    for (const family of catalogue) {
      const of = (byFamily.get(family.name) ?? []).filter(({ value }) => Number.isFinite(value));
      const kept = of.slice(0, MOST_SERIES);
      dropped += of.length - kept.length;
      texts.set(family.name, this.#written(family, kept, journey, dropped));
    }
    this.#texts = texts;
  }

  /** A fault of ours ended the journey: what it would have told is not known, and not what the one before it told. */
  failed(startedAtMs: number): void {
    this.#count(this.#ended, 'unknown');
    const [verdict, started] = ['journey_verdict', 'journey_last_run_timestamp_seconds'];
    this.#texts = new Map([
      [verdict, line(verdict, this.#common, 3)],
      [started, line(started, this.#common, startedAtMs / 1000)],
    ]);
  }

  missed(reason: string, turns: number): void {
    this.#count(this.#missed, reason, turns);
  }

  /** Lines of a family of the journey's catalogue. */
  text(family: string): string {
    return this.#texts.get(family) ?? '';
  }

  runsText(): string {
    return this.#counts('journey_runs_total', 'verdict', this.#ended);
  }

  attemptsText(): string {
    return this.#confirming === null ? '' : line('journey_attempts', this.#common, this.#confirming.attempts);
  }

  flapsText(): string {
    return this.#confirming === null ? '' : line('journey_flaps_total', this.#common, this.#confirming.flaps);
  }

  missedText(): string {
    return this.#counts('journey_runs_missed_total', 'reason', this.#missed);
  }

  runs(): ReadonlyMap<Verdict, number> {
    return this.#ended;
  }

  missedTurns(): number {
    return [...this.#missed.values()].reduce((sum, turns) => sum + turns, 0);
  }

  #count<K>(counts: Map<K, number>, key: K, by = 1): void {
    counts.set(key, (counts.get(key) ?? 0) + by);
  }

  #counts(name: string, label: string, counts: ReadonlyMap<string, number>): string {
    return [...counts].map(([key, count]) => line(name, `${this.#common},${label}="${key}"`, count)).join('');
  }

  #written(family: Family, samples: readonly MetricSample[], journey: Journey, dropped: number): string {
    if (family.name === DROPPED) return line(DROPPED, this.#common, dropped);
    if (family.type === 'histogram') return this.#hops(family.name, journey);
    if (family.type === 'counter') return this.#grown(family, samples);
    return samples.map((sample) => line(family.name, this.#pairs(checked(family, sample)), sample.value)).join('');
  }

  #grown(family: Family, samples: readonly MetricSample[]): string {
    const series = this.#counters.get(family.name) ?? new Map<string, Grown<{ sum: number }>>();
    this.#counters.set(family.name, series);
    for (const sample of samples) {
      const pairs = labelPairs(checked(family, sample));
      const one = series.get(pairs) ?? { value: { sum: 0 }, run: 0 };
      if (!series.has(pairs) && series.size >= MOST_SERIES) continue;
      one.value.sum += sample.value;
      one.run = this.#runs;
      series.set(pairs, one);
    }
    this.#letGo(series);
    return [...series].map(([pairs, { value }]) => line(family.name, `${this.#common},${pairs}`, value.sum)).join('');
  }

  #hops(name: string, journey: Journey): string {
    for (const hop of journey.hops.slice(0, MOST_SERIES)) {
      const pairs = labelPairs(labelValues(hopLabels(hop)));
      const one = this.#histograms.get(pairs) ?? { value: new GrowingHistogram(BUCKETS), run: 0 };
      if (!this.#histograms.has(pairs) && this.#histograms.size >= MOST_SERIES) continue;
      for (const ms of hop.latencyMs?.samples ?? []) one.value.observe(ms / 1000);
      one.run = this.#runs;
      this.#histograms.set(pairs, one);
    }
    this.#letGo(this.#histograms);
    return [...this.#histograms].map(([pairs, { value }]) => value.lines(name, `${this.#common},${pairs}`)).join('');
  }

  #letGo<T>(series: Map<string, Grown<T>>): void {
    for (const [pairs, { run }] of series) if (this.#runs - run >= IDLE_RUNS) series.delete(pairs);
  }

  #pairs(labels: Readonly<Record<string, string>>): string {
    const own = labelPairs(labels);
    return own === '' ? this.#common : `${this.#common},${own}`;
  }
}

function commonPairs(target: string, labels: Readonly<Record<string, string>>): string {
  const given = Object.entries(labels).map(([name, value]) => [name, labelValue(value)] as const);
  return labelPairs({ target: labelValue(target), ...Object.fromEntries(given) });
}

/** In the catalogue's order, so that a series is the same whoever wrote it. */
function checked(family: Family, { labels }: MetricSample): Record<string, string> {
  const names = Object.keys(labels);
  if (names.length !== family.labels.length || names.some((name) => !family.labels.includes(name)))
    throw new Error(`labels of ${family.name} are ${family.labels.join(', ')}, not ${names.join(', ')}`);
  return Object.fromEntries(family.labels.map((name) => [name, labelValue(labels[name] ?? '')]));
}
