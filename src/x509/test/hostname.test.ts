import { describe, expect, test } from 'vitest';
import { parseTarget } from '../../model/target.ts';
import { type IpAddress, wireText } from '../../model/text.ts';
import type { PresentedNames } from '../general-names.ts';
import { dnsMatches, hostMatches } from '../hostname.ts';

function presented(dns: readonly string[], ip: readonly string[] = []): PresentedNames {
  return {
    dns: dns.map((name) => wireText(name, 256)),
    ip: ip.map((address) => address as IpAddress),
    total: dns.length + ip.length,
  };
}

const LONG = `${'a'.repeat(63)}.`.repeat(3);

/** What is asked for as a person types it, the name in the certificate, whether it covers the host. */
const names: readonly (readonly [string, string, boolean])[] = [
  // RFC 9525 6.3: label by label, ASCII without case.
  ['kms.example', 'kms.example', true],
  ['kms.example', 'KMS.Example', true],
  ['KMS.EXAMPLE', 'kms.example', true],
  ['kms.example', 'kms.example.org', false],
  ['kms.example', 'example', false],
  ['kms.example', 'www.kms.example', false],
  ['www.kms.example', 'kms.example', false],
  ['kms.example', 'xkms.example', false],
  ['localhost', 'localhost', true],
  // The final dot is how a person writes it; in a dNSName it has no place (RFC 5280 4.2.1.6, RFC 1034 3.5).
  ['kms.example.', 'kms.example', true],
  ['kms.example', 'kms.example.', false],
  ['kms.example', '.kms.example', false],
  ['www.kms.example', '.kms.example', false],
  // The wildcard is the whole left-most label, and stands for exactly one.
  ['www.kms.example', '*.kms.example', true],
  ['WWW.kms.example', '*.KMS.example', true],
  ['kms.example', '*.kms.example', false],
  ['a.www.kms.example', '*.kms.example', false],
  ['a.www.kms.example', '*.*.kms.example', false],
  ['www.kms.example', 'www.*.example', false],
  ['www.kms.example', 'w*.kms.example', false],
  ['www.kms.example', '*w.kms.example', false],
  ['www.kms.example', 'w*w.kms.example', false],
  ['www.kms.example', '**.kms.example', false],
  ['localhost', '*', false],
  ['kms.example', '*', false],
  ['kms.example', '*.', false],
  ['localhost', '*.localhost', false],
  // Above the registry is for registries to say; RFC 9525 7.1 leaves it to the one who issues.
  ['kms.example', '*.example', true],
  // Internationalised names are compared as A-labels (RFC 9525 6.3, RFC 5890 2.3.2.1).
  ['bücher.example', 'xn--bcher-kva.example', true],
  ['xn--bcher-kva.example', 'XN--BCHER-KVA.example', true],
  ['bücher.example', 'bücher.example', false],
  ['bücher.example', 'b\u00fccher.example', false],
  ['bücher.kms.example', '*.kms.example', true],
  ['bücher.example', 'xn--*.example', false],
  ['bücher.example', 'xn--bcher-*.example', false],
  // What no host is called cannot cover one; a C string would end at the NUL.
  ['kms.example', 'kms.example\u0000.evil.example', false],
  ['kms.example', 'kms.example\u0000', false],
  ['kms.example', '\u0000kms.example', false],
  ['kms.example', 'kms.example\n', false],
  ['kms.example', ' kms.example', false],
  ['kms.example', 'kms.example\u200b', false],
  ['kms.example', 'kms。example', false],
  ['kms.example', '', false],
  ['kms.example', 'https://kms.example', false],
  ['kms.example', 'kms.example:443', false],
  // U+212A KELVIN SIGN lower-cases to k.
  ['kms.example', '\u212ams.example', false],
  // Labels with underscores are in use though no host may have them.
  ['_kms.example', '_kms.example', true],
  // As long as names may be, and cut when longer.
  [`${LONG}example`, `${LONG}example`, true],
  [`${LONG}example`, `${LONG}example${'a'.repeat(300)}`, false],
];

test.each(names)('asked for %j, a certificate for %j: %s', (asked, name, covered) => {
  expect(hostMatches(parseTarget(asked), presented([name]))).toBe(covered);
  expect(hostMatches(parseTarget(asked), presented(['other.test', name, '*.other.test']))).toBe(covered);
});

describe('an address', () => {
  test.each<[string, readonly string[], readonly string[], boolean]>([
    // RFC 9525 6.5: an iPAddress entry, octet for octet.
    ['192.0.2.1', [], ['192.0.2.1'], true],
    ['192.0.2.1', [], ['192.0.2.2'], false],
    ['192.0.2.1', ['192.0.2.1'], [], false],
    ['192.0.2.1', ['*.0.2.1'], [], false],
    ['[2001:DB8:0::1]', [], ['2001:db8::1'], true],
    ['2001:db8::1', [], ['2001:db8::2'], false],
    ['2001:db8::1', ['2001:db8::1'], [], false],
    ['[::ffff:192.0.2.1]', [], ['192.0.2.1'], false],
    // And a name is matched by no address.
    ['kms.example', [], ['192.0.2.1'], false],
    ['kms.example', ['kms.example'], ['192.0.2.1'], true],
  ])('%s against names %j and addresses %j: %s', (asked, dns, ip, covered) => {
    expect(hostMatches(parseTarget(asked), presented(dns, ip))).toBe(covered);
  });

  test('of a certificate without subjectAltName is never covered', () => {
    expect(hostMatches(parseTarget('192.0.2.1'), presented([]))).toBe(false);
    expect(hostMatches(parseTarget('kms.example'), presented([]))).toBe(false);
  });
});

test('a hostile name takes no time: cost grows with its length, not worse', () => {
  // A pattern that backtracks would need hours for these; the test's own timeout is the judge.
  for (const name of ['a-'.repeat(50_000), `${'a.'.repeat(50_000)}!`, `${'-'.repeat(100_000)}\u0000`]) {
    expect(dnsMatches('kms.example', wireText(name, 1_000_000))).toBe(false);
  }
});
