// What requests on one connection say of the layer, several endpoints together.
import { expect, test } from 'vitest';
import type { EndpointId } from '../../../src/model/text.ts';
import { endpointsOf } from '../../../test/support/traces.ts';
import { signalsOf } from '../signals.ts';

test.each<[hosts: readonly number[], layers: readonly number[]]>([
  [[1, 1, 1], [4]],
  [[2, 2, 2], [7]],
  // One in 200 stays by accident.
  [[2, 1, 2], [7]],
])('connections within which %j hosts were met speak for layer %j', (counts, layers) => {
  const zones = endpointsOf('az1', 'az2', 'az3');
  const reuse = counts.map((hosts, at) => {
    const endpoint = zones[at]?.id as EndpointId;
    const met = { requests: 12, answered: 12, named: 12, hosts, chance: 0.001 };
    return { endpoint, ...met, end: 'open' as const, problem: null };
  });
  expect(signalsOf([], [], undefined, reuse).map(({ layer }) => layer)).toEqual(layers);
});
