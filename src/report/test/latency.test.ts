// The rows of the latency tables: which phase gets a column, which percentile may be told, what failed how often.
import { describe, expect, test } from 'vitest';
import type { Journey } from '../../model/journey.ts';
import type { Hop } from '../../model/latency.ts';
import type { Endpoint } from '../../model/target.ts';
import type { HopId } from '../../model/trace.ts';
import { htmlReporter } from '../html.ts';
import {
  clockNote,
  cutNotes,
  highestOf,
  latencyRows,
  lossNote,
  paceNote,
  phasesOf,
  sampleNote,
  summariesOf,
} from '../latency.ts';
import { overviewTable, percentileRows, percentileTitles } from '../latency-tables.ts';
import { markdownReporter } from '../markdown.ts';
import { textReporter } from '../text.ts';
import { journeyOf, summaryOf } from './fixture.ts';
import { emptyJourney } from './hostile.ts';

const demo = journeyOf();
const [endpoint] = demo.endpoints as [Endpoint, ...Endpoint[]];

function hop(id: HopId, changes: Partial<Hop> = {}): Hop {
  return {
    id,
    endpoint: endpoint.id,
    zone: endpoint.zone,
    attempts: 4,
    failures: 0,
    errors: {},
    clock: 'loop',
    latencyMs: summaryOf([10, 20, 30, 40]),
    ...changes,
  };
}

/** A journey with one endpoint and these hops. */
const journeyWith = (...hops: readonly Hop[]): Journey => ({ ...demo, endpoints: [endpoint], hops, findings: [] });
const rowsOf = (...hops: readonly Hop[]) => latencyRows(journeyWith(...hops));
const samples = (count: number) => summaryOf(Array.from({ length: count }, (_, index) => index + 1));

test.each<[string, readonly Hop[], string | null]>([
  ['nothing failed', [hop('connect'), hop('total')], null],
  [
    'one way to fail',
    [hop('connect', { failures: 3, errors: { 'connect-timeout': 3 } })],
    '3/4 failed: connect-timeout',
  ],
  [
    'two ways, the more frequent first',
    [hop('connect', { attempts: 20, failures: 5, errors: { refused: 1, 'connect-timeout': 4 } })],
    '5/20 failed: connect-timeout 4, refused 1',
  ],
  [
    'in two phases, of those that began',
    [
      hop('connect', { attempts: 20, failures: 2, errors: { reset: 2 } }),
      hop('wait', { attempts: 18, failures: 3, errors: { reset: 1, 'wait-timeout': 2 } }),
    ],
    '5/20 failed: reset 3, wait-timeout 2',
  ],
  [
    'the total repeats what the phases said',
    [hop('connect', { failures: 2, errors: { refused: 2 } }), hop('total', { failures: 2, errors: { refused: 2 } })],
    '2/4 failed: refused',
  ],
  ['the total alone says it', [hop('total', { failures: 1, errors: { closed: 1 } })], '1/4 failed: closed'],
  ['without a reason', [hop('total', { failures: 1 })], '1/4 failed'],
  [
    'only the four most frequent reasons',
    [
      hop('connect', {
        attempts: 15,
        failures: 15,
        errors: { refused: 1, reset: 2, closed: 3, 'connect-timeout': 4, unreachable: 5 },
      }),
    ],
    '15/15 failed: unreachable 5, connect-timeout 4, closed 3, reset 2',
  ],
])('failures: %s', (_, hops, failure) => {
  expect(rowsOf(...hops).map((row) => row.failure)).toEqual([failure]);
});

const cutHops = (cut: Partial<Hop>): readonly Hop[] => [
  hop('wait', { attempts: 25, failures: 15, errors: { cancelled: 13, 'wait-timeout': 2 }, cutAfterMs: 2_411 }),
  hop('total', { attempts: 25, failures: 15, errors: { cancelled: 13, 'wait-timeout': 2 }, cutAfterMs: 2_412, ...cut }),
];

describe('requests that were under way when the ride was stopped', () => {
  test.each<[string, readonly Hop[], string | null]>([
    [
      'beside others',
      cutHops({}),
      '13 of 25 requests were still unanswered when the ride was stopped (after up to 2.4 s): percentiles are of the others',
    ],
    [
      'and nothing else',
      [hop('total', { attempts: 1, failures: 1, errors: { cancelled: 1 }, cutAfterMs: 4_000, latencyMs: null })],
      '1 of 1 requests was still unanswered when the ride was stopped (after up to 4.0 s)',
    ],
    ['none', [hop('total', { failures: 1, errors: { reset: 1 } })], null],
  ])('%s', (_, hops, note) => {
    const rows = rowsOf(...hops);
    expect(rows.map(({ cut }) => cut)).toEqual([note]);
    expect(cutNotes(rows)).toEqual(note === null ? [] : [`kms-az1 127.0.10.1: ${note}`]);
  });

  test('are not among those that failed', () => {
    expect(rowsOf(...cutHops({})).map(({ failure }) => failure)).toEqual(['2/25 failed: wait-timeout']);
    expect(rowsOf(hop('total', { failures: 4, errors: { cancelled: 4 } })).map(({ failure }) => failure)).toEqual([
      null,
    ]);
    const [row] = percentileRows(journeyWith(...cutHops({})));
    expect(row?.slice(1, 4)).toEqual(['wait', '25', '2, 13 cut']);
  });

  test.each([textReporter, markdownReporter, htmlReporter])('are told by the report as $id', (reporter) => {
    const view = { columns: 200, colour: false, verbose: false };
    const hops = [
      hop('resolve', { endpoint: null, zone: null, failures: 2, errors: { cancelled: 2 } }),
      ...cutHops({}),
    ];
    const report = reporter.render(journeyWith(...hops), [], view) as string;
    expect(report.replaceAll('\\', '')).toContain('13 of 25 requests were still unanswered');
    expect(report).not.toMatch(/2\/4 failed|cancelled/);
  });
});

test('each endpoint is a row in the order of the journey, marked by the worst of its findings', () => {
  expect(latencyRows(demo).map((row) => [row.address, row.severity, Object.keys(row.hops).length])).toEqual([
    ['127.0.10.1', 'warning', 6],
    ['127.0.20.1', 'warning', 6],
    ['127.0.30.1', 'critical', 6],
  ]);
  const [row] = latencyRows({ ...demo, endpoints: [endpoint, { ...endpoint, id: endpoint.id, port: 1 }] });
  expect(row?.address).toBe(endpoint.id);
});

test.each<[string, readonly Hop[], readonly HopId[]]>([
  ['all but a quick send', demo.hops, ['connect', 'tls', 'wait', 'receive', 'total']],
  ['a slow send too', [hop('send', { latencyMs: summaryOf([2]) }), hop('total')], ['send', 'total']],
  ['a phase without a sample has none', [hop('connect', { latencyMs: null }), hop('total')], ['total']],
  ['lookups have a line of their own', [hop('resolve', { endpoint: null })], []],
])('phases with a column: %s', (_, hops, phases) => {
  expect(phasesOf(latencyRows({ ...demo, hops }))).toEqual(phases);
});

describe('the highest percentile told', () => {
  test.each([
    ['no sample', [], 'max'],
    ['one', [samples(1)], 'max'],
    ['too few', [samples(367)], 'max'],
    ['enough', [samples(368)], 'p99'],
    ['enough at one endpoint only', [samples(400), samples(20)], 'max'],
    ['enough at both', [samples(400), samples(500)], 'p99'],
  ] as const)('%s: %s', (_, summaries, expected) => {
    expect(highestOf(summaries)).toBe(expected);
  });

  test.each([
    [
      'one count',
      [hop('total', { latencyMs: samples(20) })],
      'n=20 per endpoint: p99 needs 368 samples, so max is shown',
    ],
    ['enough', [hop('total', { latencyMs: samples(400) })], null],
    ['none', [hop('total', { latencyMs: null })], null],
  ])('note for %s', (_, hops, note) => {
    expect(sampleNote(rowsOf(...hops))).toBe(note);
  });

  test('the note tells the range of counts', () => {
    expect(sampleNote(latencyRows(demo))).toMatch(/^n=17–20 per endpoint/);
  });
});

test.each<[string, readonly Hop[], string | null]>([
  ['nothing timed', [hop('connect', { latencyMs: null })], null],
  ['by the kernel', [hop('connect', { clock: 'kernel' })], 'clock: kernel'],
  ['by this process', [hop('connect'), hop('total')], "clock: this process' event loop"],
  [
    'by both',
    [hop('connect', { clock: 'kernel' }), hop('tls'), hop('total')],
    'clock: kernel for connect, event loop for the rest',
  ],
  [
    'with the uncertainty of the worst of stamped sockets',
    [hop('connect', { clock: 'kernel', uncertaintyMs: 0.05 }), hop('wait', { clock: 'kernel', uncertaintyMs: 2 })],
    'clock: kernel (±2.0 ms at worst)',
  ],
  [
    'one phase by both',
    [hop('connect', { clock: 'kernel' }), hop('connect', { endpoint: null }), hop('tls')],
    'clock: kernel for connect, event loop for connect, tls',
  ],
])('clock: %s', (_, hops, note) => {
  expect(clockNote(hops)).toBe(note);
});

describe('the overview', () => {
  test('has a column for each phase and one for the highest that is known', () => {
    const { titles, rows } = overviewTable(demo);
    expect(titles.slice(0, 3)).toEqual(['zone', 'address', 'connect p50']);
    expect(titles.slice(-2)).toEqual(['total max', 'failed']);
    for (const row of rows) expect(row).toHaveLength(titles.length);
    expect(rows.map((row) => row.at(-1))).toEqual(['', '', '3/20 failed: connect-timeout']);
  });

  test('an endpoint that never answered has dashes, not zeros', () => {
    const dead = (['connect', 'total'] as const).map((id) =>
      hop(id, { latencyMs: null, failures: 4, errors: { refused: 4 } }),
    );
    const live = { ...endpoint, id: demo.endpoints[1]?.id ?? endpoint.id };
    const alive = (['connect', 'total'] as const).map((id) => hop(id, { endpoint: live.id, zone: null }));
    const { rows } = overviewTable({
      ...demo,
      endpoints: [endpoint, { ...live, zone: null }],
      hops: [...dead, ...alive],
      findings: [],
    });
    expect(rows).toEqual([
      ['kms-az1', '127.0.10.1', '–', '–', '–', '4/4 failed: refused'],
      // Four samples bound no median.
      ['–', '127.0.10.1', '–', '–', '40.0 ms', ''],
    ]);
  });

  test('no endpoint, no row', () => {
    expect(overviewTable(emptyJourney()).rows).toEqual([]);
  });
});

describe('every percentile', () => {
  const cell = (row: readonly string[] | undefined, title: (typeof percentileTitles)[number]) =>
    row?.[percentileTitles.indexOf(title)];

  test.each([
    [5, '–', '–', '–', '–', '–'],
    [6, '3.0 ms', '–', '–', '–', '–'],
    [35, '18.0 ms', '–', '–', '–', '–'],
    [36, '18.0 ms', '33.0 ms', '–', '–', '–'],
    [71, '36.0 ms', '64.0 ms', '–', '–', '–'],
    [72, '36.0 ms', '65.0 ms', '69.0 ms', '–', '–'],
    [367, '184 ms', '331 ms', '349 ms', '–', '–'],
    [400, '200 ms', '360 ms', '380 ms', '396 ms', '390 ms – 400 ms'],
  ])('of %i samples: p50 %s, p90 %s, p95 %s, p99 %s in %s', (count, p50, p90, p95, p99, interval) => {
    const [row] = percentileRows(journeyWith(hop('total', { latencyMs: samples(count) })));
    expect(row).toHaveLength(percentileTitles.length);
    const titles = ['p50', 'p90', 'p95', 'p99', 'p99 lies in'] as const;
    expect(titles.map((title) => cell(row, title))).toEqual([p50, p90, p95, p99, interval]);
    expect(cell(row, 'max')).not.toBe('–');
  });

  test('the clock, how far it may be off, and what was sent again', () => {
    const told = (change: object) => percentileRows(journeyWith(hop('connect', change)))[0]?.slice(-3);
    expect(told({ clock: 'kernel', uncertaintyMs: 0.05 })).toEqual(['kernel', '0.05 ms', '0']);
    expect(told({ clock: 'loop', retransmits: 2 })).toEqual(['loop', '–', '2']);
  });

  test('lost SYNs are named, and told from other segments', () => {
    expect(lossNote([hop('connect'), hop('total')])).toBeNull();
    expect(
      lossNote([hop('connect', { retransmits: 2 }), hop('wait', { retransmits: 1 }), hop('total', { retransmits: 3 })]),
    ).toBe('2 SYNs lost: each made its connect 1 s or more longer; 1 segment sent again after it');
  });

  test('what was left out of the schedule, or late, is said', () => {
    expect(paceNote([hop('resolve'), hop('total')])).toBeNull();
    expect(
      paceNote([
        hop('resolve', { skipped: 1 }),
        hop('total', { skipped: 3, startedLateMs: 250 }),
        hop('total', { skipped: 2 }),
      ]),
    ).toBe(
      '5 samples and 1 lookup left out, too many were unanswered: count them as slower than the slowest; samples began up to 250 ms late: this machine was busy',
    );
  });

  test('the lookup is said to stand for all, and a hop without samples has dashes', () => {
    const [lookup, dead] = percentileRows(
      journeyWith(hop('resolve', { endpoint: null, zone: null }), hop('connect', { latencyMs: null, failures: 4 })),
    );
    expect(lookup?.slice(0, 4)).toEqual(['all', 'resolve', '4', '0']);
    expect(dead).toEqual(['kms-az1 127.0.10.1', 'connect', '4', '4', ...Array.from({ length: 11 }, () => '–')]);
  });

  test('rows of a phase are those that have samples', () => {
    expect(summariesOf(rowsOf(hop('tls', { latencyMs: null }), hop('total')), 'tls')).toEqual([]);
    expect(summariesOf(rowsOf(hop('total')), 'total')).toHaveLength(1);
  });
});
