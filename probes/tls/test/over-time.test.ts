import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../src/model/journey.ts';
import { wireText } from '../../../src/model/text.ts';
import { successionOf } from '../../../src/x509/succession.ts';
import { casesIn, outcomesOf, withChanges } from '../../../test/support/checks.ts';
import { earlierOf } from '../earlier.ts';
import { evidenceSchema, type TlsCertificate, type TlsEvidence } from '../evidence.ts';
import { overTime } from '../over-time.ts';
import { tls } from '../probe.ts';

const cases = casesIn(new URL('./cases/', import.meta.url));
const caseOf = (name: string) => {
  const found = cases.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
};
const healthy = caseOf('healthy.json').evidence as TlsEvidence;
const [leaf] = Object.values(healthy.certificates) as [TlsCertificate];
const named = (...names: readonly string[]): TlsCertificate => ({
  ...leaf,
  sans: names.map((name) => wireText(name)),
  sansTotal: names.length,
});

describe('what a new certificate changed', () => {
  test.each<[readonly string[], readonly string[], readonly string[]]>([
    [['a.example'], ['a.example'], []],
    [['a.example'], ['A.EXAMPLE'], []],
    [['a.example', 'b.example'], ['b.example'], ['a.example']],
    [['www.a.example'], ['*.a.example'], []],
    [['a.example'], ['*.a.example'], ['a.example']],
    [['x.www.a.example'], ['*.a.example'], ['x.www.a.example']],
    [['*.a.example'], ['www.a.example'], ['*.a.example']],
    [[], ['a.example'], []],
  ])('names %j, then %j: lost %j', (before, after, lost) => {
    expect(successionOf(named(...before), named(...after)).namesLost).toEqual(lost);
  });

  test('names that were cut are not lost', () => {
    expect(successionOf(named('a.example'), { ...named('b.example'), sansTotal: 200 }).namesLost).toBeNull();
  });

  test.each<[string, Partial<TlsCertificate>, Partial<TlsCertificate>, readonly string[]]>([
    ['nothing', {}, {}, []],
    ['an intermediate', { issuer: wireText('CN=R12,O=CA') }, { issuer: wireText('CN=R13,O=CA') }, []],
    [
      'the issuer',
      { issuer: wireText('CN=R12,O=CA') },
      { issuer: wireText('CN=R12,O=CB') },
      ['issuer CB instead of CA'],
    ],
    ['a nameless issuer', { issuer: wireText('CN=A') }, { issuer: wireText('CN=B') }, ['issuer CN=B instead of CN=A']],
    ['the key', { keyType: 'rsa' }, { keyType: 'ec' }, ['key type ec instead of rsa']],
    ['a key that cannot be read', { keyType: null }, { keyType: 'ec' }, []],
    [
      'client authentication',
      { extendedKeyUsage: ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'] },
      { extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] },
      ['purpose TLS servers instead of TLS servers and TLS clients'],
    ],
    ['the order of purposes', { extendedKeyUsage: ['1.2', '1.3'] }, { extendedKeyUsage: ['1.3', '1.2'] }, []],
    ['what an old record does not say', { extendedKeyUsage: undefined }, { extendedKeyUsage: ['1.2'] }, []],
  ])('%s', (_, before, after, expected) => {
    const { changes } = successionOf({ ...leaf, ...before }, { ...leaf, ...after });
    expect(changes.map(({ what, from, to }) => `${what} ${to} instead of ${from}`)).toEqual(expected);
  });
});

test('a journey is compared with what it says of itself', () => {
  const observation = { id: 'x', startedAt: '2026-11-20T12:00:00Z', evidence: { tls: healthy } };
  const earlier = earlierOf([
    observation as unknown as Observation,
    { ...observation, evidence: {} } as unknown as Observation,
  ]);
  const again = evidenceSchema.parse({ ...healthy, earlier });
  expect(earlier).toHaveLength(1);
  expect(overTime(again)).toMatchObject({
    replacements: [],
    stale: [],
    compared: healthy.byEndpoint.map(({ endpoint }) => endpoint),
  });
});

describe('what is said over time', () => {
  test.each([
    ['earlier-names-lost.json', 'since 2026-10-01 12:00 UTC is no longer for old.example.'],
    [
      'earlier-other-kind.json',
      'of another kind: its issuer is Example instead of Other, its key type is ec instead of rsa.',
    ],
    ['earlier-same-key.json', 'its key is not: it has been in use for 415 days, since 2025-10-01 or before.'],
    [
      'earlier-one-left-behind.json',
      'which expires in 30 days, on 2026-12-20 12:00 UTC; since then 192.0.2.1:443 has gone',
    ],
  ])('in %s: %s', async (name, words) => {
    const { sentences } = await outcomesOf(tls, caseOf(name));
    expect(sentences.join(' ')).toContain(words);
  });
});

/** Fields of a certificate that may be unknown, and those of a chain. */
const unknowable = [
  ...['subject', 'issuer', 'notBefore', 'notAfter', 'lifetimeDays', 'keyType', 'keyBits', 'curve', 'spkiSha256'],
] as const;
const watched = [
  ...['renewal-overdue', 'lifetime-policy', 'renewal-incomplete', 'names-lost', 'issuer-changed', 'key-reused'],
];

test('less evidence never turns another outcome into pass', async () => {
  const places = cases.flatMap((each) => {
    const { certificates, earlier = [] } = each.evidence as TlsEvidence;
    const roots = [
      ['/evidence/certificates', certificates] as const,
      ...earlier.map((one, index) => [`/evidence/earlier/${index}/certificates`, one.certificates] as const),
    ];
    return roots.flatMap(([at, all]) => Object.keys(all).map((fingerprint) => ({ each, at: `${at}/${fingerprint}` })));
  });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...places),
      fc.subarray([...unknowable], { minLength: 1 }),
      async (place, fields) => {
        const { each, at } = place;
        const less = withChanges(each, Object.fromEntries(fields.map((field) => [`${at}/${field}`, null])));
        const [before, after] = [await outcomesOf(tls, each), await outcomesOf(tls, less)];
        for (const id of watched) {
          if (before.outcomes[id] !== undefined) expect([id, after.outcomes[id]]).not.toEqual([id, undefined]);
        }
      },
    ),
    { numRuns: 300 },
  );
});
