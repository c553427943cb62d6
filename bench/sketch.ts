// `node bench/sketch.ts [SKETCHES]`: what sketches of latencies over a sliding window cost, 10,000 targets with 5 hops and 3 zones: bytes, time, error.
// Ours against packages, where they are there: npm i --no-save hdr-histogram-js @datadog/sketches-js tdigest. A window is 6 slices and the one
// that grows; packages have no windows, and get a sketch a slice.
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { addWindow, EMPTY, emptyCounts, quantileOf, SLICES, withSamples } from '../src/stats/window-sketch.ts';

interface Sketch {
  add(slice: number, seconds: readonly number[]): void;
  quantiles(slice: number, qs: readonly number[]): readonly number[];
}

interface Candidate {
  readonly name: string;
  /** Null: the package is not there. */
  readonly make: (() => Sketch) | null;
}

const COUNT = Number(process.argv[2] ?? 150_000);
const QS = [0.5, 0.9, 0.99];
/** Journeys in a window of ten minutes, one a minute, and the samples of each. */
const [JOURNEYS, SAMPLES] = [11, 10];
const MIB = 1_048_576;

if (typeof globalThis.gc !== 'function') {
  console.error('bench: run it with node --expose-gc');
  process.exitCode = 1;
} else {
  console.log(`${COUNT} sketches, ${JOURNEYS} journeys of ${SAMPLES} samples each in the window`);
  for (const candidate of candidates()) {
    // What the one before left is gone before the next begins.
    await new Promise((resolve) => setTimeout(resolve, 200));
    console.log(lineOf(candidate));
  }
}

function candidates(): readonly Candidate[] {
  const require = createRequire(`${process.cwd()}/`);
  const load = (name: string): Record<string, never> | null => {
    try {
      return require(name) as Record<string, never>;
    } catch {
      return null;
    }
  };
  const [hdr, datadog, tdigest] = [load('hdr-histogram-js'), load('@datadog/sketches-js'), load('tdigest')];
  return [
    { name: 'window-sketch (ours)', make: ours },
    { name: 'hdr-histogram-js, 2 digits', make: hdr === null ? null : () => sliced(() => hdrOf(hdr)) },
    { name: '@datadog/sketches-js, 3 %', make: datadog === null ? null : () => sliced(() => datadogOf(datadog)) },
    { name: 'tdigest', make: tdigest === null ? null : () => sliced(() => tdigestOf(tdigest)) },
  ];
}

function lineOf({ name, make }: Candidate): string {
  if (make === null) return `${name.padEnd(28)} not installed`;
  // As many as fit; the rest is arithmetic.
  const count = name.includes('ours') ? COUNT : Math.min(COUNT, 3000);
  const random = uniform();
  const samples = Array.from({ length: JOURNEYS }, () => Array.from({ length: SAMPLES }, () => latency(random)));
  const before = resident();
  const startMs = performance.now();
  const sketches = Array.from({ length: count }, make);
  for (const [at, of] of samples.entries())
    for (const sketch of sketches) sketch.add(Math.floor((at * SLICES) / 10), of);
  const addUs = ((performance.now() - startMs) * 1000) / (count * JOURNEYS);
  const bytes = (resident() - before) / count;
  const readMs = performance.now();
  const told = sketches.map((sketch) => sketch.quantiles(SLICES, QS));
  const readUs = ((performance.now() - readMs) * 1000) / count;
  const sorted = samples.flat().toSorted((a, b) => a - b);
  const off = QS.map((q, at) => {
    const exact = sorted[Math.ceil(q * sorted.length) - 1] ?? Number.NaN;
    return `p${q * 100} ${(Math.abs((told[0]?.[at] ?? Number.NaN) / exact - 1) * 100).toFixed(1)} %`;
  });
  const whole = `${((bytes * COUNT) / MIB).toFixed(0)} MiB for all`;
  return `${name.padEnd(28)} ${bytes.toFixed(0).padStart(7)} B each, ${whole.padStart(16)}; a journey ${addUs.toFixed(1)} µs, quantiles ${readUs.toFixed(1)} µs; off by ${off.join(', ')}`;
}

function ours(): Sketch {
  let sketch = EMPTY;
  return {
    add(slice, seconds) {
      sketch = withSamples(sketch, slice, seconds);
    },
    quantiles(slice, qs) {
      const counts = emptyCounts();
      const all = addWindow(sketch, slice, counts);
      return qs.map((q) => quantileOf(counts, all, q));
    },
  };
}

/** What packages have in common. */
interface Part {
  add(seconds: number): void;
  merge(other: Part): void;
  quantile(q: number): number;
  readonly own: unknown;
}

function sliced(make: () => Part): Sketch {
  const parts = new Map<number, Part>();
  return {
    add(slice, seconds) {
      const part = parts.get(slice) ?? make();
      parts.set(slice, part);
      for (const one of seconds) part.add(one);
      for (const old of parts.keys()) if (slice - old > SLICES) parts.delete(old);
    },
    quantiles(_, qs) {
      const merged = make();
      for (const part of parts.values()) merged.merge(part);
      return qs.map((q) => merged.quantile(q));
    },
  };
}

/* The packages are not installed, and their types are not either. */
type Untyped = Record<string, (...args: readonly unknown[]) => never>;

function hdrOf(module: Record<string, never>): Part {
  const { build } = module as unknown as Untyped;
  // Microseconds.
  const own = build?.({
    numberOfSignificantValueDigits: 2,
    lowestDiscernibleValue: 10,
    highestTrackableValue: 90_000_000,
    autoResize: true,
    useWebAssembly: false,
  }) as unknown as Untyped;
  return {
    own,
    add: (seconds) => own['recordValue']?.(Math.round(seconds * 1e6)),
    merge: (other) => own['add']?.(other.own),
    quantile: (q) => (own['getValueAtPercentile']?.(q * 100) as unknown as number) / 1e6,
  };
}

function datadogOf(module: Record<string, never>): Part {
  const { DDSketch } = module as unknown as { readonly DDSketch: new (options: object) => Untyped };
  const own = new DDSketch({ relativeAccuracy: 0.03 });
  return {
    own,
    add: (seconds) => own['accept']?.(seconds),
    merge: (other) => own['merge']?.(other.own),
    quantile: (q) => own['getValueAtQuantile']?.(q) as unknown as number,
  };
}

function tdigestOf(module: Record<string, never>): Part {
  const { TDigest } = module as unknown as { readonly TDigest: new () => Untyped };
  const own = new TDigest();
  return {
    own,
    add: (seconds) => own['push']?.(seconds),
    merge: (other) => own['push_centroid']?.((other.own as Untyped)['toArray']?.()),
    quantile: (q) => own['percentile']?.(q) as unknown as number,
  };
}

/** About 20 ms with a tail. */
function latency(random: () => number): number {
  const tail = random() < 0.05 ? 5 * random() : 0;
  return 0.02 * (1 + 0.3 * random() + tail);
}

function uniform(): () => number {
  let pool = randomBytes(0);
  let at = 0;
  return () => {
    if (at >= pool.length) [pool, at] = [randomBytes(4096), 0];
    at += 4;
    return pool.readUInt32LE(at - 4) / 2 ** 32;
  };
}

function resident(): number {
  for (let turn = 0; turn < 3; turn++) globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
