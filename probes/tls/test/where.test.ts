import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EndpointId } from '../../../src/model/text.ts';
import { type EndsAt, endsFacts, endsSays, keyNames, whereTlsEnds } from '../ends/where.ts';
import { type Ends, endsSchema, type Look, lookKinds } from '../evidence-ends.ts';

const hex = (letter: string): string => letter.repeat(32);

/** A look as the ride does, with two tickets of this key. */
const ticket = (letter: string, change: Partial<Look> = {}): Look => ({
  ...{ kind: 'as-ride', sessionOf: null, protocol: 'TLSv1.3', alpn: 'h2', resumed: null, ticketLifetimeSeconds: 300 },
  ...{ earlyDataBytes: 0, connectMs: 0.5, answerMs: 1.4, finishedMs: 2, leaf: null, problem: null },
  ticketKeyNames: letter === '' ? [] : [hex(letter), hex(letter)],
  ...change,
});
/** Two tickets that begin differently: no name of a key. */
const unnamed = (first: string, second: string): Look => ticket('', { ticketKeyNames: [hex(first), hex(second)] });
const id = (index: number): EndpointId => `192.0.2.${index + 1}:443` as EndpointId;
const FAR = { leastWaitMs: 33.2, leastHandshakeMs: 34 };
const endsOf = (looks: readonly (readonly Look[])[], hosts: readonly number[] = [], times = FAR): Ends => ({
  byEndpoint: looks.map((each, index) => ({
    ...{ endpoint: id(index), looks: [...each], ...times, hostsSeen: hosts[index] ?? null, earlier: null },
  })),
  endpointsLeftOut: 0,
});
const refused = ticket('', { problem: { code: 'refused', fault: 'target', step: 'connect', detail: null } });
const late = (letter: string): Look => ticket(letter, { connectMs: 0.5, answerMs: 33, finishedMs: 34 });

const cases: readonly (readonly [string, Ends, EndsAt])[] = [
  ['nothing was seen', endsOf([]), 'unknown'],
  ['no handshake finished', endsOf([[refused], [refused]]), 'unknown'],
  ['no tickets', endsOf([[ticket('')], [ticket('')]]), 'unknown'],
  ['tickets without names', endsOf([[unnamed('1', '2'), unnamed('3', '4')]]), 'unknown'],
  ['one address, one key', endsOf([[ticket('a'), ticket('a')]]), 'unknown'],
  ['one address, one key, one host', endsOf([[ticket('a'), ticket('a')]], [1]), 'unknown'],
  ['one address, one key, several hosts', endsOf([[ticket('a'), ticket('a')]], [3]), 'one-terminator'],
  ['two addresses, one key', endsOf([[ticket('a')], [ticket('a')]]), 'shared'],
  [
    'a key of which one ticket each was seen',
    endsOf([[ticket('', { ticketKeyNames: [hex('a')] })], [ticket('', { ticketKeyNames: [hex('a')] })]]),
    'shared',
  ],
  ['two addresses, a key each', endsOf([[ticket('a')], [ticket('b')]]), 'own'],
  [
    'two addresses, a session of one taken up by the other',
    endsOf([
      [unnamed('1', '2')],
      [unnamed('3', '4'), ticket('', { kind: 'elsewhere', resumed: true, sessionOf: id(0) })],
    ]),
    'shared',
  ],
  [
    'two addresses, a session of one refused by the other',
    endsOf([
      [unnamed('1', '2')],
      [unnamed('3', '4'), ticket('', { kind: 'elsewhere', resumed: false, sessionOf: id(0) })],
    ]),
    'unknown',
  ],
  ['three addresses, two of them with one key', endsOf([[ticket('a')], [ticket('a')], [ticket('b')]]), 'mixed'],
  ['one address, two keys by turns', endsOf([[ticket('a'), ticket('b'), ticket('a')]]), 'hosts'],
  [
    'two addresses, the same two keys behind both',
    endsOf([
      [ticket('a'), ticket('b')],
      [ticket('b'), ticket('a')],
    ]),
    'hosts',
  ],
  ['two keys behind one of two addresses', endsOf([[ticket('a'), ticket('b')], [ticket('c')]]), 'mixed'],
  [
    'another key for another server name only',
    endsOf([[ticket('a'), ticket('b', { kind: 'unknown-name' })]]),
    'unknown',
  ],
  ['ServerHello from afar', endsOf([[late('a'), late('a'), late('a')]]), 'far'],
  [
    'ServerHello late, but not in the ride',
    endsOf([[late('a'), late('a'), late('a')]], [], { ...FAR, leastHandshakeMs: 2 }),
    'unknown',
  ],
  [
    'ServerHello late, but quick answers to requests',
    endsOf([[late('a'), late('a'), late('a')]], [], { ...FAR, leastWaitMs: 5 }),
    'unknown',
  ],
  [
    'ServerHello late, but never twice as late',
    endsOf([[late('a'), ticket('a', { answerMs: 70 }), ticket('a', { answerMs: 120 })]]),
    'unknown',
  ],
  ['ServerHello from afar, but seen twice only', endsOf([[late('a'), late('a')]]), 'unknown'],
  ['one ServerHello of three that was quick', endsOf([[late('a'), late('a'), ticket('a')]]), 'unknown'],
  ['ServerHello from afar at one of two', endsOf([[late('a'), late('a'), late('a')], [ticket('b')]]), 'mixed'],
  ['one address without a sign beside two with one', endsOf([[ticket('a')], [ticket('a')], [ticket('')]]), 'unknown'],
  ['an address that is down beside two with one key', endsOf([[ticket('a')], [ticket('a')], [refused]]), 'shared'],
];

describe('where TLS ends', () => {
  test.each(cases)('%s', (_, ends, at) => {
    const where = whereTlsEnds(endsSchema.parse(ends));
    expect(where.at).toBe(at);
    // Nothing is concluded without a sign that can be shown.
    if (at !== 'unknown') expect(where.signals).not.toEqual([]);
    expect(endsFacts(ends)['endsConfidence']).toBe(at === 'unknown' ? 'not-visible' : 'inferred');
  });

  test('what shares a key is told together, the largest group first', () => {
    const { domains, signals } = whereTlsEnds(endsOf([[ticket('a')], [ticket('b')], [ticket('b')], [ticket('')]]));
    expect(domains).toEqual([[id(1), id(2)], [id(0)]]);
    expect(signals).toEqual([`one session key at ${id(1)}, ${id(2)}`, '2 different session keys']);
  });

  test('a name counts where two tickets begin with it, in whichever handshakes', () => {
    const ends = endsOf([[unnamed('1', '2')], [ticket('', { ticketKeyNames: [hex('2')] })]]);
    expect([...keyNames(ends).values()].map((names) => [...names])).toEqual([[hex('2')], [hex('2')]]);
  });

  test('a journey without such handshakes says nothing', () => {
    expect([endsSays(undefined), endsFacts(undefined)]).toEqual(['', {}]);
  });
});

test('whatever was seen, it ends in one sentence, and never speaks of what is behind', () => {
  const look = fc.record({
    kind: fc.constantFrom(...lookKinds),
    letters: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 }),
    resumed: fc.constantFrom(true, false, null),
    from: fc.constantFrom(0, 1, 7, null),
    answerMs: fc.constantFrom(null, 0.1, 40),
  });
  fc.assert(
    fc.property(fc.array(fc.array(look, { maxLength: 8 }), { maxLength: 5 }), (byEndpoint) => {
      const ends = endsOf(
        byEndpoint.map((looks) =>
          looks.map(({ kind, letters, resumed, from, answerMs }) =>
            ticket('', {
              kind,
              ticketKeyNames: letters.map(hex),
              resumed,
              sessionOf: from === null ? null : id(from),
              answerMs,
            }),
          ),
        ),
      );
      const { says, domains } = whereTlsEnds(ends);
      expect(says).toMatch(/^[A-Z][^\n]*\.$/);
      expect(says).not.toMatch(/plain|unencrypted/i);
      expect(new Set(domains.flat()).size).toBe(domains.flat().length);
    }),
  );
});
