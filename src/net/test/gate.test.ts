import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openGate } from '../gate.ts';

const LIMIT = 64;

describe('the gate', () => {
  test('lets as many in as it may, in their order, and all in the end', async () => {
    const gate = openGate(LIMIT);
    const began: number[] = [];
    let [underWay, most] = [0, 0];
    const work = async (index: number) => {
      began.push(index);
      underWay += 1;
      most = Math.max(most, underWay);
      for (let turns = 0; turns <= index % 3; turns++) await setImmediate();
      underWay -= 1;
      return index;
    };
    const indices = Array.from({ length: 3 * LIMIT }, (_, index) => index);
    expect(await Promise.all(indices.map((index) => gate(() => work(index))))).toEqual(indices);
    expect(most).toBe(LIMIT);
    expect(began).toEqual(indices);
  });

  test('what fails gives its place up', async () => {
    const gate = openGate(1);
    const failing = Array.from({ length: 5 }, () => gate(() => Promise.reject(new Error('no'))));
    const outcomes = await Promise.allSettled([...failing, gate(async () => 'yes')]);
    expect(outcomes.map(({ status }) => status)).toEqual([...failing.map(() => 'rejected'), 'fulfilled']);
  });
});
