// Owns the gauges of one probe: families by name, each with its series, and their exposition. Everything blackbox_exporter returns is a gauge.
// Written here and not by prom-client: a registry of its own for each probe costs more than many a probe.

export interface Series {
  readonly labels: readonly (readonly [name: string, value: string])[];
  value: number;
}

interface Told extends Series {
  /** Nothing was said of it yet. */
  isUnset: boolean;
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
    return this.#gaugeOf(this.#series(this.#family(name, help), {}));
  }

  /** One series of a family with labels; without a series the family is not printed. */
  labelled(name: string, help: string, labels: Labels): Gauge {
    return this.#gaugeOf(this.#series(this.#family(name, help), labels));
  }

  #gaugeOf(series: Told): Gauge {
    const set = (value: number): void => {
      series.value = value;
      series.isUnset = false;
    };
    return {
      set,
      add: (value) => set(series.value + value),
      setOr: (value, quirk) => {
        if (value !== null || this.#quirks) set(value ?? quirk);
      },
    };
  }

  /** Lets a family go, whatever it said. */
  drop(name: string): void {
    this.#families.delete(name);
  }

  /** Value of a series, null where it is not there. */
  value(name: string, labels: Labels = {}): number | null {
    const series = this.#families.get(name)?.series.get(keyOf(labels));
    return series !== undefined && this.#isThere(series) ? series.value : null;
  }

  #isThere({ isUnset }: Told): boolean {
    return this.#quirks || !isUnset;
  }

  /** Families in the order of their names, as a registry of client_golang gathers them. */
  families(): readonly { readonly name: string; readonly help: string; readonly series: readonly Series[] }[] {
    return [...this.#families.values()]
      .map(({ name, help, series }) => ({
        name,
        help,
        series: [...series]
          .filter(([, one]) => this.#isThere(one))
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([, one]) => one),
      }))
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
    const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const series: Told = { labels: sorted, value: 0, isUnset: true };
    family.series.set(key, series);
    return series;
  }
}

function keyOf(labels: Labels): string {
  const names = Object.keys(labels);
  return names.length === 0 ? '' : JSON.stringify(names.toSorted().map((name) => [name, labels[name]]));
}

/** `text`: version 0.0.4 of the text format; `openmetrics`: 1.0.0. */
export type Exposition = 'text' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<Exposition, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
};

export function expose(gauges: Gauges, exposition: Exposition): string {
  const lines: string[] = [];
  for (const { name, help, series } of gauges.families()) {
    lines.push(`# HELP ${name} ${helpText(help, exposition)}`, `# TYPE ${name} gauge`);
    for (const { labels, value } of series) {
      const list = labels.map(([label, text]) => `${label}="${labelText(text)}"`).join(',');
      lines.push(
        `${name}${list === '' ? '' : `{${list}}`} ${exposition === 'text' ? goFloat(value) : openFloat(value)}`,
      );
    }
  }
  if (exposition === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

function helpText(help: string, exposition: Exposition): string {
  const plain = help.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
  return exposition === 'text' ? plain : plain.replaceAll('"', String.raw`\"`);
}

function labelText(value: string): string {
  return value.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`).replaceAll('"', String.raw`\"`);
}

/** As strconv.FormatFloat(v, 'g', -1, 64) writes it: an exponent below -4 and from 6 on, of two digits at least. */
export function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
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
