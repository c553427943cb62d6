import { expect, test } from 'vitest';
import { casesIn, outcomesOf } from '../../../test/support/checks.ts';
import { steps } from '../probe.ts';

const cases = casesIn(new URL('./cases/', import.meta.url));

test.each(cases)('$name', async (each) => {
  const { outcomes } = await outcomesOf(steps, each);
  expect(outcomes).toEqual(each.expected);
});

test('every check is found in some case', async () => {
  const { checks } = await steps.judgement();
  const found = new Set(
    cases.flatMap(({ expected }) => Object.keys(expected).filter((id) => Array.isArray(expected[id]))),
  );
  expect(checks.map(({ id }) => id).filter((id) => !found.has(id))).toEqual([]);
});
