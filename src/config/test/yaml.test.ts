import { describe, expect, test } from 'vitest';
import { readYaml } from '../yaml.ts';

const TEXT = '# why\ndns:\n  nameServers: [a, b]\n  deep:\n    - one\n    - { two: 2 }\n"odd key": 1\n';

describe('the line of', () => {
  test.each([
    ['a key', ['dns'], 'f.yaml:2'],
    ['a key below it', ['dns', 'nameServers'], 'f.yaml:3'],
    ['an item', ['dns', 'deep', 1], 'f.yaml:6'],
    ['a key of an item', ['dns', 'deep', 1, 'two'], 'f.yaml:6'],
    ['a quoted key', ['odd key'], 'f.yaml:7'],
    ['what is not there: the last that is', ['dns', 'none', 'deeper'], 'f.yaml:2'],
    ['the whole', [], 'f.yaml'],
  ] as const)('%s', async (_, path, place) => {
    expect((await readYaml(TEXT, 'f.yaml')).place(path)).toBe(place);
  });
});

test.each([
  ['a: [1', /^f\.yaml:1: /],
  ['a: 1\nb: 2\na: 3\n', /^f\.yaml:3: .*unique/],
  ['a: \u001b[31m: x: y', /^f\.yaml:1: (?!.*\u001b)/u],
  [
    `a: &a [1,1]\n${Array.from({ length: 40 }, (_, n) => `k${n}: [${'*a,'.repeat(9)}*a]`).join('\n')}`,
    /^f\.yaml: .*alias/i,
  ],
])('refuses %j', async (text, words) => {
  await expect(readYaml(text, 'f.yaml')).rejects.toThrow(words);
});

test('nothing at all is null', async () => {
  expect((await readYaml('', 'f.yaml')).value).toBeNull();
});

test('a key called __proto__ changes no object', async () => {
  const { value } = await readYaml('__proto__: { polluted: true }', 'f.yaml');
  expect(Object.hasOwn(value as object, '__proto__')).toBe(true);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test.each([
  ['a: 1\nb:\n  c: 2\nd: 3\n', { b: { c: 2 } }, 'f.yaml:3'],
  ['{"a":1,"b":{"c":2},"d":3}', { b: { c: 2 } }, 'f.yaml:1'],
  ['{ a: 1,\n  b: {c: 2}\n  , d: 3 }', { b: { c: 2 } }, 'f.yaml:2'],
])('one key alone of %j is read again, on its own lines', async (text, value, place) => {
  const alone = (await readYaml(text, 'f.yaml')).alone('b');
  const again = await readYaml(alone ?? '', 'f.yaml');
  expect(again.value).toEqual(value);
  expect(again.place(['b', 'c'])).toBe(place);
});
