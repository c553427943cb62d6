// Holds the series of probes by modules to what the probes told: shared names, own numbers, nothing left of who has gone.
import { expect, test } from 'vitest';
import { ProbeSeries, ProbeShapes, type Sampled } from '../probe-series.ts';

type Row = readonly [name: string, labels: Readonly<Record<string, string>>, value: number];

const told = (...rows: readonly Row[]): readonly Sampled[] =>
  [...Map.groupBy(rows, ([name]) => name)].map(([name, of]) => ({
    ...{ name, help: `help of ${name}` },
    series: of.map(([, labels, value]) => ({ labels: Object.entries(labels), value })),
  }));

test('each target has its own numbers and labels, and families are there as long as a target tells them', () => {
  const shapes = new ProbeShapes();
  const [a, b] = ['a', 'b'].map((target) => new ProbeSeries(shapes, { target, module: 'm' })) as [
    ProbeSeries,
    ProbeSeries,
  ];
  a.ended(
    told(['probe_phase', { phase: 'tls' }, 1], ['probe_phase', { phase: 'connect' }, 2], ['probe_success', {}, 1]),
  );
  b.ended(
    told(['probe_phase', { phase: 'tls' }, 3], ['probe_phase', { phase: 'connect' }, 4], ['probe_success', {}, 0]),
  );
  expect(a.text('probe_phase')).toBe(
    'probe_phase{target="a",module="m",phase="tls"} 1\nprobe_phase{target="a",module="m",phase="connect"} 2\n',
  );
  expect(b.text('probe_success')).toBe('probe_success{target="b",module="m"} 0\n');
  expect(shapes.families()).toEqual(
    ['probe_phase', 'probe_success'].map((name) => ({ name, help: `help of ${name}` })),
  );
  a.ended(told(['probe_success', {}, 0]));
  expect([a.text('probe_phase'), a.text('probe_success')]).toEqual(['', 'probe_success{target="a",module="m"} 0\n']);
  expect(shapes.families()).toHaveLength(2);
  b.clear();
  expect([b.text('probe_success'), shapes.families().map(({ name }) => name)]).toEqual(['', ['probe_success']]);
  a.clear();
  expect(shapes.families()).toEqual([]);
});

test.each<[string, readonly Row[], readonly Row[], string]>([
  [
    'a series more',
    [['f', { a: '1' }, 1]],
    [
      ['f', { a: '1' }, 1],
      ['f', { a: '2' }, 2],
    ],
    'f{target="t",a="1"} 1\nf{target="t",a="2"} 2\n',
  ],
  [
    'a series less',
    [
      ['f', { a: '1' }, 1],
      ['f', { a: '2' }, 2],
    ],
    [['f', { a: '1' }, 3]],
    'f{target="t",a="1"} 3\n',
  ],
  ['another label', [['f', { a: '1' }, 1]], [['f', { a: '2' }, 1]], 'f{target="t",a="2"} 1\n'],
  ['another family', [['e', {}, 1]], [['f', {}, 1]], 'f{target="t"} 1\n'],
  ['nothing', [['f', {}, 1]], [], ''],
])('a probe that tells %s than the one before it is told as it is', (_, before, after, text) => {
  const series = new ProbeSeries(new ProbeShapes(), { target: 't' });
  series.ended(told(...before));
  series.ended(told(...after));
  expect(series.text('f')).toBe(text);
});

test('what a server says is escaped, bounded, and takes no name of a target’s label', () => {
  const series = new ProbeSeries(new ProbeShapes(), { target: 't', env: 'x"y' });
  series.ended(told(['f', { env: 'a"\n\\', long: 'w'.repeat(5000) }, Number.NaN]));
  const text = series.text('f');
  expect(text).toContain(String.raw`f{target="t",env="x\"y",exported_env="a\"`);
  expect(text.length).toBeLessThan(400);
  expect(text.split('\n')).toHaveLength(2);
  const many = Array.from({ length: 1500 }, (_, at): Row => ['g', { at: String(at) }, at]);
  for (let turn = 0; turn < 2; turn++) series.ended(told(...many));
  expect(series.text('g').split('\n')).toHaveLength(1001);
});
