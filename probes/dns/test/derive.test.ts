import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DnsName, wireText } from '../../../src/model/text.ts';
import { formatServer, parseResolver } from '../../../src/net/dns/server-text.ts';
import { digAt, shiftOf } from '../derive.ts';
import type { RecordEvidence } from '../evidence.ts';
import { dnsOptionsSchema, dnsPolicySchema } from '../options.ts';
import { providerOf } from '../provider.ts';

describe('the provider, from the names of the servers', () => {
  test.each<[readonly string[], string | null]>([
    [['ns-2048.awsdns-64.com', 'ns-1.awsdns-00.net'], 'Route 53'],
    [['ns-cloud-a1.googledomains.com', 'ns-cloud-a2.googledomains.com'], 'Google Cloud DNS'],
    [['ns1-05.azure-dns.com', 'ns4-05.azure-dns.info'], 'Azure DNS'],
    [['ada.ns.cloudflare.com', 'bob.ns.cloudflare.com'], 'Cloudflare'],
    [['dns1.p01.nsone.net', 'ns-1.awsdns-00.com'], 'Route 53 and NS1'],
    [['ada.ns.cloudflare.com', 'ns1.kms.example'], null],
    [['ada.ns.cloudflare.com.evil.example'], null],
    [['xada.ns.cloudflare.com\n.evil'], null],
    [[], null],
  ])('%j is %j', (names, provider) => {
    expect(providerOf(names.map((name) => wireText(name)))).toBe(provider);
  });
});

describe('how long a change takes', () => {
  const records = fc.array(
    fc.record({
      name: fc.constantFrom('a.example' as DnsName, 'b.example' as DnsName),
      type: fc.constantFrom('A' as const, 'CNAME' as const),
      ttlSeconds: fc.nat(3600),
      authoritativeTtlSeconds: fc.option(fc.nat(3600)),
      data: fc.constant(wireText('x')),
    }),
    { maxLength: 6 },
  );
  const life = (record: RecordEvidence) => record.authoritativeTtlSeconds ?? record.ttlSeconds;

  test('is the longest life of a link, half of it typically, and names that link', () => {
    fc.assert(
      fc.property(records, (links) => {
        const shift = shiftOf(links);
        expect(shift === null).toBe(links.length === 0);
        if (shift === null) return;
        expect(shift.worstSeconds).toBe(Math.max(...links.map(life)));
        expect(shift.typicalSeconds).toBe(shift.worstSeconds / 2);
        expect(
          links.some((one) => `${one.name} ${one.type}` === shift.limitedBy && life(one) === shift.worstSeconds),
        ).toBe(true);
        expect(shift.basis === 'authority').toBe(links.every((one) => one.authoritativeTtlSeconds !== null));
      }),
    );
  });
});

describe('options and policy', () => {
  test('have defaults, and refuse what they do not know', () => {
    expect(dnsOptionsSchema.parse({})).toEqual({
      authorityPort: 53,
      maxServers: 8,
      mailRecords: false,
      policyQueries: 20,
      axfr: false,
      conformance: 'few',
      trustAnchor: null,
      rootHints: null,
    });
    expect(dnsPolicySchema.parse({})).toEqual({
      shiftWarnSeconds: 60,
      negativeNoticeSeconds: 900,
      providerMoveNoticeSeconds: 172_800,
      nameServerSlowMs: 200,
      slowServersShare: 0.5,
    });
    expect(() => dnsPolicySchema.parse({ shiftWarnSecond: 5 })).toThrow();
    expect(() => dnsOptionsSchema.parse({ maxServers: 0 })).toThrow();
  });
});

describe('dig at a resolver as it is written for --resolver', () => {
  test.each([
    ['192.0.2.53', '@192.0.2.53'],
    ['192.0.2.53#53', '@192.0.2.53'],
    ['2001:db8::53#5353', '@2001:db8::53 -p 5353'],
    ['tls://192.0.2.53', '@192.0.2.53 +tls'],
    ['tls://192.0.2.53:8853', '@192.0.2.53 -p 8853 +tls'],
    ['tls://192.0.2.53#dns.example', '@192.0.2.53 +tls +tls-ca +tls-hostname=dns.example'],
    ['tls://[2001:db8::53]#dns.example:8853', '@2001:db8::53 -p 8853 +tls +tls-ca +tls-hostname=dns.example'],
    ['https://dns.example/dns-query', '@dns.example +https=/dns-query +tls-ca'],
    ['https://[2001:db8::53]:8443/q', '@2001:db8::53 -p 8443 +https=/q +tls-ca'],
  ])('%s', (written, expected) => {
    const { resolver, argv } = {
      resolver: formatServer(parseResolver(written)),
      argv: digAt(written, 'kms.example', 'A'),
    };
    expect(resolver.replace(/#53$/, '')).toBe(written.replace(/#53$/, ''));
    expect(argv).toEqual({ kind: 'command', argv: ['dig', ...expected.split(' '), 'kms.example', 'A'] });
  });
});
