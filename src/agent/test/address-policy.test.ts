// Holds where the agent may be sent: metadata services and link-local addresses not, lists in both directions, IPv4 in IPv6 clothes included.
import { describe, expect, test } from 'vitest';
import { addressPolicy } from '../address-policy.ts';

test.each([
  ['192.0.2.1', true],
  ['10.0.0.1', true],
  ['127.0.0.1', true],
  ['169.254.169.254', false],
  ['::ffff:169.254.169.254', false],
  ['fe80::1', false],
  ['fe80::1%eth0', false],
  ['fd00:ec2::254', false],
  ['100.100.100.200', false],
  ['0.0.0.0', false],
  ['::', false],
  ['fd20:ce::254', false],
  ['192.0.0.192', false],
  ['192.0.0.191', true],
  ['64:ff9b::169.254.169.254', false],
  ['64:ff9b::a9fe:a9fe', false],
  ['64:ff9b::192.0.2.1', true],
])('without lists %s: %s', (address, allowed) => expect(addressPolicy([], [])(address) === null).toBe(allowed));

test('what is allowed is all there is, what is denied wins', () => {
  const policy = addressPolicy(['10.0.0.0/8', '2001:db8::/32', '169.254.169.254'], ['10.1.0.0/16']);
  expect(['10.0.0.1', '2001:db8::1', '169.254.169.254'].map((one) => policy(one))).toEqual([null, null, null]);
  expect(['10.1.2.3', '192.0.2.1', '::ffff:10.1.2.3', 'fe80::1'].map((one) => policy(one) === null)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test('what was asked before changes nothing', () => {
  const policy = addressPolicy(['a.example', '192.0.2.0/24'], []);
  for (let round = 0; round < 2; round++) {
    expect(policy('10.0.0.1', 'a.example')).toBeNull();
    expect(policy('10.0.0.1', 'b.example')).toContain('b.example is no name');
    expect(policy('10.0.0.1')).toContain('in no network');
    expect(policy('192.0.2.1', 'b.example')).toBeNull();
  }
  // A text that only looks like an address with its name is a name.
  const open = addressPolicy([], []);
  for (let round = 0; round < 2; round++) {
    expect(open('169.254.169.254 a.example')).toBeNull();
    expect(open('169.254.169.254', 'a.example')).toContain('link-local');
    expect(open('169.254.169.254 ')).toBeNull();
    expect(open('169.254.169.254', '')).toContain('link-local');
  }
});

test.each(['10.0.0.0/33', '10.0.0.0/x', '::/129'])('%j is no network', (network) =>
  expect(() => addressPolicy([network], [])).toThrow('is not a network'),
);

test.each([
  '',
  '*',
  '*.',
  '*.*.example',
  'a.*.example',
  '.example',
  '10.0.0',
  '10.0.0.1.2',
  'ten/8',
  'kms.example/24',
  'a b',
  'https://kms.example',
])('%j is neither a network nor a name', (text) => {
  for (const [allow, deny] of [
    [[text], []],
    [[], [text]],
  ] as const)
    expect(() => addressPolicy(allow, deny)).toThrow('is neither a network nor a name');
});

describe('rules by name', () => {
  test.each([
    ['kms.example', 'kms.example', true],
    ['kms.example', 'KMS.Example.', true],
    ['KMS.example.', 'kms.example', true],
    ['kms.example', 'a.kms.example', false],
    ['kms.example', 'xkms.example', false],
    ['*.kms.example', 'a.b.kms.example', true],
    ['*.kms.example', 'kms.example', false],
    ['*.kms.example', 'xkms.example', false],
    ['bücher.example', 'xn--bcher-kva.example', true],
    ['xn--bcher-kva.example', 'Bücher.example', true],
    ['*.internal', 'db.internal', true],
  ])('%s holds for %s: %s', (rule, name, holds) => {
    expect(addressPolicy([], [rule])('192.0.2.1', name) === null).toBe(!holds);
    expect(addressPolicy([rule], [])('192.0.2.1', name) === null).toBe(holds);
    expect(addressPolicy([], [rule])(name) === null).toBe(!holds);
    expect(addressPolicy([], [rule]).follows?.(name) === null).toBe(!holds);
  });

  test.each([
    ['a name alone leads to any address', ['kms.example'], [], '10.0.0.1', 'kms.example', null],
    ['but not to metadata', ['kms.example'], [], '169.254.169.254', 'kms.example', 'link-local'],
    ['nor to a denied network', ['kms.example'], ['10.0.0.0/8'], '10.0.0.1', 'kms.example', 'denied by --deny'],
    ['nor to one in IPv6 clothes', ['kms.example'], ['10.0.0.0/8'], '::ffff:10.0.0.1', 'kms.example', 'denied'],
    ['nor to one behind a NAT64', ['kms.example'], ['10.0.0.0/8'], '64:ff9b::10.0.0.1', 'kms.example', 'denied'],
    ['unless the network is allowed too', ['kms.example', '169.254.0.0/16'], [], '169.254.1.1', 'kms.example', null],
    ['what nobody named is no name', ['kms.example'], [], '10.0.0.1', undefined, 'in no network that --allow names'],
    ['another name is none', ['kms.example'], [], '10.0.0.1', 'a.example', 'no name that it permits'],
    ['a network holds for every name', ['kms.example', '10.0.0.0/8'], [], '10.0.0.1', 'a.example', null],
    [
      'denied wins over allowed',
      ['*.example'],
      ['kms.example'],
      '10.0.0.1',
      'kms.example',
      'denied by --deny kms.example',
    ],
    ['a denied name, an allowed network', ['10.0.0.0/8'], ['*.example'], '10.0.0.1', 'a.example', 'denied by --deny'],
  ] as const)('%s', (_, allow, deny, address, name, says) => {
    const because = addressPolicy(allow, deny)(address, name);
    if (says === null) expect(because).toBeNull();
    else expect(because).toContain(says);
  });

  test('a name that somebody else looks up must be one that is allowed, where names are', () => {
    expect(addressPolicy(['kms.example'], [])('a.example')).toContain('no name that --allow permits');
    expect(addressPolicy(['10.0.0.0/8'], [])('a.example')).toBeNull();
    expect(addressPolicy([], ['192.0.2.0/24'])('a.example')).toBeNull();
  });

  test('names are followed where a rule names some', () => {
    expect(addressPolicy(['10.0.0.0/8'], ['192.0.2.1']).follows).toBeNull();
    expect(addressPolicy(['kms.example'], []).follows).not.toBeNull();
  });
});
