// learn, --expect and diff as commands: what they print, write, refuse and end with.
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Diff } from '../../src/model/diff.ts';
import type { Journey } from '../../src/model/journey.ts';
import { captureIo, runCli } from '../support/cli.ts';

const OLD = `${import.meta.dirname}/../golden/old`;
const DEMO = `${OLD}/0.2.0-demo.json`;
const BEFORE = `${OLD}/0.1.0-demo.json`;
const BROKEN = `${OLD}/0.1.0-broken.json`;

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
  file = join(folder, 'kms.yaml');
  await runCli(['learn', '--from', DEMO, '-o', file]);
});
afterAll(() => rm(folder, { recursive: true }));

async function kept(name: string, change: (journey: Journey) => unknown, from = DEMO): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(change(JSON.parse(readFileSync(from, 'utf8')) as Journey)));
  return path;
}

async function heldTo(expectations: string, journey = DEMO, ...args: readonly string[]): Promise<Journey> {
  return JSON.parse((await runCli(['judge', journey, '--expect', expectations, '-f', 'json', ...args])).out) as Journey;
}

test('what is learned goes to the file, and nothing is printed', async () => {
  const path = join(folder, 'quiet.yaml');
  expect(await runCli(['learn', '--from', DEMO, '-o', path])).toEqual({ exit: 0, out: '', err: '' });
  expect(await readFile(path, 'utf8')).toBe(await readFile(file, 'utf8'));
});

describe('a journey held to what was learned from it', () => {
  test('has no drift, and nothing else than it had', async () => {
    const held = await heldTo(file);
    const checks = held.checks.filter(({ id }) => id.endsWith('-drift'));
    expect(checks.length).toBeGreaterThan(15);
    expect(checks.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
    const plain = JSON.parse((await runCli(['judge', DEMO, '-f', 'json'])).out) as Journey;
    expect(held.findings).toEqual(plain.findings);
    expect(plain.checks.some(({ id }) => id.endsWith('-drift'))).toBe(false);
  });

  test('is judged the same again without a word, for the expectations are stored', async () => {
    const text = await readFile(file, 'utf8');
    const other = join(folder, 'other.yaml');
    await writeFile(other, text.replace('issuer: CN=Example KMS Issuing CA', 'issuer: CN=Someone Else'));
    const held = await heldTo(other);
    expect(held.findings.map(({ id }) => id)).toContain('issuer-drift');
    const again = await kept('again.json', () => held);
    const judged = JSON.parse((await runCli(['judge', again, '-f', 'json'])).out) as Journey;
    expect(judged.findings).toEqual(held.findings);
    expect(judged.judgedWith.expectations).toEqual(held.judgedWith.expectations);
    const policy = join(folder, 'policy.yaml');
    await writeFile(policy, 'severities: { issuer-drift: notice }\n');
    const lenient = JSON.parse((await runCli(['judge', again, '--policy', policy, '-f', 'json'])).out) as Journey;
    expect(lenient.findings.find(({ id }) => id === 'issuer-drift')?.severity).toBe('notice');
  });

  test('is unknown where a probe did not look at what is expected, and never passes', async () => {
    const blind = await kept('blind.json', (journey) => {
      const state = { state: 'skipped', elapsedMs: 0, problem: null, because: 'left out by --skip' };
      return { ...journey, probes: { ...journey.probes, tls: state }, evidence: { ...journey.evidence, tls: null } };
    });
    const expectations = join(folder, 'tls.yaml');
    await writeFile(expectations, 'tls: { issuer: CN=x, minimum: TLSv1.2 }\n');
    const held = await heldTo(expectations, blind);
    const drifts = held.checks.filter(({ id }) => id.endsWith('-drift'));
    expect(drifts.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      'issuer-drift not-judged',
      'tls-minimum-drift not-judged',
    ]);
    expect(drifts[0]?.because).toContain('tls');
  });
});

test.each([
  ['provider', 'Cloudflare', 'dns-provider-drift', 'Route 53'],
  ['dnssec', 'insecure', 'dnssec-drift', 'secure'],
] as const)('another %s is told', async (key, now, id, before) => {
  const expectations = join(folder, `${key}.yaml`);
  await writeFile(expectations, `dns:\n  ${key}: ${before}\n  nameServers: [ns.before.example]\n`);
  const changed = await kept(`${key}.json`, (journey) => {
    const dns = journey.evidence['dns'] as Record<string, unknown>;
    return { ...journey, evidence: { ...journey.evidence, dns: { ...dns, [key]: now } } };
  });
  const held = await heldTo(expectations, changed);
  const drifts = held.findings.filter((finding) => finding.id.endsWith('-drift'));
  // Another provider has other servers: that is said once.
  const expected = key === 'provider' ? [id] : ['name-server-drift', id];
  expect(drifts.map((finding) => finding.id)).toEqual(expected);
  expect(drifts.find((finding) => finding.id === id)?.change).toEqual({ before, after: now });
});

test.each([
  [['learn'], 'no target'],
  [['learn', 'kms.example', '--from', DEMO], 'not both'],
  [['learn', '--from', '/nonexistent.json'], 'cannot read'],
  [['diff', DEMO], 'missing required argument'],
  [['diff', '-', '-'], 'one journey, not two'],
  [['diff', DEMO, '/dev/null'], 'not JSON'],
  [['diff', DEMO, DEMO, '-f', 'html'], 'Allowed choices are text, json, markdown'],
  [['judge', DEMO, '--expect', '/nonexistent.yaml'], '--expect: cannot read'],
  [['kms.example', '--expect', '/dev/null'], 'expectations are a mapping'],
] as const)('probe %j is refused', async (args, words) => {
  const { exit, out, err } = await runCli(args);
  expect(err).toContain(words);
  expect({ exit, out }).toEqual({ exit: 64, out: '' });
});

test('a journey that was cut short teaches nothing', async () => {
  const cut = await kept('cut.json', (journey) => ({ ...journey, complete: false }));
  expect(await runCli(['learn', '--from', cut])).toMatchObject({ exit: 3, out: '' });
});

describe('probe diff', () => {
  test('of a journey and itself is the same', async () => {
    const { exit, out } = await runCli(['diff', DEMO, DEMO]);
    expect(exit).toBe(0);
    expect(out).toContain('SAME');
  });

  test('reads one of the two from standard input', async () => {
    const io = captureIo({ standardInput: () => readFile(DEMO, 'utf8') });
    expect((await runCli(['diff', DEMO, '-'], io)).exit).toBe(0);
  });

  test('cannot tell when something was seen in one of the two only', async () => {
    const blind = await kept('once.json', (journey) => ({
      ...journey,
      evidence: { ...journey.evidence, tls: { ...(journey.evidence['tls'] as object), posture: undefined } },
    }));
    const { exit, out } = await runCli(['diff', DEMO, blind]);
    expect(out).toContain('tls.minimum: seen before, not seen now');
    expect(exit).toBe(3);
  });

  test('tells findings, facts and latency, and is what the published schema says', async () => {
    const { exit, out } = await runCli(['diff', BEFORE, BROKEN, '-f', 'json']);
    const diff = JSON.parse(out) as Diff;
    expect(exit).toBe(1);
    expect(diff.findings.map(({ change, id }) => `${change} ${id}`)).toContain('appeared endpoint-down');
    expect(diff.facts.map(({ section, key }) => `${section}.${key}`)).toContain('dns.ttlSeconds');
    expect(diff.latency.length).toBeGreaterThan(5);
    const schema = JSON.parse(readFileSync(`${import.meta.dirname}/../../schema/diff-1.json`, 'utf8')) as object;
    const ajv = new Ajv2020({ strict: false });
    formats.default(ajv);
    const validate = ajv.compile(schema);
    expect(validate(diff), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...diff, outcome: 'splendid' })).toBe(false);
  });

  test.each([40, 80, 140])('fits %i columns', async (columns) => {
    const { out } = await runCli(['diff', BEFORE, BROKEN, '-v'], captureIo({ columns }));
    for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
  });

  test.each(['text', 'markdown'])('as %s lets nothing of the wire act', async (format) => {
    const evil = '\u001b[31m<img src=x onerror=1>[a](javascript:b)|`\u202e';
    const hostile = await kept('hostile.json', (journey) => ({
      ...journey,
      answers: journey.answers.map((answer) => ({ ...answer, summary: `${answer.summary} ${evil}` })),
      findings: journey.findings.map((finding) => ({
        ...finding,
        id: `${finding.id}-${evil}`,
        what: evil,
        zone: evil,
      })),
      endpoints: journey.endpoints.map((endpoint) => ({ ...endpoint, zone: `${endpoint.zone}${evil}` })),
      evidence: { ...journey.evidence, balancer: { ...(journey.evidence['balancer'] as object), product: evil } },
      target: { ...journey.target, url: `https://${evil}/` },
    }));
    for (const pair of [
      [DEMO, hostile],
      [hostile, DEMO],
    ]) {
      const { out } = await runCli(['diff', ...pair, '-f', format, '--no-color']);
      expect(out).toContain('javascript');
      // oxlint-disable-next-line no-control-regex -- controls are what it is for
      expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      if (format === 'markdown') expect(out).not.toMatch(/<img|[^\\]\]\(javascript/);
    }
  });
});

test('expectations learned of a hostile service are plain YAML that holds on it', async () => {
  const evil = '\u001b[31m: # {x} \u202e"\n- a';
  const hostile = await kept('hostile-learn.json', (journey) => {
    const balancer = journey.evidence['balancer'] as { readonly byEndpoint: readonly object[] };
    const byEndpoint = balancer.byEndpoint.map((one) => ({ ...one, server: evil }));
    return { ...journey, evidence: { ...journey.evidence, balancer: { ...balancer, product: evil, byEndpoint } } };
  });
  const path = join(folder, 'hostile.yaml');
  expect((await runCli(['learn', '--from', hostile, '-o', path])).exit).toBe(0);
  // oxlint-disable-next-line no-control-regex -- controls are what it is for
  expect(await readFile(path, 'utf8')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  const held = await heldTo(path, hostile);
  expect(held.checks.filter(({ id, outcome }) => id.endsWith('-drift') && outcome !== 'pass')).toEqual([]);
});
