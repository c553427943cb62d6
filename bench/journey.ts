// Owns the wall time of a journey against its critical path, and the memory of a long one.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Journey } from '../src/model/journey.ts';
import { type Line, median, peakMiB, time } from './measure.ts';
import type { Place } from './place.ts';

const SAMPLES = 20;
const RATE = 10;
const RUNS = 3;

/** A ride of the demo's world: the journey's own duration, and the whole process with its start and its report. */
export async function* wallTime({ probe, demo, rideArgs }: Place): AsyncGenerator<Line> {
  const ride = ['-n', `${SAMPLES}`, '--rate', `${RATE}`, '--format', 'json', '--fail-on', 'never'];
  const runs: { readonly journey: Journey; readonly wallMs: number }[] = [];
  for (let run = 0; run < RUNS; run++) {
    const { stdout, wallMs } = await time([...probe, ...rideArgs(demo), ...ride]);
    runs.push({ journey: JSON.parse(stdout) as Journey, wallMs });
  }
  const theirs = median(runs.map(({ journey }) => criticalPathMs(journey)));
  const against = 'critical path';
  const allowed = (1.2 * theirs + 150).toFixed(0);
  const target = `1.2x + 150 ms = ${allowed} ms`;
  const journeyMs = median(runs.map(({ journey }) => journey.durationMs));
  yield { name: 'journey, 3 endpoints x 20', ours: journeyMs, theirs, unit: 'ms', against, target };
  const wallMs = median(runs.map((run) => run.wallMs));
  yield { name: 'the same, whole process', ours: wallMs, theirs, unit: 'ms', against, target };
}

/** First lookup, then the last sample of the slowest endpoint when it is due: what no program can do without. */
function criticalPathMs({ hops }: Journey): number {
  const lookup = hops.find(({ id }) => id === 'resolve')?.latencyMs?.samples[0] ?? 0;
  const slowest = Math.max(...hops.filter(({ id }) => id === 'total').map(({ latencyMs }) => latencyMs?.max ?? 0));
  return lookup + ((SAMPLES - 1) / RATE) * 1000 + slowest;
}

const LONG_SAMPLES = 1000;

/** Peak resident memory of 1000 samples to each of three endpoints, against that of Node doing nothing. */
export async function* memory({ bin, folder, healthy, rideArgs }: Place): AsyncGenerator<Line> {
  const theirs = await peakMiB(['-e', '0'], join(folder, 'nothing'));
  const long = ['-n', `${LONG_SAMPLES}`, '--rate', '100', '--fail-on', 'never', '--output', join(folder, 'long.json')];
  const ours = await peakMiB([bin, ...rideArgs(healthy), ...long, '--format', 'json'], join(folder, 'long'));
  const { hops } = JSON.parse(await readFile(join(folder, 'long.json'), 'utf8')) as Journey;
  const totals = hops.filter(({ id }) => id === 'total');
  const [taken, failed] = [totals.map(({ attempts }) => attempts), totals.map(({ failures }) => failures)].map(
    (counts) => counts.reduce((sum, count) => sum + count, 0),
  );
  const name = `peak memory, ${taken ?? 0} samples (${failed ?? 0} failed)`;
  yield { name, ours, theirs, unit: 'MiB', against: 'node -e 0', target: '150 MB (143 MiB)' };
}
