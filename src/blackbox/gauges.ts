// Owns the gauges of one probe: families by name, each with its series, and their exposition. Everything blackbox_exporter returns is a gauge.
// Written here and not by prom-client: a registry of its own for each probe costs more than many a probe.

export interface Series {
  readonly labels: readonly (readonly [name: string, value: string])[];
  value: number;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly series: Map<string, Told>;
}

/** Seconds since a moment of `performance.now()`, to the nanosecond, as Go has them. */
export function secondsSince(startMs: number): number {
  return Math.round((performance.now() - startMs) * 1e6) / 1e9;
}

/** One series. */
export interface Gauge {
  set(value: number): void;
  add(value: number): void;
  /** @param value null: it is not known, which the exporter tells by `quirk`, and who mends its quirks not at all */
  setOr(value: number | null, quirk: number): void;
}

class Told implements Series, Gauge {
  readonly labels: Series['labels'];
  readonly #quirks: boolean;
  value = 0;
  /** Nothing was said of it yet. */
  #isUnset = true;

  constructor(labels: Series['labels'], quirks: boolean) {
    this.labels = labels;
    this.#quirks = quirks;
  }

  get isThere(): boolean {
    return this.#quirks || !this.#isUnset;
  }

  set(value: number): void {
    this.value = value;
    this.#isUnset = false;
  }

  add(value: number): void {
    this.set(this.value + value);
  }

  setOr(value: number | null, quirk: number): void {
    if (value !== null || this.#quirks) this.set(value ?? quirk);
  }
}

export type Labels = Readonly<Record<string, string>>;

export class Gauges {
  readonly #families = new Map<string, Family>();
  readonly #quirks: boolean;

  /** @param quirks false: what was registered and never set is absent, where the exporter has it as 0 */
  constructor(quirks = true) {
    this.#quirks = quirks;
  }

  /** Registers a gauge without labels: with quirks it is there, and 0, from then on. Again: the same one. */
  gauge(name: string, help: string): Gauge {
    return this.#series(this.#family(name, help), NO_LABELS);
  }

  /** One series of a family with labels; without a series the family is not printed. */
  labelled(name: string, help: string, labels: Labels): Gauge {
    return this.#series(this.#family(name, help), labels);
  }

  /** Lets a family go, whatever it said. */
  drop(name: string): void {
    this.#families.delete(name);
  }

  /** Value of a series, null where it is not there. */
  value(name: string, labels: Labels = NO_LABELS): number | null {
    const series = this.#families.get(name)?.series.get(keyOf(labels));
    return series?.isThere === true ? series.value : null;
  }

  /** Families in the order of their names, as a registry of client_golang gathers them. */
  families(): readonly { readonly name: string; readonly help: string; readonly series: readonly Series[] }[] {
    return [...this.#families.values()]
      .map(({ name, help, series }) => ({ name, help, series: inOrder(series) }))
      .filter(({ series }) => series.length > 0)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  #family(name: string, help: string): Family {
    const known = this.#families.get(name);
    if (known !== undefined) return known;
    const family: Family = { name, help, series: new Map() };
    this.#families.set(name, family);
    return family;
  }

  #series(family: Family, labels: Labels): Told {
    const key = keyOf(labels);
    const known = family.series.get(key);
    if (known !== undefined) return known;
    const series = new Told(pairsOf(labels), this.#quirks);
    family.series.set(key, series);
    return series;
  }
}

const NO_LABELS: Labels = {};

function pairsOf(labels: Labels): Series['labels'] {
  const pairs = Object.entries(labels);
  return pairs.length < 2 ? pairs : pairs.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function keyOf(labels: Labels): string {
  let key = '';
  for (const [name, value] of pairsOf(labels)) key += `${name}\0${value}\0`;
  return key;
}

function inOrder(series: ReadonlyMap<string, Told>): readonly Series[] {
  const there = [...series].filter(([, one]) => one.isThere);
  return (there.length < 2 ? there : there.toSorted(([a], [b]) => (a < b ? -1 : 1))).map(([, one]) => one);
}

/** `text`: version 0.0.4 of the text format; `openmetrics`: 1.0.0. */
export type Exposition = 'text' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<Exposition, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
};

export function expose(gauges: Gauges, exposition: Exposition): string {
  let text = '';
  for (const { name, help, series } of gauges.families()) {
    text += headOf(name, help, exposition);
    for (const { labels, value } of series) {
      text += name;
      for (const [at, [label, words]] of labels.entries())
        text += `${at === 0 ? '{' : ','}${label}="${labelText(words)}"`;
      text += `${labels.length === 0 ? '' : '}'} ${exposition === 'text' ? goFloat(value) : openFloat(value)}\n`;
    }
  }
  return exposition === 'openmetrics' ? `${text}# EOF\n` : text;
}

/** More than there are families; kept, because each probe has the same. */
const MOST_HEADS = 500;
const heads = { text: new Map<string, string>(), openmetrics: new Map<string, string>() };

function headOf(name: string, help: string, exposition: Exposition): string {
  // A family that no probe came to has no help: it must not stay so for the others.
  const key = `${name}\n${help}`;
  const known = heads[exposition].get(key);
  if (known !== undefined) return known;
  const head = `# HELP ${name} ${helpText(help, exposition)}\n# TYPE ${name} gauge\n`;
  if (heads[exposition].size < MOST_HEADS) heads[exposition].set(key, head);
  return head;
}

function helpText(help: string, exposition: Exposition): string {
  const plain = help.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
  return exposition === 'text' ? plain : plain.replaceAll('"', String.raw`\"`);
}

function labelText(value: string): string {
  if (!/[\\\n"]/.test(value)) return value;
  return value.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`).replaceAll('"', String.raw`\"`);
}

/** As strconv.FormatFloat(v, 'g', -1, 64) writes it: an exponent below -4 and from 6 on, of two digits at least. */
export function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  // Here both languages write the same: the shortest digits that read back, and no exponent.
  if (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6) return String(value);
  const [digits = '0', power = '0'] = Math.abs(value).toExponential().split('e');
  const exponent = Number(power);
  const sign = value < 0 ? '-' : '';
  if (exponent < -4 || exponent >= 6)
    return `${sign}${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  const figures = digits.replace('.', '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${figures}`;
  const rest = figures.slice(exponent + 1);
  return `${sign}${figures.slice(0, exponent + 1).padEnd(exponent + 1, '0')}${rest === '' ? '' : `.${rest}`}`;
}

/** OpenMetrics wants a point in every number (expfmt, writeOpenMetricsFloat). */
function openFloat(value: number): string {
  const text = goFloat(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
