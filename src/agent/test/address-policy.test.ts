// Holds where the agent may be sent: metadata services and link-local addresses not, lists in both directions, IPv4 in IPv6 clothes included.
import { expect, test } from 'vitest';
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
])('without lists %s: %s', (address, allowed) => expect(addressPolicy([], [])(address) === null).toBe(allowed));

test('what is allowed is all there is, what is denied wins', () => {
  const policy = addressPolicy(['10.0.0.0/8', '2001:db8::/32', '169.254.169.254'], ['10.1.0.0/16']);
  expect(['10.0.0.1', '2001:db8::1', '169.254.169.254'].map(policy)).toEqual([null, null, null]);
  expect(['10.1.2.3', '192.0.2.1', '::ffff:10.1.2.3', 'fe80::1'].map((one) => policy(one) === null)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test.each(['ten', '10.0.0.0/33', '10.0.0.0/x', '::/129', ''])('%j is no network', (network) =>
  expect(() => addressPolicy([network], [])).toThrow('is not a network'),
);
