// What CONTRIBUTING.md shows and names must be there as it says.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const contributing = read('CONTRIBUTING.md');

test('the example of a check is the check itself', () => {
  const [, shown] = /^```ts\n([^]*?)^```$/m.exec(contributing) ?? [];
  expect(shown).toBe(read('probes/access/checks/challenge-missing.ts'));
});

test('every npm script that it names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
  const named = [...contributing.matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((script) => !(script in scripts))).toEqual([]);
});

test.each([
  ...new Set(
    [...contributing.matchAll(/`((?:src|probes|test\/support|schema)\/[\w./-]+\.(?:ts|json))`/g)].map(
      ([, path = '']) => path,
    ),
  ),
])('%s exists', (path) => {
  expect(existsSync(join(root, path))).toBe(true);
});
