import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wireText } from '../../../src/model/text.ts';
import { hasRule, odditiesOf } from '../delegation-set.ts';
import { operatorOf, operatorOfMailbox, operatorsOf, providerOf } from '../provider.ts';
import { providerRows, soaMailboxes } from '../providers.ts';

const known: readonly (readonly [name: string, operator: string])[] = [
  ['ns-1313.awsdns-36.org', 'Route 53'],
  ['ns-1047.awsdns-cn-01.net', 'Route 53 (China)'],
  ['ns-intl-3268.awsdns-cn-12.cn', 'Route 53 (China)'],
  ['ns-cloud-e4.googledomains.com', 'Google Cloud DNS'],
  ['ns2-03.azure-dns.cn', 'Azure DNS (China)'],
  ['ns1-01.azure-dns.com', 'Azure DNS'],
  ['ns4-205.azure-dns.info', 'Azure DNS'],
  ['kim.ns.cloudflare.com', 'Cloudflare'],
  ['gold.foundationdns.org', 'Cloudflare'],
  ['dns4.p07.nsone.net', 'NS1'],
  ['a13-65.akam.net', 'Akamai Edge DNS'],
  ['ns1-173.akam.net', 'Akamai Edge DNS'],
  ['eur5.akam.net', 'Akamai Edge DNS'],
  ['udns1.ultradns.net', 'UltraDNS'],
  ['sdns110.ultradns.com', 'UltraDNS'],
  ['pdns5.ultradns.info', 'UltraDNS'],
  ['ns1.p16.dynect.net', 'Dyn'],
  ['ns1.p201.dns.oraclecloud.net', 'Oracle Cloud DNS'],
  ['ns2.dnsimple-edge.net', 'DNSimple'],
  ['ns0.dnsmadeeasy.com', 'DNS Made Easy'],
  ['ns61.constellix.net', 'Constellix'],
  ['ns-238-a.gandi.net', 'Gandi'],
  ['dns104.ovh.net', 'OVHcloud'],
  ['ns200.anycast.me', 'OVHcloud'],
  ['helium.ns.hetzner.de', 'Hetzner'],
  ['ns3.digitalocean.com', 'DigitalOcean'],
  ['ns5.linode.com', 'Linode'],
  ['ns2.vultr.com', 'Vultr'],
  ['ns5.he.net', 'Hurricane Electric'],
  ['ns2.desec.org', 'deSEC'],
  ['ns3.inwx.eu', 'INWX'],
  ['ns2.gcdn.services', 'Gcore'],
  ['ns1.huaweicloud-dns.org', 'Huawei Cloud DNS'],
  ['pdns1.registrar-servers.com', 'Namecheap'],
  ['maceio.ns.porkbun.com', 'Porkbun'],
  ['ns1045.ui-dns.biz', 'IONOS'],
  ['ns59.domaincontrol.com', 'GoDaddy'],
  ['ns1.vercel-dns.com', 'Vercel'],
  ['coco.bunny.net', 'Bunny'],
  ['udns2.cscdns.uk', 'CSC'],
  ['ns3.markmonitor.com', 'MarkMonitor'],
];
const texts = (names: readonly string[]) => names.map((name) => wireText(name));

describe('the operator of a name server', () => {
  test.each(known)('%s is %s', (name, operator) => {
    expect(operatorOf(wireText(name))).toBe(operator);
  });

  test('every row is shown by a name, and tells its source', () => {
    expect(new Set(providerRows.map(({ operator }) => operator))).toEqual(
      new Set(known.map(([, operator]) => operator)),
    );
    for (const { source } of [...providerRows, ...soaMailboxes]) {
      expect(source === 'public zone data' || new URL(source).protocol === 'https:').toBe(true);
    }
  });

  test.each([
    'ns-1313.awsdns-36.org.evil.example',
    'x.ns-1313.awsdns-36.org',
    'ns-1313.awsdns-36.orgs',
    'ns-1313.evil-awsdns-36.org',
    'kim.ns.cloudflare.com.example',
    'kim.ns-cloudflare.com',
    'kimns.cloudflare.com',
    'ns1.he.network',
    'ns1.evilhe.net',
    'ns1\\.he.net',
    'ns1.he.net\nx',
    '',
  ])('%j is nobody’s', (name) => {
    expect(operatorOf(wireText(name))).toBeNull();
  });

  test('what stands before or behind a known name makes it nobody’s', () => {
    const label = fc.stringMatching(/^[a-z0-9-]{1,8}$/);
    fc.assert(
      fc.property(fc.constantFrom(...known), label, ([name], more) => {
        for (const changed of [`${name}.${more}`, `${more}.${name}`, `${name}\n${more}`]) {
          expect([changed, operatorOf(wireText(changed))]).toEqual([changed, null]);
        }
      }),
    );
  });

  test('operators are told once; a provider only when every name is known', () => {
    const mixed = texts(['dns1.p07.nsone.net', 'ns1.kms.example', 'ns-1.awsdns-00.com', 'dns2.p07.nsone.net']);
    expect([operatorsOf(mixed), providerOf(mixed)]).toEqual([['Route 53', 'NS1'], null]);
  });

  test('the SOA mailbox of a template is an operator’s, no other', () => {
    expect(operatorOfMailbox(wireText('awsdns-hostmaster.amazon.com'))).toBe('Route 53');
    expect(operatorOfMailbox(wireText('hostmaster.amazon.com'))).toBeNull();
  });
});

describe('what cannot be handed out', () => {
  test.each<[string, readonly string[]]>([
    ['Route 53', ['ns-695.awsdns-22.net', 'ns-1313.awsdns-36.org', 'ns-350.awsdns-43.com', 'ns-1805.awsdns-33.co.uk']],
    ['Route 53', ['ns-1056.awsdns-04.org', 'ns-215.awsdns-26.com', 'ns-1686.awsdns-18.co.uk', 'ns-970.awsdns-57.net']],
    [
      'Route 53, private zone',
      ['ns-0.awsdns-00.com', 'ns-512.awsdns-00.net', 'ns-1024.awsdns-00.org', 'ns-1536.awsdns-00.co.uk'],
    ],
    ['Route 53, two of four', ['ns-695.awsdns-22.net', 'ns-1313.awsdns-36.org']],
    ['Route 53 and NS1', ['ns-695.awsdns-22.net', 'ns-1313.awsdns-36.org', 'dns1.p07.nsone.net']],
    ['Cloud DNS', ['ns-cloud-e1.googledomains.com', 'ns-cloud-e2.googledomains.com', 'ns-cloud-e3.googledomains.com']],
    ['Azure DNS', ['ns1-07.azure-dns.com', 'ns2-07.azure-dns.net', 'ns3-07.azure-dns.org', 'ns4-07.azure-dns.info']],
    ['Azure DNS', ['ns1-205.azure-dns.com', 'ns2-205.azure-dns.net']],
  ])('a real set is not odd: %s', (_, names) => {
    expect(hasRule(texts(names))).toBe(true);
    expect(odditiesOf(texts(names))).toEqual([]);
  });

  test.each<[readonly string[], readonly string[]]>([
    [['ns-5514.awsdns-53.org'], ['its servers are ns-0 to ns-2047']],
    [['ns-2048.awsdns-64.com'], ['its servers are ns-0 to ns-2047']],
    [['ns-215.awsdns-62.com'], ['number 215 is in awsdns-26']],
    [['ns-215.awsdns-26.net'], ['number 215 is under .com']],
    [['ns-215.awsdns-26.co.uk.evil.example'], ['number 215 is under .com']],
    [['x.ns-215.awsdns-26.com', 'g-ns-1.awsdns-22.com'], []],
    [['ns-cloudb2.googledomains.com'], ['its servers are a letter and 1 to 4, under googledomains.com']],
    [['ns-215.awsdns-26.co'], ['number 215 is under .com']],
    [['ns215.awsdns-26.com'], ['its servers are ns-0 to ns-2047']],
    [['ns-215.awsdns26.com'], ['number 215 is in awsdns-26']],
    [['ns-1313.awsdns-36.org', 'ns-1057.awsdns-04.org'], ['a zone gets one of each top-level domain']],
    [['ns-cloud-a5.googledomains.com'], ['its servers are a letter and 1 to 4, under googledomains.com']],
    [['ns-cloud-a1.googledomains.co'], ['its servers are a letter and 1 to 4, under googledomains.com']],
    [['ns-cloud-a1.googledomains.com', 'ns-cloud-b2.googledomains.com'], ['a zone gets the four of one letter']],
    [['ns5-07.azure-dns.com'], ['its servers are ns1 to ns4']],
    [['ns1-07.azure-dns.net'], ['ns1 is under .com']],
    [['ns1-07.azure-dns.com', 'ns2-08.azure-dns.net'], ['a zone gets four of the same number']],
    [['kim.ns.cloudflare.com', 'ns1.kms.example'], []],
    // National clouds hand out sets by rules of their own.
    [['ns1-03.azure-dns.cn', 'ns2-03.azure-dns.cn'], []],
    [['ns-1047.awsdns-cn-01.net', 'ns-intl-3268.awsdns-cn-12.cn', 'ns-3268.awsdns-cn-12.cn'], []],
    [[], []],
  ])('%j: %j', (names, reasons) => {
    expect(odditiesOf(texts(names)).map(({ because }) => because)).toEqual(reasons);
  });

  test('of all numbers, exactly one domain fits each', () => {
    fc.assert(
      fc.property(fc.nat(2047), fc.nat(63), fc.constantFrom('com', 'net', 'org', 'co.uk'), (number, domain, end) => {
        const name = `ns-${number}.awsdns-${String(domain).padStart(2, '0')}.${end}`;
        const isRight =
          domain === Math.floor(number / 8) % 64 && end === ['com', 'net', 'org', 'co.uk'][Math.floor(number / 512)];
        expect(odditiesOf(texts([name])).length === 0).toBe(isRight);
      }),
      { numRuns: 500 },
    );
  });

  test('hostile names neither throw nor take long', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('ns-', 'awsdns-', '.', 'a', '9', 'azure-dns', '\n', '\u202e', 'ns-cloud-'), {
          maxLength: 80,
        }),
        (pieces) => {
          odditiesOf(texts([pieces.join('')]));
        },
      ),
    );
  });
});
