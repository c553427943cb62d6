// Owns the tests of assertions on one answer: a table of what holds and what does not, and that no answer and no pattern makes one throw or hang.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CallRecord } from '../../../src/contract/call.ts';
import { wireText } from '../../../src/model/text.ts';
import { now } from '../../../src/net/clock.ts';
import { answerOf } from '../answer.ts';
import { holdTo } from '../assertions.ts';
import { captureFrom } from '../captures.ts';
import { openCookies } from '../cookies.ts';
import { type AssertionSource, stepsOptions } from '../options.ts';
import { patternOf } from '../pattern.ts';

const span = (durationMs: number) => ({ startMs: 0, durationMs, clock: 'loop' as const });

function recordWith(body: string, headers: readonly (readonly [string, string])[] = []): CallRecord {
  const facts = { version: '2', status: 200, trailers: [], fieldsTruncated: false, bodyBytes: 1, truncated: false };
  const http = { ...facts, headers: headers.map(([name, value]) => [wireText(name), wireText(value)]) };
  const rest = {
    endpoint: null,
    startMs: 0,
    spans: {},
    tcp: null,
    tls: null,
    unverified: null,
    certificates: new Map(),
  };
  return { ...rest, http, body: Buffer.from(body), problem: null, reused: false, connection: null } as never;
}

async function holding(source: AssertionSource, body: string, headers: readonly (readonly [string, string])[] = []) {
  const answer = await answerOf(recordWith(body, headers));
  if (answer === null) throw new Error('no answer');
  const timed = { durationMs: 120, spans: [{ wait: span(10) }, { wait: span(100), connect: span(1) }] };
  return holdTo(source, { answer, timed, redirects: 1, asOfMs: 0, written: String });
}

const KEYS = '{"a":{"b":[1,2,{"c":"x"}]},"n":5,"s":"hello","null":null}';
const table: readonly (readonly [object, string | null])[] = [
  [{ status: 200 }, null],
  [{ status: '2xx' }, null],
  [{ status: ['404', '200-204'] }, null],
  [{ status: 201 }, '200'],
  [{ header: { name: 'X-A', equals: 'one' } }, null],
  [{ header: { name: 'x-a', contains: 'tw' } }, null],
  [{ header: { name: 'x-a', matches: '^o.e$' } }, null],
  [{ header: { name: 'x-a' } }, null],
  [{ header: { name: 'x-b' } }, 'nothing'],
  [{ header: { name: 'x-b', absent: true } }, null],
  [{ header: { name: 'x-a', absent: true } }, '"one"'],
  [{ header: { name: 'x-a', equals: 'three' } }, '"one", "two"'],
  [{ body: { contains: '"n":5' } }, null],
  [{ body: { lacks: 'error' } }, null],
  [{ body: { lacks: 'hello' } }, '"\\":\\"x\\"}]},\\"n\\":5,\\"s\\":\\"hello\\",\\"null\\":null}"'],
  [{ body: { matches: 'h(e)llo' } }, null],
  [{ json: { path: '$.n', equals: 5 } }, null],
  [{ json: { path: '$.n', equals: '5' } }, '5'],
  [{ json: { path: '$.a', equals: { b: [1, 2, { c: 'x' }] } } }, null],
  [{ json: { path: '$.a.b[*]', count: 3 } }, null],
  [{ json: { path: '$.a.b[*]', count: 2 } }, '3'],
  [{ json: { path: '$..c', matches: '^x$' } }, null],
  [{ json: { path: '$.null', equals: null } }, null],
  [{ json: { path: '$.gone', absent: true } }, null],
  [{ json: { path: '$.gone' } }, 'nothing'],
  [{ json: { path: '$.n', atLeast: 5, atMost: 5 } }, null],
  [{ json: { path: '$.n', atLeast: 6 } }, '5'],
  [{ json: { path: "$[?search(@, 'ell')]", count: 1 } }, null],
  [{ jsonSchema: { type: 'object', required: ['n'] } }, null],
  [{ jsonSchema: { type: 'object', properties: { n: { type: 'string' } } } }, '/n must be string'],
  [{ jsonSchema: { properties: { s: { pattern: '^(h+)+$' } } } }, '/s must match pattern "^(h+)+$"'],
  [{ jsonSchema: false }, 'the answer boolean schema is false'],
  [{ latency: { wait: '100ms' } }, null],
  [{ latency: { wait: '99ms' } }, '100 ms'],
  [{ latency: { total: '120ms' } }, null],
  [{ latency: { total: '1ms' } }, '120 ms'],
  [{ latency: { tls: '1ms' } }, null],
  [{ protocol: { http: '2' } }, null],
  [{ protocol: { tls: '1.2' } }, 'no TLS'],
  [{ certificate: { trusted: true } }, 'no TLS'],
  [{ redirects: 1 }, null],
  [{ redirects: 0 }, '1'],
];
test.for(table)('%j', async ([source, saw]) => {
  const { steps } = stepsOptions.parse({ steps: [{ name: 'a', assert: [source] }] });
  const held = await holding(steps[0]?.assert[0] ?? {}, KEYS, [
    ['X-A', 'one'],
    ['x-a', 'two'],
  ]);
  expect(held.length).toBeGreaterThan(0);
  expect(held.find((one) => one.saw !== null)?.saw ?? null).toBe(saw);
});

test('no pattern hangs on a long answer', () => {
  const began = now();
  expect(patternOf('^(a+)+$').found(`${'a'.repeat(50_000)}!`)).toBe(false);
  // Backtracking would take longer than the age of the universe.
  expect(now() - began).toBeLessThan(10_000);
});

const everything: AssertionSource =
  stepsOptions.parse({
    steps: [
      {
        name: 'a',
        assert: [
          {
            ...{ status: 200, header: { name: 'a', equals: 'b' }, body: { contains: 'x', matches: 'y' }, redirects: 0 },
            ...{
              json: { path: '$..a[?match(@.b, @.c)]', equals: 1 },
              jsonSchema: { type: 'object' },
              protocol: { tls: '1.3' },
            },
          },
        ],
      },
    ],
  }).steps[0]?.assert[0] ?? {};

test('whatever comes, assertions and captures end in words', async () => {
  const body = fc.oneof(
    fc.string(),
    fc.json({ maxDepth: 8 }),
    fc.constant('['.repeat(5_000)),
    fc.constant(`${'['.repeat(300_000)}1${']'.repeat(300_000)}`),
    fc.constant(`{"a":${'['.repeat(900)}1${']'.repeat(900)}}`),
  );
  const coding = fc.constantFrom('gzip', 'br', 'zstd', 'deflate', 'identity', '', ',,,', '__proto__');
  await fc.assert(
    fc.asyncProperty(body, coding, fc.string(), async (text, codings, cookie) => {
      const headers = [
        ['content-encoding', codings],
        ['set-cookie', cookie],
      ] as const;
      const held = await holding(everything, text, headers);
      expect(held.every(({ says, saw }) => says !== '' && saw !== '')).toBe(true);
      const answer = await answerOf(recordWith(text, headers));
      const cookies = openCookies();
      cookies.take([wireText(cookie)], 'https://a.example/');
      for (const source of [{ json: '$..*' }, { regex: '(.)' }, { header: 'set-cookie' }, { cookie: 'a' }] as const)
        if (answer !== null) expect(captureFrom('x', source, answer, cookies, 'https://a.example/')).toBeTruthy();
    }),
    { numRuns: 150 },
  );
});

const mistakes: readonly (readonly [object, string])[] = [
  [{ name: 'a', assert: [{ body: { matches: '(' } }] }, 'not a regular expression of RE2'],
  [{ name: 'a', assert: [{ body: { matches: '(?=a)' } }] }, 'not a regular expression of RE2'],
  [{ name: 'a', assert: [{ json: { path: 'a.b' } }] }, 'not a JSONPath'],
  [{ name: 'a', assert: [{ jsonSchema: { type: 'thing' } }] }, 'not a JSON Schema'],
  [{ name: 'a', assert: [{ latency: { wait: 'fast' } }] }, 'not a duration'],
  [{ name: 'a', assert: [{ status: '6xx' }] }, 'write a status as 200, 2xx or 200-204'],
  [{ name: 'a', assert: [{}] }, 'an assertion says what is to hold'],
  [{ name: 'a', capture: { x: { json: '$', header: 'a' } } }, 'give one of json, header, regex, cookie'],
  [{ name: 'a', body: 'x', json: {} }, 'give one of body, json, form'],
  [{ name: 'a', url: '/{{gone}}' }, 'no step before captures'],
  [{ name: 'a', json: { deep: ['{{gone}}'] } }, 'no step before captures'],
];
test.for(mistakes)('%j is refused', ([step, words]) => {
  expect(() => stepsOptions.parse({ steps: [step] })).toThrow(words);
});
