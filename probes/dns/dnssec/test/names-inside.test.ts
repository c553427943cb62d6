import { describe, expect, test } from 'vitest';
import type { DnsRecord } from '../../../../src/contract/net.ts';
import { Type } from '../records.ts';
import { type Key, NOW, nsec, nsec3Chain, signedSet, wire } from './signer.ts';
import { address, addresses, tld, verdict, type World, ZONE, zsk } from './world.ts';

const { A, CNAME, DNAME, DNSKEY, NS, NSEC, RRSIG, SOA } = Type;

describe('names inside a zone', () => {
  const www = 'www.kms.example';
  const noCut = (name: string) => ({ authorities: nsec(ZONE, zsk, name, 'z.kms.example', [A, RRSIG, NSEC]) });
  const wild = { as: '*.kms.example' };
  const gap = nsec(ZONE, zsk, 'b.kms.example', 'z.kms.example', [A]);
  const chain = { 'kms.example': [NS, SOA, DNSKEY], 'b.kms.example': [A] };
  const covered = { 'www.kms.example DS': { authorities: gap } };

  const cases: readonly [string, World, string][] = [
    [
      'with an address',
      { 'www.kms.example DS': noCut(www), 'www.kms.example A': { answers: addresses(www, zsk) } },
      'secure',
    ],
    [
      'from a wildcard, with the proof that nothing is closer',
      { ...covered, 'www.kms.example A': { answers: addresses(www, zsk, wild), authorities: gap } },
      'secure',
    ],
    [
      'from a wildcard in a zone with NSEC3',
      {
        'www.kms.example DS': { authorities: nsec3Chain(ZONE, zsk, { ...chain, '*.kms.example': [A] }) },
        'www.kms.example A': {
          answers: addresses(www, zsk, wild),
          authorities: nsec3Chain(ZONE, zsk, { ...chain, '*.kms.example': [A] }),
        },
      },
      'secure',
    ],
    [
      'from a wildcard, without that proof',
      { ...covered, 'www.kms.example A': { answers: addresses(www, zsk, wild) } },
      'bogus no-proof kms.example www.kms.example A',
    ],
    [
      'that do not exist',
      {
        ...covered,
        'www.kms.example A': {
          rcode: 'NXDOMAIN',
          authorities: [...gap, ...nsec(ZONE, zsk, ZONE, 'b.kms.example', [NS, SOA, RRSIG, NSEC])],
        },
      },
      'secure',
    ],
    [
      'that do not exist, with a wildcard that is not denied',
      { ...covered, 'www.kms.example A': { rcode: 'NXDOMAIN', authorities: gap } },
      'bogus no-proof kms.example www.kms.example A',
    ],
    [
      'that do not exist, in a zone with NSEC3',
      {
        'www.kms.example DS': { authorities: nsec3Chain(ZONE, zsk, chain) },
        'www.kms.example A': { rcode: 'NXDOMAIN', authorities: nsec3Chain(ZONE, zsk, chain) },
      },
      'secure',
    ],
    [
      'without such records',
      {
        'www.kms.example DS': { authorities: nsec(ZONE, zsk, www, 'z.kms.example', [28]) },
        'www.kms.example A': { authorities: nsec(ZONE, zsk, www, 'z.kms.example', [28]) },
      },
      'secure',
    ],
    [
      'that do not exist, denied in the compact way (RFC 9824)',
      {
        'www.kms.example DS': { authorities: nsec(ZONE, zsk, www, '\\000.www.kms.example', [RRSIG, NSEC]) },
        'www.kms.example A': { authorities: nsec(ZONE, zsk, www, '\\000.www.kms.example', [RRSIG, NSEC]) },
      },
      'secure',
    ],
    [
      'that only lead to others',
      {
        'www.kms.example DS': { authorities: nsec(ZONE, zsk, 'b.kms.example', 'a.www.kms.example', [A]) },
        'www.kms.example A': { authorities: nsec(ZONE, zsk, 'b.kms.example', 'a.www.kms.example', [A]) },
      },
      'secure',
    ],
    [
      'denied with an expired proof',
      {
        ...covered,
        'www.kms.example A': {
          authorities: signedSet(ZONE, zsk, { owner: www, type: NSEC, data: [Buffer.alloc(0)] }, { until: NOW - 1 }),
        },
      },
      'bogus signature-expired kms.example www.kms.example A',
    ],
  ];
  test.each(cases)('%s', async (_, change, expected) => {
    expect(await verdict(change, www)).toBe(expected);
  });
});

describe('aliases', () => {
  const www = 'www.kms.example';
  const alias = (target: string, by: Key | null = zsk): DnsRecord[] =>
    signedSet(ZONE, by, { owner: www, type: CNAME, data: [wire(target)] });
  const elsewhere: World = {
    'lb.example DS': { authorities: nsec('example', tld, 'lb.example', 'm.example', [NS, RRSIG, NSEC]) },
    'lb.example A': { answers: [] },
  };
  const unsignedTarget = signedSet('lb.example', null, { owner: 'lb.example', type: A, data: [address()] });
  test.each<[string, World, string]>([
    [
      'inside a signed zone',
      {
        'www.kms.example DS': { answers: alias(ZONE) },
        'www.kms.example A': { answers: [...alias(ZONE), ...addresses(ZONE, zsk)] },
      },
      'secure',
    ],
    [
      'whose end the resolver leaves out',
      { 'www.kms.example DS': { answers: alias(ZONE) }, 'www.kms.example A': { answers: alias(ZONE) } },
      'secure',
    ],
    [
      'into an unsigned zone',
      {
        ...elsewhere,
        'www.kms.example DS': { answers: alias('lb.example') },
        'www.kms.example A': { answers: [...alias('lb.example'), ...unsignedTarget] },
      },
      'insecure unsigned-delegation example lb.example DS',
    ],
    [
      'that is not signed',
      {
        'www.kms.example DS': { authorities: nsec(ZONE, zsk, www, 'z.kms.example', [CNAME]) },
        'www.kms.example A': { answers: [...alias(ZONE, null), ...addresses(ZONE, zsk)] },
      },
      'bogus no-proof kms.example www.kms.example DS',
    ],
  ])('%s', async (_, change, expected) => {
    expect(await verdict(change, www)).toBe(expected);
  });

  test('made from a signed DNAME', async () => {
    const old = 'www.old.kms.example';
    const answers = [
      ...signedSet(ZONE, zsk, { owner: 'old.kms.example', type: DNAME, data: [wire('new.kms.example')] }),
      ...signedSet(ZONE, null, { owner: old, type: CNAME, data: [wire('www.new.kms.example')] }),
      ...addresses('www.new.kms.example', zsk),
    ];
    const world: World = {
      'old.kms.example DS': { authorities: nsec(ZONE, zsk, 'old.kms.example', 'z.kms.example', [DNAME, RRSIG, NSEC]) },
      'www.old.kms.example DS': { answers: answers.slice(0, 3) },
      'new.kms.example DS': { authorities: nsec(ZONE, zsk, 'b.kms.example', 'www.new.kms.example', [A]) },
      'www.new.kms.example DS': { authorities: nsec(ZONE, zsk, 'www.new.kms.example', 'z.kms.example', [A]) },
      'www.old.kms.example A': { answers },
    };
    expect(await verdict(world, old)).toBe('secure');
  });

  test('a loop ends', async () => {
    const answers = alias(www);
    expect(await verdict({ 'www.kms.example DS': { answers }, 'www.kms.example A': { answers } }, www)).toMatch(
      /^not-checked/,
    );
  });
});
