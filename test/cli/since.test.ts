// `--since`: an earlier journey, through the real command line, to the finding that tells what changed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { healthyScript } from '../../src/demo/script.ts';
import { startWorld, type World } from '../../src/demo/world.ts';
import type { Journey } from '../../src/model/journey.ts';
import { journeyThrough } from '../support/cli.ts';

let world: World;
let folder: string;
let before: Journey;
beforeAll(async () => {
  [world, folder] = await Promise.all([startWorld(healthyScript), mkdtemp(join(tmpdir(), 'outrider-since-'))]);
  before = await journeyThrough(world);
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

async function since(earlier: Journey): Promise<Journey> {
  const file = join(folder, 'before.json');
  await writeFile(file, JSON.stringify(earlier));
  return journeyThrough(world, '--since', file);
}

const outcome = ({ checks }: Journey) => checks.find(({ id }) => id === 'answer-changed')?.outcome;

test('without an earlier journey the check does not apply', () => {
  expect(outcome(before)).toBe('not-applicable');
  expect(before.evidence['dns']).not.toHaveProperty('earlier');
});

test('the same addresses pass', async () => {
  const journey = await since(before);
  expect(outcome(journey)).toBe('pass');
  expect(journey.answers.find(({ probe }) => probe === 'dns')?.facts['overTime']).toMatchObject({
    kind: 'unchanged',
    since: before.startedAt,
  });
});

test('an address that failed then and is gone now is a failover', async () => {
  const gone = '127.0.40.1';
  const text = JSON.stringify(before).replaceAll('127.0.30.1', gone);
  const earlier = JSON.parse(text) as Journey;
  const hops = earlier.hops.map((hop) => {
    const isOfGone = hop.id === 'total' && hop.endpoint?.startsWith(`${gone}:`) === true;
    return isOfGone ? { ...hop, failures: hop.attempts } : hop;
  });
  const journey = await since({ ...earlier, hops });
  const [found, ...rest] = journey.findings.filter(({ id }) => id === 'answer-changed');
  expect(rest).toEqual([]);
  expect(found).toMatchObject({ severity: 'notice', probe: 'dns' });
  expect(found?.what).toBe(
    `kms.example changed since ${before.startedAt}: it no longer gives ${gone}, gives 127.0.30.1 instead; ${gone} failed then: a failover, as it looks.`,
  );
  expect(journey.answers.find(({ probe }) => probe === 'dns')?.summary).toContain('as a failover does');
});
