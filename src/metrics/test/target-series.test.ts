// Holds the agent's own writer to prom-client's: after one journey both say the same; after several, counters are sums and gauges the last.
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { probes } from '../../../probes/index.ts';
import { samplesOf } from '../../cli/output.ts';
import type { MetricSample } from '../../contract/probe.ts';
import { readJourney } from '../../journey/read.ts';
import type { Journey } from '../../model/journey.ts';
import { catalogue } from '../catalogue.ts';
import { exposition, type Format } from '../exposition.ts';
import { renderPrometheus } from '../prometheus.ts';
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
    expect(series.runsText()).toBe(
      'journey_runs_total{target="kms",env="test",verdict="critical"} 2\njourney_runs_total{target="kms",env="test",verdict="ok"} 1\n',
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

test('OpenMetrics has its names for counters, and an end', async () => {
  const series = new TargetSeries('a\n"b"\\', {});
  series.ended(journey, samples);
  const text = await written(series, 'openmetrics');
  expect(text).toContain('\n# TYPE journey_hop_attempts counter\njourney_hop_attempts_total{target="');
  expect(text.endsWith('\n# EOF\n')).toBe(true);
  // No line but whole ones: a control character is spelled out, a quote escaped.
  for (const line of text.split('\n')) expect(line).toMatch(/^(# .*|[a-z_]+\{([a-z_]+="([^"\\]|\\.)*",?)+\} \S+)?$/);
});
