// Expectations with real rides, times included: what is learned of a world with noise holds fifty times, and a slower one is found. In the
// system suite because nothing else takes the processor here: the world is in this process, so that a busy machine is a slow service.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { healthyScript, type WorldScript } from '../../src/demo/script.ts';
import { startWorld, type World } from '../../src/demo/world.ts';
import type { Journey } from '../../src/model/journey.ts';
import { runInside } from '../support/cli.ts';

const RIDES = 50;
const RIDE = ['kms.example', '-n', '20', '--rate', '20', '--skip', 'path'];

/** Hosts as far as a city away and a balancer whose time varies by 10 % of the whole. */
const worldOf = (delayMs: number): WorldScript => ({
  ...healthyScript,
  zones: healthyScript.zones.map((zone) => ({
    ...zone,
    ...{ delayMs: 5, jitterMs: delayMs / 10 },
    hosts: zone.hosts.map((host) => ({ ...host, delayMs })),
  })),
});

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
  file = join(folder, 'kms.yaml');
});
afterAll(() => rm(folder, { recursive: true }));

async function inside<T>(script: WorldScript, act: (world: World) => Promise<T>): Promise<T> {
  const world = await startWorld(script);
  try {
    return await act(world);
  } finally {
    await world.close();
  }
}

async function driftsIn(world: World): Promise<readonly string[]> {
  const { out } = await runInside(world, [...RIDE, '--expect', file, '-f', 'json']);
  const { findings, checks } = JSON.parse(out) as Journey;
  const blind = checks.filter(({ id, outcome }) => id.endsWith('-drift') && outcome === 'not-judged');
  const drifts = findings.filter(({ id }) => id.endsWith('-drift'));
  return [
    ...drifts.map(({ id, zone, what }) => `${id} ${zone}: ${what}`),
    ...blind.map(({ id }) => `not judged: ${id}`),
  ];
}

test(`what is learned holds on the unchanged world in ${RIDES} of ${RIDES} rides, and not when its median rises by 30 %`, async () => {
  await inside(worldOf(100), async (world) => {
    expect((await runInside(world, ['learn', ...RIDE, '-o', file])).exit).toBe(0);
    for (let ride = 0; ride < RIDES; ride++) expect(await driftsIn(world), `ride ${ride}`).toEqual([]);
  });
  const drifts = await inside(worldOf(131), driftsIn);
  expect(drifts.map((drift) => drift.split(':')[0])).toEqual(
    healthyScript.zones.map(({ name }) => `wait-time-drift ${name}`),
  );
}, 400_000);
