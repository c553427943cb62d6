// Owns the tests of secrets that come back: wherever an answer says them, whole, without their scheme, or cut.
import { expect, test } from 'vitest';
import { endpointsOf, tracesOn } from '../../../../test/support/traces.ts';
import { Secret } from '../../../model/secret.ts';
import { wireText } from '../../../model/text.ts';
import type { HttpFacts } from '../../../model/trace.ts';
import { concealing, concealingCookie } from '../conceal.ts';

const CANARY = 'canary-91ab77d0e2';
const hide = concealing([
  ['authorization', new Secret('header Authorization', `Bearer ${CANARY}`)],
  ['x-mode', new Secret('header X-Mode', 'fast')],
  ['accept', 'text/html'],
]);
const [endpoint] = endpointsOf(null) as [ReturnType<typeof endpointsOf>[number]];

function facts(value: string, body: string): HttpFacts {
  const headers = [['x-echo', value]] as const;
  const [trace] = tracesOn(endpoint, [{ headers, trailers: headers, body }]);
  return trace?.http as HttpFacts;
}

test.each([
  [`Bearer ${CANARY}`, '[secret header Authorization]'],
  [`token=${CANARY};`, 'token=[secret header Authorization];'],
  ['fast text/html', 'fast text/html'],
  [CANARY.slice(0, 12), CANARY.slice(0, 12)],
])('%s in a field', (value, shown) => {
  const { headers, trailers } = hide(facts(value, ''));
  expect([headers, trailers].map((fields) => fields[0]?.[1])).toEqual([shown, shown]);
});

test.each([
  [`you sent ${CANARY}!`, 'you sent [secret header Authorization]!'],
  [`cut within ${CANARY.slice(0, 10)}`, 'cut within [secret header Authorization]'],
  [`cut within Bearer ${CANARY.slice(0, 10)}…`, 'cut within [secret header Authorization]'],
  ['nothing of it', 'nothing of it'],
])('%s in a body', (body, shown) => {
  expect(hide(facts('', body)).bodyStart).toBe(shown);
});

test('without secrets nothing is touched', () => {
  const given = facts(CANARY, CANARY);
  expect(concealing([['accept', CANARY]])(given)).toBe(given);
  expect(hide({ ...given, bodyStart: wireText('plain') }).bodyStart).toBe('plain');
});

test.each([
  [`session=${CANARY}; Path=/`, '[secret cookie]; Path=/'],
  [`you are ${CANARY}`, 'you are [secret cookie]'],
])('a cookie that comes back: %s', (value, shown) => {
  const { headers, bodyStart } = concealingCookie(`session=${CANARY}`)(facts(value, value));
  expect([headers[0]?.[1], bodyStart]).toEqual([shown, shown]);
});
