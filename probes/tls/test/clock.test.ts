import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../../src/model/target.ts';
import { endpointsOf, tracesOn } from '../../../test/support/traces.ts';
import { clockOf, ownClock } from '../clock.ts';
import { clock } from '../evidence-clock.ts';

const STARTED_MS = Date.parse('2026-11-20T12:00:00Z');
const endpoint = endpointsOf('az1')[0] as Endpoint;

function aheadOf(headers: Readonly<Record<string, string>>): number | undefined {
  const traces = tracesOn(endpoint, [{ headers: Object.entries(headers), waitMs: 1 }]);
  return clockOf(traces, STARTED_MS)?.byEndpoint[0]?.aheadSeconds;
}

describe('the time that an answer tells', () => {
  test.each<[Readonly<Record<string, string>>, number | undefined]>([
    [{ date: 'Fri, 20 Nov 2026 12:00:00 GMT' }, 0],
    [{ Date: 'Fri, 20 Nov 2026 13:00:00 GMT' }, 3600],
    [{ date: 'Fri, 20 Nov 2026 11:00:00 GMT' }, -3600],
    [{ date: 'Fri, 20 Nov 2026 11:00:00 GMT', age: '3600' }, 0],
    [{ date: 'Fri, 20 Nov 2026 11:00:00 GMT', age: 'old' }, -3600],
    [{ date: 'Friday, 20-Nov-26 12:00:00 GMT' }, undefined],
    [{ date: 'Fri, 99 Nov 2026 12:00:00 GMT' }, undefined],
    [{ date: '0' }, undefined],
    [{}, undefined],
  ])('%j: %s seconds ahead', (headers, ahead) => {
    const seen = aheadOf(headers);
    if (ahead === undefined) expect(seen).toBeUndefined();
    else expect(Math.abs((seen ?? Number.NaN) - ahead)).toBeLessThanOrEqual(5);
  });

  test('whatever is sent, the record fits its schema', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (date, age) => {
        const traces = tracesOn(endpoint, [
          {
            headers: [
              ['date', date],
              ['age', age],
            ],
            waitMs: 1,
          },
        ]);
        const seen = clockOf(traces, STARTED_MS);
        if (seen !== null) clock.parse(seen);
      }),
    );
  });
});

test.each([
  [[0], 'right'],
  [[300, 900], 'right'],
  [[301, 361], 'off'],
  [[301, 362], 'unknown'],
  [[-86_400, -86_401], 'off'],
  [[-301, 301], 'unknown'],
])('endpoints that are %j seconds ahead: our clock is %s', (ahead, state) => {
  const byEndpoint = ahead.map((aheadSeconds) => ({ endpoint: endpoint.id, answers: 1, aheadSeconds }));
  expect(ownClock({ ownAt: '2026-11-20T12:00:00Z', byEndpoint }).state).toBe(state);
});
