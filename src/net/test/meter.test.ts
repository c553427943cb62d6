// Owns the tests of the meter and the clock. Touches no network.
import { expect, test } from 'vitest';
import { now } from '../clock.ts';
import { createMeter } from '../meter.ts';

const ZERO = { dnsQueries: 0, connections: 0, requests: 0, bytesSent: 0, bytesReceived: 0 };

test.for([
  ['nothing', [], ZERO],
  ['parts', [{ requests: 1 }, { bytesSent: 10, requests: 2 }], { ...ZERO, requests: 3, bytesSent: 10 }],
  ['an empty part', [{}], ZERO],
  [
    'each field',
    [{ dnsQueries: 1, connections: 2, requests: 3, bytesSent: 4, bytesReceived: 5 }],
    { dnsQueries: 1, connections: 2, requests: 3, bytesSent: 4, bytesReceived: 5 },
  ],
] as const)('the meter adds up %s', ([, parts, expected]) => {
  const meter = createMeter();
  for (const part of parts) meter.add(part);
  expect(meter.read()).toEqual(expected);
});

test('what was read does not change later, and meters are apart', () => {
  const [one, other] = [createMeter(), createMeter()];
  const before = one.read();
  one.add({ connections: 1 });
  expect([before, other.read()]).toEqual([ZERO, ZERO]);
});

test('the clock never goes back', () => {
  const readings = Array.from({ length: 1_000 }, now);
  expect(readings).toEqual(readings.toSorted((a, b) => a - b));
});
