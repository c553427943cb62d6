// Holds families to the patterns that leave them out, and the window's slices to the clock.
import { expect, test } from 'vitest';
import { SLICES } from '../../stats/window-sketch.ts';
import { SharedSeries } from '../shared-series.ts';

test.each([
  ['journey_path_*', 'journey_path_routers', false],
  ['journey_path_*', 'journey_steps_success', true],
])('without %s, is %s kept: %s', (pattern, family, isKept) => {
  const shared = new SharedSeries(() => 0);
  expect(shared.keeps(family)).toBe(true);
  shared.set({ windowMs: 60_000, without: [pattern] });
  expect(shared.keeps(family)).toBe(isKept);
});

test('a window has its slices', () => {
  let nowMs = 0;
  const shared = new SharedSeries(() => nowMs);
  shared.set({ windowMs: 60_000, without: [] });
  const slices = [0, 9_999, 10_000, 60_000].map((ms) => {
    nowMs = ms;
    return shared.slice();
  });
  expect(slices).toEqual([0, 0, 1, SLICES]);
});
