// Owns the tests of what is kept of an answer's fields: its bound, its order, and what answers share.
import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { type Fields, openFieldStore } from '../fields.ts';

type Sent = readonly (readonly [string, string])[];

/** As undici gives the fields of HTTP/1.1. */
const raw = (sent: Sent): readonly Buffer[] => sent.flat().map((word) => Buffer.from(word, 'latin1'));
const lengths = (fields: Fields): readonly number[] =>
  fields.map(([name, value]) => (name as unknown as string).length + (value as unknown as string).length);
/** As `X-1`, `X-2`: each of `size` characters with its name. */
const many = (count: number, size: number): Sent =>
  Array.from({ length: count }, (_, at) => [`x-${at}`, 'v'.repeat(size - `x-${at}`.length)] as const);

const bounds: readonly (readonly [string, Sent, readonly number[], boolean])[] = [
  ['nothing', [], [], false],
  ['fields of every day', many(20, 100), Array(20).fill(100), false],
  ['as much as is kept', many(8, 1_024), Array(8).fill(1_024), false],
  ['one field more', many(9, 1_024), Array(8).fill(1_024), true],
  ['a long value, cut', [['x', 'v'.repeat(5_000)]], [1 + 4_096 + 1], false],
  ['a long name, cut', [['n'.repeat(300), 'v']], [256 + 1 + 1], false],
  ['a field that does not fit, and a later one that does', [...many(3, 4_000), ['hsts', 'x']], [4_000, 4_000, 5], true],
  ['56 KiB', many(56, 1_024), Array(8).fill(1_024), true],
];

describe('what is kept of', () => {
  test.each(bounds)('%s', (_, sent, kept, truncated) => {
    const reader = openFieldStore().open();
    expect(lengths(reader.read(raw(sent)))).toEqual(kept);
    expect(reader.truncated).toBe(truncated);
  });

  test.each(bounds)('%s, over HTTP/2', (_, sent, kept, truncated) => {
    const reader = openFieldStore().open();
    expect(lengths(reader.read({ ':status': '200', ...Object.fromEntries(sent) }))).toEqual(kept);
    expect(reader.truncated).toBe(truncated);
  });

  test('headers and trailers together', () => {
    const reader = openFieldStore().open();
    expect(reader.read(raw(many(8, 1_000)))).toHaveLength(8);
    expect(reader.truncated).toBe(false);
    expect(reader.read(raw(many(8, 1_000)))).toHaveLength(0);
    expect(reader.truncated).toBe(true);
  });
});

test('the fields keep their order, their names as sent, and their bytes', () => {
  const sent = [
    ['B', '1'],
    ['a', '\xe9\xff'],
    ['B', '2'],
  ] as const;
  expect(openFieldStore().open().read(raw(sent))).toEqual(sent);
  expect(
    openFieldStore()
      .open()
      .read({ b: ['1', '2'], a: '\xe9\xff' }),
  ).toEqual([
    ['b', '1'],
    ['b', '2'],
    ['a', '\xe9\xff'],
  ]);
});

test('answers with the same fields share them, and those with one that differs share the others', () => {
  const store = openFieldStore();
  const sent = (id: string): Sent => [
    ['server', 'x'],
    ['id', id],
    ['via', 'y'],
  ];
  const read = (id: string): Fields => store.open().read(raw(sent(id)));
  const [first, again, other] = [read('1'), read('1'), read('2')];
  expect(again).toBe(first);
  expect([other[0] === first[0], other[1] === first[1], other[2] === first[2]]).toEqual([true, false, true]);
  expect(read('1')).toEqual(first);
});

test.each([
  ['HTTP/1.1', raw],
  ['HTTP/2', (sent: Sent) => Object.fromEntries(sent)],
] as const)('a server that never repeats itself costs what is kept, not what it sent: %s', (_, sentAs) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heapBytes = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const store = openFieldStore();
  const before = heapBytes();
  const kept = Array.from({ length: ANSWERS }, () => {
    const names = Array.from({ length: FIELDS }, () => randomBytes(NAME_BYTES / 2).toString('hex'));
    return store.open().read(sentAs(names.map((name) => [name, 'v'] as const)));
  });
  const growth = heapBytes() - before;
  expect(kept).toHaveLength(ANSWERS);
  expect(growth / ANSWERS).toBeLessThan((FIELDS * NAME_BYTES) / 4);
});
const ANSWERS = 200;
/** All are kept, cut; whoever keeps the rest of them keeps 180 KB of each answer. */
const FIELDS = 30;
const NAME_BYTES = 6_000;
