// The text as a strict reader of the exposition format sees it: families, labels, escapes, bounds, and what is left out.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MetricSample } from '../../contract/probe.ts';
import { wireText } from '../../model/text.ts';
import { journeyOf } from '../../report/test/fixture.ts';
import { catalogue } from '../catalogue.ts';
import { renderPrometheus } from '../prometheus.ts';

interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SERIES = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?[0-9.e+-]+|\+Inf|NaN)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;

/** Reads the text format 0.0.4; throws at the first line that is not of it. */
function read(text: string): readonly Series[] {
  expect(text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const found = SERIES.exec(line);
      if (found === null) throw new Error(`not a series: ${line}`);
      return { name: found[1] ?? '', labels: readLabels(found[2] ?? ''), value: Number(found[3]) };
    });
}

function readLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const found = LABEL.exec(text);
    if (found === null) throw new Error(`not labels: ${text}`);
    const value = (found[2] ?? '').replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    labels[found[1] ?? ''] = value;
  }
  return labels;
}

const render = async (samples: readonly MetricSample[] = [], n = 20): Promise<readonly Series[]> =>
  read(await renderPrometheus(journeyOf(n), samples));

const rateLimit = (value: number): MetricSample => ({
  family: 'journey_access_rate_limit_remaining',
  labels: {},
  value,
});
const ttl = (name: string, value = 60): MetricSample => ({
  family: 'journey_dns_record_ttl_seconds',
  labels: { name: wireText(name), type: 'A' },
  value,
});

describe('a journey as Prometheus text', () => {
  test('every family has HELP and TYPE, stands once, and its series together', async () => {
    const text = await renderPrometheus(journeyOf(), [rateLimit(7)]);
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
    expect(new Set(types.map(([name]) => name)).size).toBe(types.length);
    expect(text.match(/^# HELP /gm)).toHaveLength(types.length);
    for (const [name, type] of types) expect(catalogue).toContainEqual(expect.objectContaining({ name, type }));
    let at = '';
    const order = read(text).map((one) => one.name.replace(/_(bucket|sum|count)$/, ''));
    for (const name of order) {
      if (name === at) continue;
      expect(order.indexOf(name), `${name} is in one block`).toBe(order.lastIndexOf(at) + 1);
      at = name;
    }
  });

  test('times are in seconds, and the histogram counts every sample', async () => {
    const journey = journeyOf();
    const series = await render();
    for (const hop of journey.hops.filter(({ latencyMs }) => latencyMs !== null)) {
      const of = (name: string, more: object = {}): number | undefined =>
        series.find(
          (one) =>
            one.name === name &&
            Object.entries({ hop: hop.id, endpoint: hop.endpoint ?? '', ...more }).every(
              ([k, v]) => one.labels[k] === v,
            ),
        )?.value;
      const samples = hop.latencyMs?.samples ?? [];
      expect(of('journey_hop_duration_seconds_count')).toBe(samples.length);
      expect(of('journey_hop_duration_seconds_bucket', { le: '+Inf' })).toBe(samples.length);
      expect(of('journey_hop_duration_seconds_sum')).toBeCloseTo(samples.reduce((sum, ms) => sum + ms, 0) / 1000, 6);
      expect(of('journey_hop_quantile_seconds', { percentile: '50' })).toBeCloseTo((hop.latencyMs?.p50 ?? 0) / 1000, 9);
      expect(of('journey_hop_attempts_total')).toBe(hop.attempts);
    }
  });

  test.each([
    [20, 0],
    [400, 1],
  ])('with %d samples a p99 is given %d times or more', async (n, least) => {
    const p99 = (await render([], n)).filter(({ labels }) => labels['percentile'] === '99');
    if (least === 0) expect(p99).toEqual([]);
    else expect(p99.length).toBeGreaterThanOrEqual(least);
  });

  test('each finding stands with its id, severity and place', async () => {
    const journey = journeyOf();
    const found = (await render()).filter(({ name }) => name === 'journey_finding').map(({ labels }) => labels);
    const target = expect.any(String);
    for (const { id, severity, endpoint, zone } of journey.findings) {
      expect(found).toContainEqual({ target, id, severity, endpoint: endpoint ?? '', zone: zone ?? '' });
    }
  });
});

describe('labels', () => {
  test.each([
    ['kms.example', 'kms.example'],
    ['http://kms.example/', 'http://kms.example/'],
    ['https://kms.example/v1/keys?token=s3cret#x', 'https://kms.example/v1/keys'],
  ])('the target %s is labelled %s', async (input, label) => {
    const journey = journeyOf();
    const series = read(await renderPrometheus({ ...journey, target: { ...journey.target, input } }, []));
    expect(new Set(series.map(({ labels }) => labels['target']))).toEqual(new Set([label]));
  });

  test('whatever stands in them is read back as visible text of bounded length', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 400 }), async (name) => {
        const series = (await render([ttl(name)])).find((one) => one.name === 'journey_dns_record_ttl_seconds');
        expect(series?.value).toBe(60);
        expect(series?.labels['name']?.length).toBeLessThanOrEqual(201);
        expect(series?.labels['name']).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      }),
      { numRuns: 60 },
    );
  });

  test('a family or a label that the catalogue does not know is a fault of the program', async () => {
    const strange = { family: 'journey_moods', labels: {}, value: 1 };
    const wrong = { family: 'journey_dns_shift_seconds', labels: { sort: 'worst' }, value: 1 };
    await expect(render([strange])).rejects.toThrow('journey_moods is not in the catalogue');
    await expect(render([wrong])).rejects.toThrow('labels of journey_dns_shift_seconds are kind, not sort');
  });
});

describe('bounds', () => {
  test('a family has at most 1000 series; what is beyond is counted', async () => {
    const series = await render(Array.from({ length: 1200 }, (_, index) => ttl(`n${index}.example`)));
    expect(series.filter(({ name }) => name === 'journey_dns_record_ttl_seconds')).toHaveLength(1000);
    expect(series.find(({ name }) => name === 'journey_series_dropped')?.value).toBe(200);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d is no value', async (value) => {
    const series = await render([rateLimit(value)]);
    expect(series.some(({ name }) => name === 'journey_access_rate_limit_remaining')).toBe(false);
    expect(series.find(({ name }) => name === 'journey_series_dropped')?.value).toBe(1);
  });
});
