// The policy of a judgement: names that nobody knows are refused with file and line, and an old journey is judged by its own.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { healthyScript, withZone } from '../../src/demo/script.ts';
import { startWorld } from '../../src/demo/world.ts';
import type { Journey } from '../../src/model/journey.ts';
import { journeyThrough, runCli } from '../support/cli.ts';

const DEMO = 'test/golden/old/0.1.0-demo.json';

let folder: string;
let policy: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
  policy = join(folder, 'policy.yaml');
});
afterAll(() => rm(folder, { recursive: true }));

describe('a policy file that is refused', () => {
  test.each([
    [
      'severities: {certificate-expiery: critical}',
      ':1: no check is called "certificate-expiery"',
      '"certificate-expiry"?',
    ],
    [
      '# ours\nseverities:\n  zone-slow: notice\n  zone-slwo: notice\n',
      ':4: no check is called "zone-slwo"',
      '"zone-slow"?',
    ],
    [
      '{\n "severities": {\n  "hsts": "notice"}}',
      ':3: no check is called "hsts"',
      'README of each probe lists its checks',
    ],
    ['dns: {}\n\ntsl: {warnDays: 3}\n', ':3: no probe is called "tsl"', 'the probes are dns, balancer'],
    ['balancers: {}\n', ':1: no probe is called "balancers"', 'did you mean "balancer"?'],
    ['severity: {zone-slow: notice}\n', ':1: no probe is called "severity"', 'severities go under "severities"'],
    ['severities: {zone-slow: bad}\n', ': severities map a check id to', 'critical, warning, notice'],
    ['severities: [notice]\n', ': severities map a check id to', 'critical, warning, notice'],
    ['tls: {warnDays: 3}\n', '--warn is 3d and --critical 7d', 'warnDays and criticalDays in a policy file'],
    ['tls: {warnDays: many}\n', 'policy of tls', 'warnDays'],
    ['tls: 3\n', 'policy of tls', 'object'],
    ['tls: {warnDays: 3\n', ':2: ', 'policy.yaml'],
    [
      'a: &a [1, 2]\nb: [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n',
      'alias',
      '',
    ],
    ['- a\n- b\n', 'a policy is a mapping', 'for example'],
  ])('%j', async (text, words, remedy) => {
    await writeFile(policy, text);
    for (const command of [
      ['kms.example', '--plan'],
      ['judge', DEMO],
    ]) {
      const { exit, out, err } = await runCli([...command, '--policy', policy]);
      expect({ exit, out }, err).toEqual({ exit: 64, out: '' });
      expect(err).toContain(words);
      expect(err).toContain(remedy);
    }
  });
});

describe('a journey that was ridden with a policy, --insecure and thresholds', () => {
  let ridden: Journey;
  let file: string;
  beforeAll(async () => {
    const world = await startWorld(withZone(healthyScript, 'kms-az3', { certificate: 'wrong-name' }));
    await writeFile(policy, 'severities: { hsts-missing: warning }\nbalancer: { slowRatio: 5 }\n');
    const options = ['--insecure', '--policy', policy, '--warn', '60d', '--critical', '14d', '--timeout', '400ms'];
    ridden = await journeyThrough(world, ...options);
    await world.close();
    file = join(folder, 'journey.json');
    await writeFile(file, JSON.stringify(ridden));
  });
  const judged = async (...args: readonly string[]): Promise<Journey> =>
    JSON.parse((await runCli(['judge', file, '-f', 'json', ...args])).out) as Journey;

  test('is judged by the same again', async () => {
    const again = await judged();
    expect(again.judgedWith.policy).toEqual(ridden.judgedWith.policy);
    expect(again.judgedWith.policy).toMatchObject({
      tls: { ignoreTrust: true, warnDays: 60, criticalDays: 14 },
      balancer: { slowRatio: 5 },
      severities: { 'hsts-missing': 'warning' },
    });
    expect(again.findings).toEqual(ridden.findings);
    expect(again.verdict).toBe(ridden.verdict);
  });

  test('takes a file over its own policy, threshold by threshold, and options over both', async () => {
    await writeFile(policy, 'tls: { ignoreTrust: false, criticalDays: 5 }\nseverities: { zone-slow: notice }\n');
    const again = await judged('--policy', policy, '--critical', '3d');
    expect(again.judgedWith.policy).toMatchObject({
      tls: { ignoreTrust: false, warnDays: 60, criticalDays: 3 },
      balancer: { slowRatio: 5 },
      severities: { 'hsts-missing': 'warning', 'zone-slow': 'notice' },
    });
    const mismatch = (journey: Journey) => journey.findings.filter(({ id }) => id === 'hostname-mismatch');
    expect(mismatch(ridden).map(({ severity }) => severity)).toEqual(['notice']);
    expect(mismatch(again).map(({ severity }) => severity)).toEqual(['critical']);
  });

  test('is refused when its severities are none, and forgiven what is gone since', async () => {
    const changed = (severities: unknown): string =>
      JSON.stringify({ ...ridden, judgedWith: { ...ridden.judgedWith, policy: { ghosts: { a: 1 }, severities } } });
    await writeFile(file, changed({ 'zone-slow': 'bad' }));
    expect(await runCli(['judge', file])).toMatchObject({ exit: 64, out: '' });
    await writeFile(file, changed({ 'check-of-old': 'notice' }));
    expect((await judged()).judgedWith.policy).toHaveProperty('severities', { 'check-of-old': 'notice' });
  });
});

test.each(['2050-01-01T00:00:00Z', '2050-01-01t00:00:00.5z', '2050-01-01T02:00:00+02:00'])(
  'a journey judged as of %s finds every certificate expired',
  async (asOf) => {
    const { out } = await runCli(['judge', DEMO, '-f', 'json', '--as-of', asOf]);
    const journey = JSON.parse(out) as Journey;
    expect(journey.judgedWith.asOf).toMatch(/^2050-01-01T00:00:00/);
    expect(journey.findings.filter(({ id }) => id === 'certificate-expiry').length).toBeGreaterThanOrEqual(3);
  },
);
