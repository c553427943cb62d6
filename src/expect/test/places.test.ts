import { expect, test } from 'vitest';
import { endpointsOf } from '../../../test/support/traces.ts';
import { zoneSources } from '../../model/target.ts';
import { placeName } from '../places.ts';

const [endpoint] = endpointsOf('az1');

test.each(zoneSources)('a zone known by %s is a place to hold a service to, unless it is a hint', (zoneSource) => {
  if (endpoint === undefined) throw new Error('no endpoint');
  const place = zoneSource === 'reverse-name' ? endpoint.address : 'az1';
  expect(placeName({ ...endpoint, zoneSource })).toBe(place);
});
