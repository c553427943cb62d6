// Latency held to expectations, and compared by `probe diff`: one journey is ridden, and its times are drawn anew for each other ride, so that
// a busy machine changes nothing. Twenty samples a phase, with the noise of a local network.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorld } from '../../src/demo/world.ts';
import type { Diff } from '../../src/model/diff.ts';
import type { Journey } from '../../src/model/journey.ts';
import type { HopId } from '../../src/model/trace.ts';
import { drawsOf } from '../../src/stats/draws.ts';
import { summarize } from '../../src/stats/latency.ts';
import { journeyThrough, runCli } from '../support/cli.ts';

/** Medians of a service one city away, ms. */
const USUAL: Readonly<Record<HopId, number>> = {
  resolve: 18,
  connect: 12,
  tls: 27,
  send: 0.05,
  wait: 64,
  receive: 1,
  total: 114,
};
const NOISE = 0.06;
const SAMPLES = 20;
const draw = drawsOf(50);
const normal = (): number => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());

let folder: string;
let ridden: Journey;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
  const world = await startWorld();
  try {
    ridden = await journeyThrough(world, '--skip', 'path');
  } finally {
    await world.close();
  }
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

/** The journey with times of another day; `slower` by phase and zone. */
function another(slower: (hop: HopId, zone: string | null) => number = () => 1): Journey {
  const hops = ridden.hops.map((hop) => {
    const median = USUAL[hop.id] * slower(hop.id, hop.zone);
    const samples = Array.from({ length: SAMPLES }, () => median * Math.exp(NOISE * normal()));
    return {
      ...hop,
      clock: 'kernel' as const,
      attempts: SAMPLES,
      failures: 0,
      errors: {},
      latencyMs: summarize(samples),
    };
  });
  return { ...ridden, hops };
}

async function kept(name: string, journey: Journey): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(journey));
  return path;
}

async function learned(name: string): Promise<string> {
  const path = join(folder, name);
  const { exit, err } = await runCli(['learn', '--from', await kept('learned.json', another()), '-o', path]);
  expect({ exit, err }).toEqual({ exit: 0, err: '' });
  return path;
}

async function driftsOf(journey: Journey, expectations: string): Promise<readonly string[]> {
  const path = await kept('held.json', journey);
  const { out } = await runCli(['judge', path, '--expect', expectations, '-f', 'json']);
  const { findings } = JSON.parse(out) as Journey;
  return findings.filter(({ id }) => id.endsWith('-drift')).map(({ id, zone }) => `${id} ${zone}`);
}

test('what is learned holds on the unchanged world in 50 of 50 rides', async () => {
  const expectations = await learned('unchanged.yaml');
  for (let ride = 0; ride < 50; ride++) expect(await driftsOf(another(), expectations)).toEqual([]);
}, 60_000);

test.each(['resolve', 'connect', 'tls', 'wait'] as const)('a slower %s is found, and only it', async (hop) => {
  const expectations = await learned('slower.yaml');
  const places = hop === 'resolve' ? [null] : ['kms-az1', 'kms-az2', 'kms-az3'];
  for (let ride = 0; ride < 5; ride++) {
    const drifts = await driftsOf(
      another((id) => (id === hop ? 1.3 : 1)),
      expectations,
    );
    expect(drifts).toEqual(places.map((place) => `${hop}-time-drift ${place}`));
  }
});

test('one zone up by 30 % is found there', async () => {
  const slow = another((id, zone) => (id === 'wait' && zone === 'kms-az2' ? 1.3 : 1));
  expect(await driftsOf(slow, await learned('zone.yaml'))).toEqual(['wait-time-drift kms-az2']);
});

async function diffOf(before: Journey, after: Journey): Promise<{ readonly exit: number; readonly diff: Diff }> {
  const [one, other] = [await kept('before.json', before), await kept('after.json', after)];
  const { exit, out } = await runCli(['diff', one, other, '-f', 'json']);
  return { exit, diff: JSON.parse(out) as Diff };
}

test('between two days that differ in nothing no latency really changed, in 50 of 50 pairs', async () => {
  for (let pair = 0; pair < 50; pair++) {
    const { exit, diff } = await diffOf(another(), another());
    expect(diff.latency.filter(({ real }) => real)).toEqual([]);
    expect({ exit, outcome: diff.outcome }).toEqual({ exit: 0, outcome: 'same' });
  }
}, 60_000);

test('a shift of 20 % is told with its size', async () => {
  const { exit, diff } = await diffOf(
    another(),
    another((id, zone) => (id === 'wait' && zone === 'kms-az1' ? 1.2 : 1)),
  );
  const real = diff.latency.filter((change) => change.real);
  expect(real.map(({ hop, place }) => `${hop} ${place}`)).toEqual(['wait kms-az1']);
  expect(exit).toBe(1);
  // 12.8 ms, of which each sample knows a third.
  const [low, high] = real[0]?.intervalMs ?? [0, 0];
  expect(low).toBeGreaterThan(5);
  expect(high).toBeLessThan(21);
});
