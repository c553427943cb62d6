// Owns the gauges of a target's last journey: numbers and label values of its own, which series there are once for all targets whose journeys tell the
// same. Written as text only when somebody scrapes. Knows no family by name.
import type { MetricSample } from '../contract/probe.ts';
import type { Family } from './catalogue.ts';
import { escaped, numberText } from './exposition.ts';
import { labelValue } from './labels.ts';
import type { Held, Shapes } from './shapes.ts';

/** Label values of one target that are told apart. */
const MOST_VALUES = 65_000;

/** Which series a journey told: of each family its series, of each series the places of its label values in the target's own list. */
export interface SampleShape {
  readonly slots: Uint16Array;
  /** Of a family: its first series, its first slot, how many series. */
  readonly spans: ReadonlyMap<string, readonly [series: number, slot: number, count: number]>;
}

export interface Told {
  readonly family: Family;
  /** Their labels are those of the family. */
  readonly samples: readonly MetricSample[];
}

export class LastSamples {
  readonly #shapes: Shapes<SampleShape>;
  #held: Held<SampleShape> | null = null;
  /** Escaped. */
  #labels: readonly string[] = [];
  #values: Float64Array = NONE;

  constructor(shapes: Shapes<SampleShape>) {
    this.#shapes = shapes;
  }

  /** In place of what the journey before told. @throws Error for labels that are not the family's: a fault of the program */
  set(told: readonly Told[]): void {
    const places = new Map<string, number>();
    const [slots, values, spans]: [number[], number[], Map<string, readonly [number, number, number]>] = [
      [],
      [],
      new Map(),
    ];
    for (const { family, samples } of told) {
      if (samples.length === 0) continue;
      spans.set(family.name, [values.length, slots.length, samples.length]);
      for (const { labels, value } of samples) {
        const own = checkedValues(family, labels);
        for (const text of own) {
          const place = places.get(text) ?? Math.min(places.size, MOST_VALUES);
          if (place < MOST_VALUES) places.set(text, place);
          slots.push(place);
        }
        values.push(value);
      }
    }
    this.clear();
    this.#held = this.#shapes.take(keyOf(slots, spans), () => ({ slots: Uint16Array.from(slots), spans }));
    this.#labels = [...places.keys()];
    this.#values = Float64Array.from(values);
  }

  /** Tells nothing from now on. */
  clear(): void {
    this.#shapes.letGo(this.#held);
    [this.#held, this.#labels, this.#values] = [null, [], NONE];
  }

  /** Lines of a family. @param common labels of every series of the target */
  text(family: Family, common: string): string {
    const shape = this.#held?.shape;
    const span = shape?.spans.get(family.name);
    if (shape === undefined || span === undefined) return '';
    let [series, slot] = span;
    const begins = beginsOf(family);
    const head = `${family.name}{${common}`;
    let text = '';
    for (let left = span[2]; left > 0; left--) {
      text += head;
      for (const begin of begins) text += `${begin}${this.#labels[shape.slots[slot++] ?? 0] ?? ''}"`;
      text += `} ${numberText(this.#values[series++] ?? Number.NaN)}\n`;
    }
    return text;
  }
}

const NONE = new Float64Array(0);

/** Label values as they are written, in the catalogue's order, so that a series is the same whoever wrote it. @throws Error for other labels */
export function checkedValues(family: Family, labels: MetricSample['labels']): readonly string[] {
  const names = Object.keys(labels);
  if (names.length !== family.labels.length || names.some((name) => !family.labels.includes(name)))
    throw new Error(`labels of ${family.name} are ${family.labels.join(', ')}, not ${names.join(', ')}`);
  return family.labels.map((name) => escaped(labelValue(labels[name] ?? '')));
}

const begins = new WeakMap<Family, readonly string[]>();

/** `,endpoint="` of each label. */
export function beginsOf(family: Family): readonly string[] {
  const known = begins.get(family) ?? family.labels.map((name) => `,${name}="`);
  begins.set(family, known);
  return known;
}

function keyOf(slots: readonly number[], spans: SampleShape['spans']): string {
  const families = [...spans].map(([name, [, , count]]) => `${name} ${count}`).join();
  return `${families}\n${slots.join()}`;
}
