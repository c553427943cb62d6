// Holds probes whose doors are opened once to what is behind them, and the doors to once.
import { expect, test } from 'vitest';
import { probes } from '../../../probes/index.ts';
import type { AnyProbe } from '../../contract/probe.ts';
import { openedOnce } from '../open-doors.ts';

test.each(probes.map((probe) => [probe.id, probe] as const))('%s is the same probe', async (_, probe) => {
  const kept = openedOnce(probe);
  expect(Object.keys(kept).toSorted()).toEqual(Object.keys(probe).toSorted());
  expect(await kept.judgement()).toBe(await probe.judgement());
  expect(await kept.gather()).toBe(await probe.gather());
});

test('a door is opened once, and not before somebody wants what is behind it', async () => {
  let times = 0;
  const counted = {
    ...probes[0],
    metrics: async () => {
      times++;
      return () => [];
    },
  } as AnyProbe;
  const kept = openedOnce(counted);
  expect(times).toBe(0);
  expect(await kept.metrics()).toBe(await kept.metrics());
  expect(times).toBe(1);
});
