// What must hold of judging whatever was seen: it is the same after JSON, and deleting evidence never turns another outcome into a pass.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { probes } from '../../probes/index.ts';
import { demoScript, healthyScript } from '../../src/demo/script.ts';
import { startWorld } from '../../src/demo/world.ts';
import { judge } from '../../src/journey/judge.ts';
import { readJourney } from '../../src/journey/read.ts';
import type { Journey } from '../../src/model/journey.ts';
import { journeyThrough } from '../support/cli.ts';
import { follow } from '../support/pointer.ts';

const ridden: Journey[] = [];
beforeAll(async () => {
  for (const script of [demoScript, healthyScript]) {
    const world = await startWorld(script);
    ridden.push(await journeyThrough(world));
    await world.close();
  }
});

function judgeAgain(journey: Journey): Promise<Journey> {
  const { judgedWith } = journey;
  const policy = { probes: {}, severities: {} };
  const context = {
    policy,
    asOfMs: Date.parse(judgedWith.asOf),
    version: judgedWith.version,
    quote: (argv: readonly string[]) => argv.join(' '),
  };
  return judge(journey, probes, context);
}

/** Paths to every object member and array item inside the evidence of one probe. */
function paths(value: unknown, at: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [[...at, key], ...paths(item, [...at, key])]);
}

/** A copy in which the value at the path is null (a member) or gone (an array item). */
function without(journey: Journey, path: readonly string[]): Journey {
  const copy = structuredClone(journey);
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], copy.evidence);
  const last = path.at(-1) ?? '';
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else (parent as Record<string, unknown>)[last] = null;
  return copy;
}

describe('judging', () => {
  test('is the same before and after JSON', async () => {
    for (const journey of ridden) {
      const read = await readJourney(JSON.stringify(journey), 'journey.json', probes);
      expect(await judgeAgain(read)).toEqual(await judgeAgain(journey));
    }
  });

  test('deleting the evidence of a whole probe leaves no check of it passed', async () => {
    for (const journey of ridden) {
      for (const { id } of probes) {
        const judged = await judgeAgain(without(journey, [id]));
        expect(judged.checks.filter((check) => check.probe === id && check.outcome === 'pass')).toEqual([]);
      }
    }
  });

  test('deleting one piece of evidence never ends in a lost journey, and no pointer leads nowhere', async () => {
    const journey = ridden[0] as Journey;
    const all = paths(journey.evidence);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...all), async (path) => {
        const changed = without(journey, path);
        const judged = await judgeAgain(changed);
        expect(judged.checks.map(({ id }) => id)).toEqual(journey.checks.map(({ id }) => id));
        for (const pointer of judged.findings.flatMap(({ evidence }) => evidence)) {
          expect(follow(judged, pointer), `${pointer} after deleting /${path.join('/')}`).toBeDefined();
        }
      }),
      { numRuns: 150 },
    );
  });
});
