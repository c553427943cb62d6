// Holds the agent's own writer to prom-client's: after one journey both say the same; after several, counters are sums and gauges the last.
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { probes } from '../../../probes/index.ts';
import { samplesOf } from '../../cli/output.ts';
import type { MetricSample } from '../../contract/probe.ts';
import { readJourney } from '../../journey/read.ts';
import type { Journey } from '../../model/journey.ts';
import { quantile } from '../../stats/quantile.ts';
import { RELATIVE_ERROR, SLICES } from '../../stats/window-sketch.ts';
import { catalogue } from '../catalogue.ts';
import { exposition, type Format } from '../exposition.ts';
import type { SampleShape } from '../last-samples.ts';
import { renderPrometheus } from '../prometheus.ts';
import { Shapes } from '../shapes.ts';
import { TargetSeries } from '../target-series.ts';

const FILE = 'test/golden/old/0.2.0-demo.json';
let journey: Journey;
let samples: readonly MetricSample[];
beforeAll(async () => {
  journey = await readJourney(await readFile(FILE, 'utf8'), FILE, probes);
  samples = await samplesOf(journey, probes);
});

async function written(series: TargetSeries, format: Format = 'text'): Promise<string> {
  const families = catalogue.map((family) => ({ family, pieces: [series.text(family.name)] }));
  let text = '';
  for await (const part of exposition(families, format)) text += part;
  return text;
}

/** Lines with their labels in one order. */
function lines(text: string): readonly string[] {
  const sorted = text.split('\n').map((line) => {
    const [, name = '', labels = '', value = ''] = /^([a-z_]+)\{(.*)\} (\S+)$/.exec(line) ?? [];
    return name === ''
      ? line
      : `${name} ${(labels.match(/[a-z_]+="(?:[^"\\]|\\.)*"/g) ?? []).toSorted((a, b) => (a < b ? -1 : 1)).join()} ${value}`;
  });
  return [...new Set(sorted)].filter((line) => line !== '').toSorted((a, b) => (a < b ? -1 : 1));
}

test('after one journey it says what the report of that journey says', async () => {
  const series = new TargetSeries(journey.target.input, {});
  series.ended(journey, samples);
  expect(lines(await written(series))).toEqual(lines(await renderPrometheus(journey, samples)));
});

describe('over several journeys', () => {
  const hopOf = (text: string, family: string): number =>
    Number(new RegExp(`^${family}\\{[^}]*hop="connect"[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1]);

  test('counters and histograms add up, gauges are the last', async () => {
    const series = new TargetSeries('kms', { env: 'test' });
    series.ended(journey, samples);
    const once = await written(series);
    series.ended(journey, samples);
    series.ended({ ...journey, verdict: 'ok' }, samples);
    const text = await written(series);
    for (const family of ['journey_hop_attempts_total', 'journey_hop_duration_seconds_count'])
      expect(hopOf(text, family)).toBe(3 * hopOf(once, family));
    expect(hopOf(text, 'journey_hop_duration_seconds_sum')).toBeCloseTo(
      3 * hopOf(once, 'journey_hop_duration_seconds_sum'),
      9,
    );
    expect(text).toContain('\njourney_verdict{target="kms",env="test"} 0\n');
    expect(series.counts.runsText(series.common)).toBe(
      'journey_runs_total{target="kms",env="test",verdict="ok"} 1\njourney_runs_total{target="kms",env="test",verdict="critical"} 2\n',
    );
  });

  test('a fault leaves nothing of the journey before it but the counters to go on from', async () => {
    const series = new TargetSeries('kms', {});
    series.ended(journey, samples);
    const before = hopOf(await written(series), 'journey_hop_attempts_total');
    series.failed(1000);
    expect((await written(series)).split('\n').filter((line) => !line.startsWith('#'))).toEqual([
      'journey_verdict{target="kms"} 3',
      'journey_last_run_timestamp_seconds{target="kms"} 1',
      '',
    ]);
    series.ended(journey, samples);
    expect(hopOf(await written(series), 'journey_hop_attempts_total')).toBe(2 * before);
  });

  test('an address that 20 journeys have not met takes its series along', async () => {
    const series = new TargetSeries('kms', {});
    series.ended(journey, samples);
    const gone = journey.hops.find(({ endpoint }) => endpoint !== null)?.endpoint ?? '';
    const without = { ...journey, hops: journey.hops.filter(({ endpoint }) => endpoint !== gone) };
    const holds = async (): Promise<boolean> => (await written(series)).includes(`hop="connect",endpoint="${gone}"`);
    for (let run = 1; run < 20; run++) series.ended(without, []);
    expect(await holds()).toBe(true);
    series.ended(without, []);
    expect(await holds()).toBe(false);
  });
});

test('targets share what their journeys have in common, and leave nothing behind', async () => {
  const shapes = new Shapes<SampleShape>();
  const room = { shapes, slice: () => 0, keeps: () => true };
  const [a, b] = ['a', 'b'].map((name) => new TargetSeries(name, {}, room)) as [TargetSeries, TargetSeries];
  a.ended(journey, samples);
  b.ended(journey, samples);
  expect(shapes.size).toBe(1);
  expect((await written(b)).replaceAll('target="b"', 'target="a"')).toBe(await written(a));
  a.failed(0);
  expect(shapes.size).toBe(2);
  for (const one of [a, b]) one.close();
  expect(shapes.size).toBe(0);
  expect(b.text('journey_verdict')).toBe('');
});

test('the percentiles of a window are those of its journeys, within the bound, and end with it', () => {
  let slice = 100;
  const series = new TargetSeries('a', {}, { shapes: new Shapes(), slice: () => slice, keeps: () => true });
  const hop = journey.hops.find(({ id, latencyMs }) => id === 'total' && latencyMs !== null);
  const exact =
    quantile(
      (hop?.latencyMs?.samples ?? []).toSorted((a, b) => a - b),
      0.5,
    ) / 1000;
  const told = (): string => series.windowText('journey_hop_window_seconds');
  const value = (percentile: number): number =>
    Number(
      new RegExp(`^.*hop="total",endpoint="${hop?.endpoint ?? ''}",.*percentile="${percentile}"\\} (\\S+)$`, 'm').exec(
        told(),
      )?.[1],
    );
  for (let run = 0; run < 8; run++) series.ended(journey, samples);
  expect(Math.abs(value(50) / exact - 1)).toBeLessThanOrEqual(RELATIVE_ERROR);
  // 80 samples do not bound it.
  expect(told()).not.toContain('percentile="99"');
  slice += 1 + SLICES;
  expect(told()).toBe('');
});

test('a family that is left out is nowhere', async () => {
  const keeps = (family: string): boolean => !family.startsWith('journey_hop_');
  const series = new TargetSeries('a', {}, { shapes: new Shapes(), slice: () => 0, keeps });
  for (let run = 0; run < 8; run++) series.ended(journey, samples);
  const text = (await written(series)) + series.windowText('journey_hop_window_seconds');
  expect(text).not.toContain('journey_hop_');
  expect(text).toContain('journey_verdict{');
});

test.each([
  ['journey_hop_duration_seconds', 'journey_hop_window_seconds'],
  ['journey_hop_window_seconds', 'journey_hop_duration_seconds'],
])('%s is left out, and %s is not for that', async (left, stays) => {
  const keeps = (family: string): boolean => family !== left;
  const series = new TargetSeries('a', {}, { shapes: new Shapes(), slice: () => 0, keeps });
  for (let run = 0; run < 8; run++) series.ended(journey, samples);
  const text = (await written(series)) + series.windowText('journey_hop_window_seconds');
  expect(text).not.toMatch(new RegExp(`^${left}`, 'm'));
  expect(text).toMatch(new RegExp(`^${stays}(_sum)?\\{`, 'm'));
});

test('OpenMetrics has its names for counters, and an end', async () => {
  const series = new TargetSeries('a\n"b"\\', {});
  series.ended(journey, samples);
  const text = await written(series, 'openmetrics');
  expect(text).toContain('\n# TYPE journey_hop_attempts counter\njourney_hop_attempts_total{target="');
  expect(text.endsWith('\n# EOF\n')).toBe(true);
  // No line but whole ones: a control character is spelled out, a quote escaped.
  for (const line of text.split('\n')) expect(line).toMatch(/^(# .*|[a-z_]+\{([a-z_]+="([^"\\]|\\.)*",?)+\} \S+)?$/);
});
