import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AddressScope, addressScope, answersMetadata, networkOf, reverseName } from '../address-scope.ts';
import { ipAddress } from '../target.ts';
import { dnsName, type IpAddress } from '../text.ts';

const address = (text: string): IpAddress => {
  const read = ipAddress(text);
  if (read === null) throw new Error(`${text} is no address`);
  return read;
};

describe('how far an address reaches', () => {
  test.each<[string, AddressScope]>([
    ['127.0.0.1', 'loopback'],
    ['127.255.255.255', 'loopback'],
    ['126.255.255.255', 'public'],
    ['128.0.0.0', 'public'],
    ['10.0.0.0', 'private'],
    ['9.255.255.255', 'public'],
    ['11.0.0.0', 'public'],
    ['172.15.255.255', 'public'],
    ['172.16.0.0', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.0', 'public'],
    ['192.168.0.0', 'private'],
    ['192.169.0.0', 'public'],
    ['100.63.255.255', 'public'],
    ['100.64.0.0', 'private'],
    ['100.127.255.255', 'private'],
    ['100.128.0.0', 'public'],
    ['169.254.1.1', 'link'],
    ['192.0.2.255', 'documentation'],
    ['192.0.3.0', 'public'],
    ['198.51.100.1', 'documentation'],
    ['203.0.113.1', 'documentation'],
    ['198.17.255.255', 'public'],
    ['198.19.255.255', 'special'],
    ['0.0.0.0', 'special'],
    ['223.255.255.255', 'public'],
    ['224.0.0.1', 'special'],
    ['255.255.255.255', 'special'],
    ['::', 'special'],
    ['::1', 'loopback'],
    ['::2', 'public'],
    ['fbff::1', 'public'],
    ['fc00::1', 'private'],
    ['fdff:ffff::1', 'private'],
    ['fe00::1', 'public'],
    ['fe80::1', 'link'],
    ['febf::1', 'link'],
    ['fec0::1', 'public'],
    ['ff02::1', 'special'],
    ['2001:db7:ffff::1', 'public'],
    ['2001:db8::1', 'documentation'],
    ['2001:db9::1', 'public'],
    ['3fff:fff::1', 'documentation'],
    ['3fff:1000::1', 'public'],
    ['2620:4f:8000::1', 'public'],
    ['::ffff:10.0.0.1', 'private'],
    ['::ffff:192.31.196.1', 'public'],
    // NAT64 (RFC 6052): what a resolver makes up leads through a translator, to a public address.
    ['64:ff9b::a00:1', 'public'],
  ])('%s is %s', (text, scope) => {
    expect(addressScope(address(text))).toBe(scope);
  });
});

describe('the network of an address', () => {
  test.each([
    ['192.0.2.255', '192.0.2.0/24'],
    ['2001:db8:1:2::3', '2001:db8:1::/48'],
    ['2001:db8::1', '2001:db8:0::/48'],
    ['::1', '0:0:0::/48'],
  ])('%s stands in %s', (text, network) => {
    expect(networkOf(address(text))).toBe(network);
  });

  test('two IPv4 addresses share one exactly when their first three numbers agree', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), (a, b) => {
        const same = a.split('.').slice(0, 3).join('.') === b.split('.').slice(0, 3).join('.');
        expect(networkOf(address(a)) === networkOf(address(b))).toBe(same);
      }),
    );
  });
});

describe('the name that tells an address’s own name', () => {
  test.each([
    ['192.0.2.1', '1.2.0.192.in-addr.arpa'],
    ['2001:db8::567:89ab', 'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa'],
  ])('%s: %s', (text, name) => {
    expect(reverseName(address(text))).toBe(name);
  });

  test('is a host name for every address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const name = reverseName(address(text));
        expect(dnsName(name)).toBe(name);
      }),
    );
  });
});

test.each([
  ['169.254.169.254', true],
  ['::ffff:169.254.169.254', true],
  ['fe80::a9fe:a9fe', true],
  ['64:ff9b::169.254.169.254', true],
  ['64:ff9b:1::169.254.169.254', false],
  ['64:ff9b::8.8.8.8', false],
  ['100.100.100.200', true],
  ['::ffff:100.100.100.200', true],
  ['100.100.100.201', false],
  ['192.0.0.192', true],
  ['192.0.0.193', false],
  ['fd00:ec2::254', true],
  ['fd00:ec2::253', false],
  ['fd20:ce::254', true],
  ['10.0.0.1', false],
])('a cloud answers at %s: %s', (text, answers) => expect(answersMetadata(address(text))).toBe(answers));
