import { describe, expect, test } from 'vitest';
import { readTrustAnchors } from '../../../../src/net/dns/trust-anchor.ts';
import type { ZoneName } from '../names.ts';
import { Type } from '../records.ts';
import { openTrace } from '../trace.ts';
import { openValidator } from '../validate.ts';
import { algorithmOf, DAY, dsOf, type Kind, makeKey, NOW, nsec, nsec3Chain, sourceOf } from './signer.ts';
import {
  addresses,
  anchorLine,
  dsSet,
  healthy,
  keySet,
  ksk,
  leaf,
  root,
  seen,
  tld,
  verdict,
  type World,
  ZONE,
  zsk,
} from './world.ts';

const { A, DNSKEY, DS, NS, NSEC, RRSIG, SOA } = Type;

describe('a chain that holds', () => {
  test('zones, keys and what is signed until when', async () => {
    const { outcome, zones, asked } = await seen({});
    expect(outcome).toEqual({ state: 'secure' });
    expect(zones.map(({ zone, dsCount, digestTypes }) => [zone, dsCount, digestTypes])).toEqual([
      ['.', 0, []],
      ['example', 1, [2]],
      ['kms.example', 1, [2]],
    ]);
    expect(zones[2]?.signatures.map((one) => [one.type, one.tag, one.ttlSeconds])).toEqual([
      ['DNSKEY', ksk.tag, 300],
      ['A', zsk.tag, 300],
    ]);
    expect(zones[2]?.expiresAt).toBe(new Date((NOW + 20 * DAY) * 1000).toISOString());
    expect(new Set(asked).size).toBe(asked.length);
  });

  const kinds = Object.keys(algorithmOf) as Kind[];
  test.each(kinds)('signed with %s', async (kind) => {
    const key = makeKey(kind);
    expect(await verdict({ ...leaf(key), 'kms.example A': { answers: addresses(ZONE, key) } })).toBe('secure');
  });

  test.each([1, 2, 4])('DS digest type %i', async (digestType) => {
    const ds = dsSet(ZONE, 'example', tld, [dsOf(ZONE, ksk, digestType)]);
    expect(await verdict({ 'kms.example DS': ds })).toBe('secure');
  });

  test('a key set under rollover: one good DS and one good signature are enough', async () => {
    const next = makeKey('Ed25519');
    const answers = [
      ...addresses(ZONE, zsk, { spoil: true }),
      ...addresses(ZONE, zsk, { until: NOW - DAY }).slice(2),
      ...addresses(ZONE, zsk).slice(2),
    ];
    const ds = dsSet(ZONE, 'example', tld, [dsOf(ZONE, next), dsOf(ZONE, ksk)]);
    expect(await verdict({ 'kms.example DS': ds, 'kms.example A': { answers } })).toBe('secure');
  });
});

describe('a chain that breaks', () => {
  const other = makeKey('P-256');
  const twin = makeKey('P-256');
  const spoilt = { spoil: true };
  const cases: readonly [string, World, string][] = [
    [
      'wrong signature',
      { 'kms.example A': { answers: addresses(ZONE, zsk, spoilt) } },
      'signature-wrong kms.example kms.example A',
    ],
    [
      'records changed after they were signed',
      { 'kms.example A': { answers: addresses(ZONE, zsk).slice(1) } },
      'signature-wrong kms.example kms.example A',
    ],
    [
      'expired a second ago',
      { 'kms.example A': { answers: addresses(ZONE, zsk, { until: NOW - 1 }) } },
      'signature-expired kms.example kms.example A',
    ],
    [
      'not yet valid',
      { 'kms.example A': { answers: addresses(ZONE, zsk, { from: NOW + 1 }) } },
      'signature-not-yet-valid kms.example kms.example A',
    ],
    [
      'unsigned under a DS',
      { 'kms.example A': { answers: addresses(ZONE, null) } },
      'no-signature kms.example kms.example A',
    ],
    [
      'signed by a key that is not published',
      { 'kms.example A': { answers: addresses(ZONE, other) } },
      'key-missing kms.example kms.example A',
    ],
    [
      'signed in the name of the parent',
      { 'kms.example A': { answers: addresses(ZONE, tld, { signer: 'example' }) } },
      'signer-wrong kms.example kms.example A',
    ],
    [
      'DS of another key',
      { 'kms.example DS': dsSet(ZONE, 'example', tld, [dsOf(ZONE, twin)]) },
      'no-matching-key kms.example kms.example DNSKEY',
    ],
    [
      'DS whose digest is of another owner',
      { 'kms.example DS': dsSet(ZONE, 'example', tld, [dsOf('other.example', ksk)]) },
      'no-matching-key kms.example kms.example DNSKEY',
    ],
    ['no DNSKEY', { 'kms.example DNSKEY': {} }, 'no-keys kms.example kms.example DNSKEY'],
    [
      'keys signed by the wrong one of them',
      { 'kms.example DNSKEY': keySet(ZONE, zsk, [ksk, zsk]) },
      'key-missing kms.example kms.example DNSKEY',
    ],
    [
      'expired keys',
      { 'kms.example DNSKEY': keySet(ZONE, ksk, [ksk, zsk], { until: NOW - DAY }) },
      'signature-expired kms.example kms.example DNSKEY',
    ],
    [
      'DS with a wrong signature',
      { 'kms.example DS': dsSet(ZONE, 'example', tld, [dsOf(ZONE, ksk)], spoilt) },
      'signature-wrong example kms.example DS',
    ],
    ['DS withheld without a proof', { 'kms.example DS': {} }, 'no-proof example kms.example DS'],
    [
      'DS withheld with the child’s own word',
      { 'kms.example DS': { authorities: nsec(ZONE, zsk, ZONE, 'www.kms.example', [A, NS, SOA, RRSIG, NSEC]) } },
      'signer-wrong example kms.example DS',
    ],
    [
      'DS denied by a record that lists it',
      { 'kms.example DS': { authorities: nsec('example', tld, ZONE, 'l.example', [NS, DS, RRSIG, NSEC]) } },
      'no-proof example kms.example DS',
    ],
  ];
  test.each(cases)('%s', async (_, change, expected) => {
    expect(await verdict(change)).toBe(`bogus ${expected}`);
  });

  test('tells when it expired', async () => {
    const { outcome } = await seen({ 'kms.example A': { answers: addresses(ZONE, zsk, { until: NOW - 60 }) } });
    expect(outcome).toMatchObject({ because: { expiredAt: NOW - 60 } });
  });

  test('a revoked key and one without the zone flag sign nothing', async () => {
    for (const flags of [0x0180, 0x0001]) {
      const key = makeKey('P-256', flags);
      expect(await verdict({ ...leaf(key), 'kms.example A': { answers: addresses(ZONE, key) } })).toBe(
        'bogus no-matching-key kms.example kms.example DNSKEY',
      );
    }
  });

  test('a flood of keys with one tag and of signatures ends', async () => {
    const answers = Array.from({ length: 200 }, () => addresses(ZONE, zsk, spoilt)).flat();
    const source = sourceOf({ ...healthy, 'kms.example A': { answers } });
    const bench = { nowSeconds: NOW, verificationsLeft: 200 };
    await openValidator({ source, anchors: readTrustAnchors(anchorLine(root)), bench, trace: openTrace(NOW) }).judge(
      ZONE as ZoneName,
      'A',
    );
    expect(bench.verificationsLeft).toBeGreaterThan(150);
  });
});

describe('a chain that ends in an unsigned zone', () => {
  const delegated = [NS, RRSIG, NSEC];
  const unsigned = { 'kms.example A': { answers: addresses(ZONE, null) } };
  const names = { example: [NS, SOA, DNSKEY], 'kms.example': [NS], 'l.example': [A] };
  const without = { example: [NS, SOA, DNSKEY], 'l.example': [A] };
  const cases: readonly [string, World, string][] = [
    [
      'NSEC at the delegation',
      { 'kms.example DS': { authorities: nsec('example', tld, ZONE, 'l.example', delegated) } },
      'unsigned-delegation',
    ],
    [
      'NSEC3 at the delegation',
      { 'kms.example DS': { authorities: nsec3Chain('example', tld, names) } },
      'unsigned-delegation',
    ],
    [
      'NSEC3 with iterations',
      { 'kms.example DS': { authorities: nsec3Chain('example', tld, names, { iterations: 10 }) } },
      'unsigned-delegation',
    ],
    [
      'NSEC3 with opt-out',
      { 'kms.example DS': { authorities: nsec3Chain('example', tld, without, { optOut: true }) } },
      'opt-out',
    ],
    [
      'NSEC3 that nobody computes',
      { 'kms.example DS': { authorities: nsec3Chain('example', tld, names, { iterations: 151 }) } },
      'too-many-iterations',
    ],
    [
      'an algorithm that nobody here knows',
      { 'kms.example DS': dsSet(ZONE, 'example', tld, [dsOf(ZONE, makeKey('P-256', 257, 12))]) },
      'unsupported-algorithm',
    ],
    [
      'a digest that nobody here knows',
      { 'kms.example DS': dsSet(ZONE, 'example', tld, [dsOf(ZONE, ksk, 3)]) },
      'unsupported-algorithm',
    ],
  ];
  test.each(cases)('%s', async (_, change, reason) => {
    expect(await verdict({ ...change, ...unsigned })).toBe(`insecure ${reason} example kms.example DS`);
  });

  test('what the unsigned zone itself says does not matter, and its keys are not asked for', async () => {
    const { asked } = await seen({ ...cases[0]?.[1], ...unsigned });
    expect(asked).not.toContain('kms.example DNSKEY');
  });
});

describe('what cannot be said', () => {
  test.each<[string, World, string]>([
    [
      'a resolver that gives no signatures',
      { '. DNSKEY': { answers: (healthy['. DNSKEY']?.answers ?? []).slice(0, 1) } },
      'no-signatures . . DNSKEY',
    ],
    ['a resolver without a root', { '. DNSKEY': {} }, 'no-signatures . . DNSKEY'],
    ['a resolver that fails', { '. DNSKEY': null }, 'resolver-failed . . DNSKEY'],
    ['another root', { '. DNSKEY': keySet('.', makeKey('P-256')) }, 'another-root . . DNSKEY'],
    [
      'a clock of another year',
      { '. DNSKEY': keySet('.', root, [root], { until: NOW - 1 }) },
      'root-does-not-verify . . DNSKEY',
    ],
    [
      'a copy of the zone at the resolver',
      { 'kms.example A': { answers: addresses(ZONE, null), authoritative: true } },
      'served-by-the-resolver kms.example kms.example A',
    ],
    [
      'signatures lost on the way',
      { 'kms.example A': { answers: addresses(ZONE, null), dnssecOk: false } },
      'no-signatures kms.example kms.example A',
    ],
    ['the resolver fails half way', { 'example DS': null }, 'resolver-failed . example DS'],
  ])('%s', async (_, change, expected) => {
    expect(await verdict(change)).toBe(`not-checked ${expected}`);
  });
});
