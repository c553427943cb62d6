// Holds patterns to what they say: a star is any letters, everything else is itself, and many stars cost no more than one.
import { expect, test } from 'vitest';
import { isLike } from '../like.ts';

test.each([
  ['journey_verdict', 'journey_verdict', true],
  ['journey_verdict_info', 'journey_verdict', false],
  ['journey_hop_quantile_seconds', 'journey_*_quantile_*', true],
  ['journey_quantile_seconds', 'journey_*_quantile_*', false],
  ['probe_duration_seconds', 'probe_*_seconds', true],
  ['probe_seconds', 'probe_*_seconds', false],
  ['journey_a_b_c', 'journey_*_*_*', true],
  ['a', 'a*a', false],
  ['aa', 'a*a', true],
  ['abc', 'a*b*b*c', false],
  ['', '*', true],
  ['targets.json', '*.json', true],
  ['targetsXjson', '*.json', false],
  ['[a].json', '[a]*.json', true],
  ['two\nlines.json', '*.json', true],
  [`${'a'.repeat(5000)}c`, `${'*a'.repeat(500)}*b`, false],
])('%j is like %j: %s', (text, pattern, isOne) => {
  expect(isLike(text, pattern)).toBe(isOne);
});
