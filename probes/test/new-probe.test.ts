// The template and its copier: a probe made in a copy of the tree compiles, passes its own tests, and rides the embedded world.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Journey } from '../../src/model/journey.ts';
import { identifierOf, listed, renamed } from '../new-probe.ts';

const root = join(import.meta.dirname, '..', '..');
const copied = ['src', 'probes', 'test/support', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
const name = 'server-names';
let tree: string;

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'outrider-new-probe-'));
  for (const path of copied) cpSync(join(root, path), join(tree, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
});
afterAll(() => rmSync(tree, { recursive: true }));

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** A program in the copied tree, bounded in time: the compiler takes a minute on a machine that does much else. */
function run(command: string, ...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd: tree, timeout: 110_000, maxBuffer: 16_777_216, env: { ...process.env, NO_COLOR: '1' } };
    const child = execFile(command, [...args], options, (error, out, err) =>
      resolve({ exit: error === null ? 0 : (child.exitCode ?? -1), out, err }),
    );
  });
}

const tool = (called: string): string => join(tree, 'node_modules', '.bin', called);
const newProbe = (...args: readonly string[]): Promise<Ran> => run(process.execPath, 'probes/new-probe.ts', ...args);
const indexText = (): string => readFileSync(join(tree, 'probes', 'index.ts'), 'utf8');

describe('a probe made from the template', { timeout: 120_000 }, () => {
  test.each([
    ['no name', [], 'give one name'],
    ['two names', ['one', 'two'], 'give one name'],
    ['an option that is none', ['one', '--force'], '--force'],
    ['capitals', ['CachePolicy'], 'not a probe name'],
    ['a way out of the folder', ['../evil'], 'not a probe name'],
    ['the template itself', ['_template'], 'not a probe name'],
    ['a word of the language', ['import'], 'cannot be called'],
    ['a name that hides what is in it', ['common'], 'cannot be called'],
    ['a probe that exists', ['dns'], 'exists already'],
    ['a folder without probes', ['one', '--into', 'src'], 'no index.ts'],
  ])('is refused for %s, and nothing is written', async (_why, args, says) => {
    const before = indexText();
    const { exit, out, err } = await newProbe(...args);
    expect({ exit, out }).toEqual({ exit: 64, out: '' });
    expect(err).toContain(says);
    expect(indexText()).toBe(before);
    expect(['one', '../evil', 'CachePolicy'].some((made) => existsSync(join(tree, 'probes', made)))).toBe(false);
  });

  test('compiles like the template itself, passes its own tests, and rides', async () => {
    const { exit, out } = await newProbe(name);
    expect({ exit, says: out.split('\n')[0] }).toEqual({
      exit: 0,
      says: `probes/${name} is made from the template and listed last in probes/index.ts.`,
    });
    // A name of one word is a constant and a key at once: another way of being replaced.
    expect(await newProbe('banner', '--into', 'probes')).toMatchObject({ exit: 0 });
    const config = { extends: './tsconfig.json', include: ['probes/*/**/*.ts'], exclude: ['probes/test'] };
    writeFileSync(join(tree, 'tsconfig.made.json'), JSON.stringify(config));
    const [compiled, tested, ridden] = await Promise.all([
      run(tool('tsc'), '-p', 'tsconfig.made.json', '--listFiles', '--pretty', 'false'),
      run(tool('vitest'), 'run', '--project', 'unit', `probes/${name}/`, 'probes/banner/'),
      run(process.execPath, 'src/bin.ts', ...'demo kms.example -n 2 -f json'.split(' ')),
    ]);
    for (const made of ['_template', name, 'banner']) {
      expect(compiled.out).toContain(`/probes/${made}/test/gather.test.ts\n`);
      expect(compiled.out.split('\n').filter((line) => line.startsWith(`probes/${made}/`))).toEqual([]);
    }
    expect(tested).toMatchObject({ exit: 0, out: expect.stringMatching(/Test Files\s+4 passed/) as string });
    const journey = JSON.parse(ridden.out) as Journey;
    expect(journey.probes[name]).toMatchObject({ state: 'complete' });
    expect(journey.evidence[name]).toMatchObject({
      byEndpoint: journey.endpoints.map(({ id }) => ({ endpoint: id, servers: [{ value: 'kms-lb', n: 2 }] })),
    });
    expect(journey.checks.filter(({ probe }) => probe === name)).toEqual([
      { id: 'server-version-shown', probe: name, outcome: 'pass', because: null },
    ]);
    expect((await newProbe(name)).err).toContain('exists already');
  });
});

const index = `import type { AnyProbe } from '../src/contract/probe.ts';
import { access } from './access/probe.ts';
import { dns } from './dns/probe.ts';

export const probes: readonly AnyProbe[] = [dns, access];
`;

describe('the line in probes/index.ts', () => {
  test.each([
    [
      'between others',
      'cache-policy',
      "access/probe.ts';\nimport { cachePolicy } from './cache-policy/probe.ts';\nimport { dns }",
    ],
    ['before the first', 'abuse', "contract/probe.ts';\nimport { abuse } from './abuse/probe.ts';\nimport { access }"],
    ['after the last', 'http3', "dns/probe.ts';\nimport { http3 } from './http3/probe.ts';\n\nexport"],
  ])('is imported %s', (_where, made, says) => {
    expect(listed(index, made)).toContain(says);
  });

  test.each([
    ['one line', index],
    ['one item a line', index.replace('[dns, access]', '[\n  dns,\n  access,\n]')],
  ])('is the last of a list of %s', (_form, text) => {
    expect(listed(text, 'http3')).toMatch(/dns,\s+access, http3\];\n$/);
    expect(listed(listed(text, 'http3'), 'zone-walk')).toMatch(/access, http3, zoneWalk\];\n$/);
  });

  test.each([
    ['the constant is taken', index.replaceAll('dns', 'http3'), 'already'],
    ['there is no list', index.replace('probes:', 'all:'), 'does not look as expected'],
    ['there are no imports', 'export const probes: readonly AnyProbe[] = [];\n', 'does not look as expected'],
  ])('is refused when %s', (_why, text, says) => {
    expect(() => listed(text, 'http3')).toThrow(says);
  });
});

test.each([
  ['cache-policy', "{ 'cache-policy': CachePolicyEvidence } cachePolicy"],
  ['http3', '{ http3: Http3Evidence } http3'],
])('names are replaced: %s', (made, expected) => {
  expect(renamed("{ 'probe-name': ProbeNameEvidence } probeName", made)).toBe(expected);
});

test('a name of 33 characters is too long', () => {
  expect(identifierOf('a'.repeat(32))).toHaveLength(32);
  expect(() => identifierOf('a'.repeat(33))).toThrow('not a probe name');
});
