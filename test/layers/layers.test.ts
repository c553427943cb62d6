// The rules find what is planted against them, each of them, and nothing in the house; a tool that reads nothing is noticed.
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Cruised, cruiseTree, ruleNames } from './cruise.ts';

const house = resolve(import.meta.dirname, '../..');
const plantation = resolve(import.meta.dirname, 'planted');

/** Rule, then the planted import that it must find. An orphan points to itself. */
const planted: readonly (readonly [rule: string, from: string, to: string])[] = [
  ['pure-reaches-no-wire', 'src/model/words.ts', 'src/net/wire.ts'],
  ['pure-reaches-no-wire', 'probes/alpha/derive.ts', 'fs'],
  ['pure-reaches-no-wire', 'probes/alpha/evidence.ts', 'fs'],
  ['probe-knows-only-evidence-of-others', 'probes/alpha/gather.ts', 'probes/beta/gather.ts'],
  ['evidence-is-a-leaf', 'probes/alpha/evidence.ts', 'probes/alpha/derive.ts'],
  ['evidence-is-a-leaf', 'probes/alpha/evidence-part.ts', 'probes/alpha/derive.ts'],
  ['pure-reaches-no-wire', 'probes/alpha/evidence-part.ts', 'fs'],
  ['probe-knows-only-evidence-of-others', 'probes/beta/gather.ts', 'probes/alpha/evidence-part.ts'],
  ['descriptor-is-light', 'probes/alpha/probe.ts', 'probes/alpha/gather.ts'],
  ['only-main-knows-probes', 'src/journey/engine.ts', 'probes/alpha/probe.ts'],
  ['probe-uses-lower-rooms', 'probes/beta/gather.ts', 'src/journey/engine.ts'],
  ['pure-reaches-no-wire', 'src/x509/path.ts', 'src/net/wire.ts'],
  ['x509-knows-only-words', 'src/x509/path.ts', 'src/contract/probe.ts'],
  ['model-is-the-floor', 'src/model/words.ts', 'src/net/wire.ts'],
  ['contract-below-net', 'src/contract/probe.ts', 'src/report/page.ts'],
  ['net-knows-no-upper-room', 'src/net/wire.ts', 'src/journey/engine.ts'],
  ['engine-knows-no-printer', 'src/journey/engine.ts', 'src/report/page.ts'],
  ['outputs-know-no-engine', 'src/report/page.ts', 'src/cli/program.ts'],
  ['world-is-the-other-side', 'src/demo/world.ts', 'src/journey/engine.ts'],
  ['secrets-stay-few', 'src/agent/everything.ts', 'src/model/secret.ts'],
  ['nobody-imports-main', 'src/cli/program.ts', 'src/main.ts'],
  ['no-cycle', 'src/cli/program.ts', 'src/report/page.ts'],
  ['no-orphan', 'src/agent/alone.ts', 'src/agent/alone.ts'],
  ['no-dev-dependency', 'src/agent/everything.ts', 'fast-check'],
  ['no-unknown-package', 'src/agent/everything.ts', 'a-package-that-nobody-named'],
  ['no-barrel', 'src/utils/words.ts', 'src/utils/parts/index.ts'],
  ['named-rooms', 'src/cli/program.ts', 'src/utils/words.ts'],
  ...[
    'undici',
    'koffi',
    'dns-packet',
    'node-forge',
    'prom-client',
    'tldts',
    'commander',
    're2js',
    'bcryptjs',
    'pino',
    '@marcbachmann/cel-js',
    'yaml',
    'zod',
    'tough-cookie',
    'json-p3',
    'ajv',
    'aws4',
    'ws',
  ].map((name) => [`room-of-${name}`, 'src/agent/everything.ts', name] as const),
];

describe('the planted tree', () => {
  let found: Cruised;
  beforeAll(async () => {
    found = await cruiseTree(plantation);
  });

  test.each(planted)('%s: %s -> %s', (rule, from, to) => {
    const hits = found.violations.filter((one) => one.rule === rule && one.from === from);
    expect(hits.map((one) => one.to)).toContainEqual(expect.stringContaining(to));
  });

  test('was read in full, and no rule is without a planted violation', () => {
    expect(found.unread).toEqual([]);
    expect([...new Set(planted.map(([rule]) => rule))].toSorted()).toEqual(ruleNames.toSorted());
  });
});

test('the house keeps every rule, and every module of it was read', async () => {
  const { read, unread, violations } = await cruiseTree(house);
  expect(violations).toEqual([]);
  expect(unread).toEqual([]);
  expect(read.length).toBeGreaterThan(200);
});

test('a tool that reads nothing finds nothing, and is noticed', async () => {
  const { read, unread, violations } = await cruiseTree(plantation, { includeOnly: { path: '^no-such-room/' } });
  expect({ read, violations }).toEqual({ read: [], violations: [] });
  expect(unread.length).toBeGreaterThan(10);
});
