// Every rule against what is seen: held, drifted, not to be told. Facts here are made up; those of the probes are held in test/expect.
import { describe, expect, test } from 'vitest';
import { endpointsOf } from '../../../test/support/traces.ts';
import type { AnyCheck, Given, Judged } from '../../contract/check.ts';
import type { Fact, Rule, Sight } from '../../contract/fact.ts';
import { pointer } from '../../model/finding.ts';
import type { Json } from '../../model/json.ts';
import { parseTarget } from '../../model/target.ts';
import { driftChecks, type FactSection } from '../drift.ts';
import { learn } from '../learn.ts';

const endpoints = endpointsOf('a', 'b');
const given: Given<unknown> = { policy: {}, asOfMs: 0, target: parseTarget('kms.example'), endpoints, hops: [] };

type Shown = Sight['value'];
const whole = (value: Shown, more: Partial<Sight> = {}): Sight => ({
  ...{ endpoint: null, value, evidence: pointer('evidence', 'x') },
  ...(value === null ? { because: 'it hid' } : {}),
  ...more,
});
const each = (...values: readonly Shown[]): readonly Sight[] =>
  values.map((value, at) => whole(value, { endpoint: endpoints[at]?.id ?? null }));

function sectionOf(rule: Rule, sights: ReturnType<Fact['look']>, more: Partial<Fact> = {}): FactSection {
  const fact: Fact = {
    ...{ key: 'thing', drift: 'thing-drift', rule, title: 'Thing', reading: 'as it is', soWhat: 'It matters.' },
    look: () => sights,
    ...more,
  };
  return { section: 'x', title: 'X', probe: null, facts: [fact] };
}

function held(rule: Rule, expected: Json, sights: ReturnType<Fact['look']>): Judged {
  const section = sectionOf(rule, sights);
  const [check] = driftChecks(section, [section], { x: { thing: expected } }) as readonly [AnyCheck];
  return check.judge({}, given);
}

const say = (judged: Judged): string =>
  judged.outcome === 'found'
    ? judged.seen.map(({ what }) => what.map(String).join('')).join(' | ')
    : judged.outcome === 'pass'
      ? 'pass'
      : `${judged.outcome}: ${judged.because}`;

const cases: readonly (readonly [Rule, Json, ReturnType<Fact['look']>, string])[] = [
  ['nothing-but', 'one', [whole(['one'])], 'pass'],
  ['nothing-but', ['one', 'two'], [whole(['one'])], 'pass'],
  ['nothing-but', 'one', [whole(['two'])], 'Thing: expected one, now two.'],
  ['nothing-but', 200, [whole(['200', '503'])], 'Thing: expected 200, now 200, 503.'],
  ['nothing-but', 'one', [whole(null)], 'not-judged: it hid'],
  ['nothing-but', 'one', { unseen: 'nobody looked' }, 'not-judged: nobody looked'],
  ['nothing-but', 'one', [], 'not-judged: nothing was seen that could be held to it'],
  ['exactly', ['one', 'two'], [whole(['two', 'one'])], 'pass'],
  ['exactly', ['one', 'two'], [whole(['one'])], 'Thing: expected one, two, now one; gone: two.'],
  ['exactly', ['one'], [whole(['one', 'two'])], 'Thing: expected one, now one, two; new: two.'],
  ['at-least-these', ['one'], [whole(['one', 'two'])], 'pass'],
  ['at-least-these', ['one', 'two'], [whole(['one'])], 'Thing: expected one, two, now gone: two.'],
  ['addresses', ['192.0.2.1'], [whole(['192.0.2.1'])], 'pass'],
  ['addresses', ['192.0.2.0/24'], [whole(['192.0.2.77'])], 'pass'],
  [
    'addresses',
    ['192.0.2.0/24'],
    [whole(['192.0.3.7'])],
    'Thing: expected 192.0.2.0/24, now 192.0.3.7; new: 192.0.3.7.',
  ],
  [
    'addresses',
    ['192.0.2.1', '192.0.2.0/24'],
    [whole(['192.0.2.9'])],
    'Thing: expected 192.0.2.1, 192.0.2.0/24, now 192.0.2.9; gone: 192.0.2.1.',
  ],
  ['addresses', ['2001:db8::/32'], [whole(['2001:db8:9::1'])], 'pass'],
  ['between', 60, [whole(60)], 'pass'],
  ['between', 60, [whole(30)], 'Thing: expected 60, now 30.'],
  ['between', { atLeast: 30, atMost: 60 }, [whole(30), whole(60)], 'pass'],
  ['between', { atLeast: 30, atMost: 60 }, [whole(61)], 'Thing: expected at least 30, at most 60, now 61.'],
  ['between', { atMost: 60 }, [whole(0)], 'pass'],
  ['at-least', 2, [whole(3)], 'pass'],
  ['at-least', 2, [whole(1)], 'Thing: expected at least 2, now 1.'],
  ['at-least', 2, [whole(1, { weigh: () => 'holds' })], 'pass'],
  ['at-least', 2, [whole(1, { weigh: () => ({ because: 'too few' }) })], 'not-judged: too few'],
  ['at-most', 5, [whole(5.04)], 'Thing: expected at most 5, now 5.04.'],
  ['nothing-but', { a: 'one', b: 'two' }, each(['one'], ['two']), 'pass'],
  ['nothing-but', { a: 'one', b: 'two' }, each(['one'], ['one']), 'Thing: expected two, now one.'],
  ['nothing-but', { a: 'one' }, each(['one'], ['other']), 'pass'],
  ['nothing-but', { a: 'one', b: 'two' }, each(['one'], null), 'not-judged: b: it hid'],
  ['nothing-but', { a: 'one', b: 'two' }, each(['wrong'], null), 'Thing: expected one, now wrong.'],
  ['nothing-but', { a: 'one', gone: 'two' }, each(['one']), 'not-judged: nothing was seen in gone'],
  [
    'addresses',
    { a: ['192.0.2.1'], gone: ['192.0.2.9'] },
    each(['192.0.2.1']),
    'Thing: expected 192.0.2.9 in gone, now none.',
  ],
  ['between', { a: 1, b: { atMost: 3 } }, each(1, 4), 'Thing: expected at most 3, now 4.'],
  ['nothing-but', 'one', each(['one'], ['two']), 'Thing: expected one, now two.'],
];

test.each(cases)('%s %j, seen %j: %s', (rule, expected, sights, says) => {
  expect(say(held(rule, expected, sights))).toBe(says);
});

test.each(['between', 'at-least', 'at-most', 'exactly'] as const)(
  '%s of nonsense in an old journey is not judged',
  (rule) => {
    for (const nonsense of [null, {}, [], { atLeast: 'x' }, { atLeast: 3, atMost: 2 }, [[]], -1]) {
      expect(held(rule, nonsense as Json, [whole(rule === 'exactly' ? ['one'] : 1)]).outcome).not.toBe('pass');
    }
  },
);

describe('what is gone with its zone', () => {
  const zones = (value: readonly string[]): FactSection => {
    const { facts } = sectionOf('exactly', [whole(value)], { key: 'zones', drift: 'zone-drift' });
    return { section: 'zones', title: 'Zones', probe: null, facts };
  };
  const things = sectionOf('nothing-but', each(['one']));
  const contract = { zones: { zones: ['a', 'gone'] }, x: { thing: { a: 'one', gone: 'two' } } };

  test('is told by the zones, and no blind spot elsewhere', () => {
    const all = [zones(['a']), things];
    const judged = all.flatMap((section) => driftChecks(section, all, contract)).map((check) => check.judge({}, given));
    expect(judged.map(say)).toEqual(['Thing: expected a, gone, now a; gone: gone.', 'pass']);
  });
});

test('a change that another one brings with it is said once', () => {
  const first = sectionOf('nothing-but', [whole(['new'])], { key: 'provider', drift: 'provider-drift' }).facts;
  const second = sectionOf('exactly', [whole(['ns.new'])], {
    key: 'servers',
    drift: 'server-drift',
    saidBy: 'provider',
  }).facts;
  const section: FactSection = { section: 'x', title: 'X', probe: null, facts: [...first, ...second] };
  const outcomes = (contract: Record<string, Json>) =>
    driftChecks(section, [section], { x: contract }).map((check) => check.judge({}, given).outcome);
  expect(outcomes({ provider: 'old', servers: ['ns.old'] })).toEqual(['found', 'not-applicable']);
  expect(outcomes({ provider: 'new', servers: ['ns.old'] })).toEqual(['pass', 'found']);
  expect(outcomes({ servers: ['ns.old'] })).toEqual(['found']);
});

describe('what is learned', () => {
  const observation = { evidence: {} } as Parameters<typeof learn>[0];
  const learnedOf = (rule: Rule, sights: ReturnType<Fact['look']>, where = given) =>
    learn(observation, [sectionOf(rule, sights)], where).contract['x']?.['thing'] ?? null;

  test.each<readonly [string, Rule, ReturnType<Fact['look']>, Json]>([
    ['one value without a list', 'nothing-but', [whole(['one'])], 'one'],
    ['several values', 'nothing-but', [whole(['two', 'one'])], ['one', 'two']],
    ['the same everywhere: once', 'nothing-but', each(['one'], ['one']), 'one'],
    ['different: place by place', 'nothing-but', each(['one'], ['two']), { a: 'one', b: 'two' }],
    ['nothing where a place was not seen', 'nothing-but', each(['one'], null), null],
    ['nothing where it is not steady', 'nothing-but', [whole(['one'], { expect: null })], null],
    ['nothing that was not seen', 'exactly', { unseen: 'nobody looked' }, null],
    [
      'a range in place of what was seen',
      'addresses',
      [whole(['192.0.2.1'], { expect: ['192.0.2.0/24'] })],
      ['192.0.2.0/24'],
    ],
    ['a number', 'between', [whole(60), whole(60)], 60],
    ['bounds', 'between', [whole(60), whole(300)], { atLeast: 60, atMost: 300 }],
    ['figures as figures', 'nothing-but', [whole(['200'])], 200],
  ])('%s', (_, rule, sights, value) => {
    expect(learnedOf(rule, sights)).toEqual(value);
  });

  test('without zones, and with addresses that DNS may change, nothing is said of one address', () => {
    const nowhere = endpointsOf(null, null);
    const sights = nowhere.map(({ id }, at) => whole(at + 1, { endpoint: id }));
    expect(learnedOf('at-least', sights, { ...given, endpoints: nowhere })).toBe(1);
    expect(learnedOf('at-most', sights, { ...given, endpoints: nowhere })).toBe(2);
    const byHand = nowhere.map((endpoint) => ({ ...endpoint, ttlSeconds: null }));
    expect(learnedOf('at-most', sights, { ...given, endpoints: byHand })).toEqual({ '192.0.2.1': 1, '192.0.2.2': 2 });
  });
});
