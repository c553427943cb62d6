// Owns the gauges of one probe: families by name, each with its series, and their exposition. Everything blackbox_exporter returns is a gauge.
// Written here and not by prom-client: a registry of its own for each probe costs more than many a probe.

export interface Series {
  readonly labels: readonly (readonly [name: string, value: string])[];
  value: number;
}

/** What is said of a family in every probe. */
interface Described {
  readonly name: string;
  readonly help: string;
  /** Its first lines by exposition: made when they are first printed. */
  readonly heads: { text: string | null; openmetrics: string | null };
}

interface Family {
  readonly described: Described;
  /** The series without labels, which is all that most families have. */
  plain: Told | null;
  /** Null until there is one. */
  labelled: Map<string, Told> | null;
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
  readonly #labels: Labels;
  readonly #quirks: boolean;
  value = 0;
  /** With quirks from the begin, else when something was said of it. */
  isThere: boolean;

  constructor(labels: Labels, quirks: boolean) {
    this.#labels = labels;
    this.#quirks = quirks;
    this.isThere = quirks;
  }

  get labels(): Series['labels'] {
    return namesOf(this.#labels).map((name) => [name, this.#labels[name] ?? '']);
  }

  /** As they stand behind the name. */
  get labelsText(): string {
    let text = '';
    for (const name of namesOf(this.#labels))
      text += `${text === '' ? '{' : ','}${name}="${labelText(this.#labels[name] ?? '')}"`;
    return text === '' ? '' : `${text}}`;
  }

  set(value: number): void {
    this.value = value;
    this.isThere = true;
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
    return this.#plainOf(this.#family(name, help));
  }

  /** One series of a family with labels; without a series the family is not printed. */
  labelled(name: string, help: string, labels: Labels): Gauge {
    const family = this.#family(name, help);
    const key = keyOf(labels);
    if (key === '') return this.#plainOf(family);
    family.labelled ??= new Map();
    const known = family.labelled.get(key);
    if (known !== undefined) return known;
    const series = new Told(labels, this.#quirks);
    family.labelled.set(key, series);
    return series;
  }

  /** Lets a family go, whatever it said. */
  drop(name: string): void {
    this.#families.delete(name);
  }

  /** Value of a series, null where it is not there. */
  value(name: string, labels: Labels = NO_LABELS): number | null {
    const family = this.#families.get(name);
    const key = keyOf(labels);
    const series = key === '' ? family?.plain : family?.labelled?.get(key);
    return series?.isThere === true ? series.value : null;
  }

  /** Families in the order of their names, as a registry of client_golang gathers them. */
  families(): readonly { readonly name: string; readonly help: string; readonly series: readonly Series[] }[] {
    return this.#inOrder()
      .map((family) => ({ name: family.described.name, help: family.described.help, series: seriesOf(family) }))
      .filter(({ series }) => series.length > 0);
  }

  exposed(exposition: Exposition): string {
    const valueText = exposition === 'text' ? goFloat : openFloat;
    let text = '';
    for (const family of this.#inOrder()) {
      const series = seriesOf(family);
      if (series.length > 0) text += headOf(family.described, exposition);
      for (const one of series) text += `${family.described.name}${one.labelsText} ${valueText(one.value)}\n`;
    }
    return exposition === 'openmetrics' ? `${text}# EOF\n` : text;
  }

  #inOrder(): readonly Family[] {
    return [...this.#families.values()].toSorted((a, b) => (a.described.name < b.described.name ? -1 : 1));
  }

  #family(name: string, help: string): Family {
    const known = this.#families.get(name);
    if (known !== undefined) return known;
    const family: Family = { described: describedBy(name, help), plain: null, labelled: null };
    this.#families.set(name, family);
    return family;
  }

  #plainOf(family: Family): Told {
    family.plain ??= new Told(NO_LABELS, this.#quirks);
    return family.plain;
  }
}

const NO_LABELS: Labels = {};

function namesOf(labels: Labels): readonly string[] {
  const names = Object.keys(labels);
  // Most are written in order.
  return names.every((name, at) => at === 0 || (names[at - 1] ?? '') < name) ? names : names.toSorted();
}

function keyOf(labels: Labels): string {
  let key = '';
  for (const name of namesOf(labels)) key += `${name}\0${labels[name]}\0`;
  return key;
}

/** Those that are there, in the order of their labels: one without any is the first. */
function seriesOf({ plain, labelled }: Family): readonly Told[] {
  const first = plain?.isThere === true ? [plain] : [];
  if (labelled === null) return first;
  const others = [...labelled].filter(([, one]) => one.isThere);
  const sorted = others.length < 2 ? others : others.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [...first, ...sorted.map(([, one]) => one)];
}

/** `text`: version 0.0.4 of the text format; `openmetrics`: 1.0.0. */
export type Exposition = 'text' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<Exposition, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
};

export function expose(gauges: Gauges, exposition: Exposition): string {
  return gauges.exposed(exposition);
}

/** More than there are families; kept, because each probe has the same. */
const MOST_DESCRIBED = 500;
const allDescribed = new Map<string, Described>();

function describedBy(name: string, help: string): Described {
  const known = allDescribed.get(name);
  if (known?.help === help) return known;
  const described: Described = { name, help, heads: { text: null, openmetrics: null } };
  // A family that no probe came to has no help: it must not stay so for the others, nor take theirs.
  if (help !== '' && allDescribed.size < MOST_DESCRIBED) allDescribed.set(name, described);
  return described;
}

function headOf({ name, help, heads }: Described, exposition: Exposition): string {
  heads[exposition] ??= `# HELP ${name} ${helpText(help, exposition)}\n# TYPE ${name} gauge\n`;
  return heads[exposition];
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
  const scientific = Math.abs(value).toExponential();
  const end = scientific.indexOf('e');
  const [digits, exponent] = [scientific.slice(0, end), Number(scientific.slice(end + 1))];
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
