// Owns the series of targets that are probed by modules: what each family holds of the last probe, numbers alone for each target, names and
// labels once for all whose probes tell the same. Written as text only when somebody scrapes.
import { labelPairs, line } from './exposition.ts';
import { labelValue } from './labels.ts';
import { type Held, Shapes } from './shapes.ts';

/** One family of a probe. */
export interface Sampled {
  readonly name: string;
  readonly help: string;
  readonly series: readonly {
    readonly labels: readonly (readonly [name: string, value: string])[];
    readonly value: number;
  }[];
}

/** Series of one target; what is beyond is left out: a server may send labels without end. */
const MOST_SERIES = 1000;

/** What the probes of many targets have in common: which series, in the order of their families. */
interface Shape {
  /** Of each series. */
  readonly families: readonly string[];
  /** Labels of each series beside the target's own. */
  readonly pairs: readonly string[];
  /** Begin and end of a family's series. */
  readonly spans: ReadonlyMap<string, readonly [from: number, to: number]>;
}

/** Every shape that a target has, and the help of their families. */
export class ProbeShapes {
  readonly #shapes = new Shapes<Shape>();
  /** By family; a family keeps the help that it came with first. */
  readonly #helps = new Map<string, string>();

  take(families: readonly Sampled[], taken: ReadonlySet<string>): Held<Shape> {
    const [names, pairs]: [string[], string[]] = [[], []];
    for (const { name, help, series } of families) {
      if (!this.#helps.has(name)) this.#helps.set(name, help);
      for (const { labels } of series) {
        if (names.length >= MOST_SERIES) break;
        names.push(name);
        pairs.push(labels.length === 0 ? '' : pairsOf(labels, taken));
      }
    }
    const key = names.map((name, at) => `${name}{${pairs[at] ?? ''}`).join('\n');
    return this.#shapes.take(key, () => ({ families: names, pairs, spans: spansOf(names) }));
  }

  letGo(held: Held<Shape> | null): void {
    this.#shapes.letGo(held);
  }

  /** Families that a target has now, by name. */
  families(): readonly { readonly name: string; readonly help: string }[] {
    const names = new Set(this.#shapes.all().flatMap(({ spans }) => spans.keys()));
    return [...names].toSorted().map((name) => ({ name, help: this.#helps.get(name) ?? '' }));
  }
}

export class ProbeSeries {
  readonly #shapes: ProbeShapes;
  #common: string;
  #taken: ReadonlySet<string>;
  #held: Held<Shape> | null = null;
  #values: Float64Array = EMPTY;

  /** @param labels of every series, the target's name among them */
  constructor(shapes: ProbeShapes, labels: Readonly<Record<string, string>>) {
    this.#shapes = shapes;
    [this.#common, this.#taken] = commonOf(labels);
  }

  get common(): string {
    return this.#common;
  }

  /** What the series told before stays till the next probe. */
  relabel(labels: Readonly<Record<string, string>>): void {
    [this.#common, this.#taken] = commonOf(labels);
  }

  /** @param families in the order of their names */
  ended(families: readonly Sampled[]): void {
    if (!this.#fits(families)) {
      this.clear();
      this.#held = this.#shapes.take(families, this.#taken);
      this.#values = new Float64Array(this.#held.shape.families.length);
    }
    let at = 0;
    for (const { series } of families)
      for (const { value } of series) {
        if (at >= this.#values.length) return;
        this.#values[at++] = value;
      }
  }

  /** Tells nothing from now on. */
  clear(): void {
    this.#shapes.letGo(this.#held);
    this.#held = null;
    this.#values = EMPTY;
  }

  /** Lines of a family. */
  text(family: string): string {
    const shape = this.#held?.shape;
    const span = shape?.spans.get(family);
    if (shape === undefined || span === undefined) return '';
    let text = '';
    for (let at = span[0]; at < span[1]; at++) {
      const pairs = shape.pairs[at] ?? '';
      text += line(family, pairs === '' ? this.#common : `${this.#common},${pairs}`, this.#values[at] ?? Number.NaN);
    }
    return text;
  }

  /** Whether the probe told the series that the one before it did: then only numbers are new. */
  #fits(families: readonly Sampled[]): boolean {
    const shape = this.#held?.shape;
    if (shape === undefined) return false;
    let at = 0;
    for (const { name, series } of families)
      for (const { labels } of series) {
        if (shape.families[at] !== name) return at >= MOST_SERIES;
        if (shape.pairs[at] !== (labels.length === 0 ? '' : pairsOf(labels, this.#taken))) return false;
        at++;
      }
    return at === shape.families.length;
  }
}

const EMPTY = new Float64Array(0);

function commonOf(labels: Readonly<Record<string, string>>): [string, ReadonlySet<string>] {
  const values = Object.entries(labels).map(([name, value]) => [name, labelValue(value)] as const);
  return [labelPairs(Object.fromEntries(values)), new Set(Object.keys(labels))];
}

/** Where a server's label has the name of one of the target's, it goes under another, as Prometheus itself does it (honor_labels). */
function pairsOf(labels: readonly (readonly [string, string])[], taken: ReadonlySet<string>): string {
  return labelPairs(
    Object.fromEntries(
      labels.map(([name, value]) => [taken.has(name) ? `exported_${name}` : name, labelValue(value)] as const),
    ),
  );
}

function spansOf(names: readonly string[]): ReadonlyMap<string, readonly [number, number]> {
  const spans = new Map<string, readonly [number, number]>();
  for (const [at, name] of names.entries()) spans.set(name, [spans.get(name)?.[0] ?? at, at + 1]);
  return spans;
}
