// Owns the series of one target of the agent: gauges of its last journey, counters, histograms and windows over all of them; numbers, until a scrape
// has them written. Never shares a series with another target.
import type { MetricSample } from '../contract/probe.ts';
import type { Journey } from '../model/journey.ts';
import { catalogue, type Family } from './catalogue.ts';
import { labelPairs, line } from './exposition.ts';
import { Totals } from './hop-totals.ts';
import { journeySamples } from './journey-samples.ts';
import { labelValue } from './labels.ts';
import { checkedValues, LastSamples, type SampleShape, type Told } from './last-samples.ts';
import { placed, zonesOf } from './prometheus.ts';
import { RunCounts } from './run-counts.ts';
import { Shapes } from './shapes.ts';

/** Series of one family and target; what is beyond is counted in `journey_series_dropped`. */
const MOST_SERIES = 1000;
const DROPPED = 'journey_series_dropped';
/** Made of all samples of the hops: the histogram, and the percentiles over a window. */
const OF_HOPS = ['journey_hop_duration_seconds', 'journey_hop_window_seconds'];
/** By name. */
const families = new Map(catalogue.map((family) => [family.name, family]));

/** What the targets of an agent have in common. */
export interface SeriesRoom {
  readonly shapes: Shapes<SampleShape>;
  /** Number of the slice of the window that is now. */
  readonly slice: () => number;
  /** False: the family is left out. */
  readonly keeps: (family: string) => boolean;
}

/** Of a target alone. */
const alone = (): SeriesRoom => ({ shapes: new Shapes(), slice: () => 0, keeps: () => true });

export class TargetSeries {
  readonly counts = new RunCounts();
  #common: string;
  readonly #room: SeriesRoom;
  readonly #last: LastSamples;
  readonly #totals = new Totals();
  /** Until the first journey, and after a fault: what adds up is not told then. */
  #isSilent = true;
  /** Of the last verdict; null where failed journeys are not repeated. */
  #attempts: number | null = null;

  /** @param labels beside `target`, of every series */
  constructor(target: string, labels: Readonly<Record<string, string>>, room: SeriesRoom = alone()) {
    this.#common = commonPairs(target, labels);
    this.#room = room;
    this.#last = new LastSamples(room.shapes);
  }

  /** Labels of every series. */
  get common(): string {
    return this.#common;
  }

  /** Other labels from now on. */
  relabel(target: string, labels: Readonly<Record<string, string>>): void {
    this.#common = commonPairs(target, labels);
  }

  /** Tells nothing any more: its target is gone. */
  close(): void {
    this.#last.clear();
  }

  /** @throws Error for a family or labels that the catalogue does not know: a fault of the program */
  ended(journey: Journey, samples: readonly MetricSample[]): void {
    this.counts.ended(journey.verdict);
    this.#write(journey, samples);
  }

  /** A journey that another repeats, which is told next: it adds to counters and histograms alone. @throws Error as `ended` */
  repeated(journey: Journey, samples: readonly MetricSample[]): void {
    this.#write(journey, samples);
  }

  /** How many journeys the last verdict took. @param isFlap the first failed, the last did not */
  confirmed(attempts: number, isFlap: boolean): void {
    this.#attempts = attempts;
    this.counts.confirmed(isFlap);
  }

  #write(journey: Journey, samples: readonly MetricSample[]): void {
    const zones = zonesOf(journey);
    const all = [...journeySamples(journey), ...samples.map((sample) => placed(sample, zones))];
    const byFamily = Map.groupBy(all, ({ family }) => family);
    const stranger = [...byFamily.keys()].find((name) => !families.has(name));
    if (stranger !== undefined) throw new Error(`the metric family ${stranger} is not in the catalogue`);
    const told: Told[] = [];
    let dropped = 0;
    this.#totals.begin();
    if (OF_HOPS.some((name) => this.#room.keeps(name))) this.#totals.observe(journey.hops, this.#room.slice());
    for (const family of catalogue) {
      if (!this.#room.keeps(family.name)) continue;
      const finite = (byFamily.get(family.name) ?? []).filter(({ value }) => Number.isFinite(value));
      const kept = finite.slice(0, MOST_SERIES);
      dropped += finite.length - kept.length;
      if (family.name === DROPPED) told.push({ family, samples: [{ family: DROPPED, labels: {}, value: dropped }] });
      else if (family.type === 'counter') this.#add(family, kept);
      else told.push({ family, samples: kept });
    }
    this.#totals.end();
    this.#last.set(told);
    this.#isSilent = false;
  }

  #add(family: Family, samples: readonly MetricSample[]): void {
    for (const { labels, value } of samples) {
      const values = checkedValues(family, labels);
      const pairs = family.labels.map((name, at) => `${name}="${values[at] ?? ''}"`).join(',');
      this.#totals.count(family.name, pairs, value);
    }
  }

  /** A fault of ours ended the journey: what it would have told is not known, and not what the one before it told. */
  failed(startedAtMs: number): void {
    this.counts.ended('unknown');
    const of = (name: string, value: number): Told[] => {
      const family = families.get(name);
      return family === undefined ? [] : [{ family, samples: [{ family: name, labels: {}, value }] }];
    };
    this.#last.set([...of('journey_verdict', 3), ...of('journey_last_run_timestamp_seconds', startedAtMs / 1000)]);
    this.#isSilent = true;
  }

  /** Lines of a family of the journey's catalogue. */
  text(name: string): string {
    const family = families.get(name);
    if (family === undefined) return '';
    if (family.type === 'gauge') return this.#last.text(family, this.#common);
    if (this.#isSilent || !this.#room.keeps(name)) return '';
    return family.type === 'histogram'
      ? this.#totals.histogramText(name, this.#common)
      : this.#totals.countersText(name, this.#common);
  }

  /** Lines of the percentiles over the window. */
  windowText(name: string): string {
    if (this.#isSilent || !this.#room.keeps(name)) return '';
    return this.#totals.windowText(name, this.#common, this.#room.slice());
  }

  attemptsText(): string {
    return this.#attempts === null ? '' : line('journey_attempts', this.#common, this.#attempts);
  }
}

function commonPairs(target: string, labels: Readonly<Record<string, string>>): string {
  const given = Object.entries(labels).map(([name, value]) => [name, labelValue(value)] as const);
  return labelPairs({ target: labelValue(target), ...Object.fromEntries(given) });
}
