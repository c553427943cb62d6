// Owns the tests of the lists of address ranges: the shapes in which they are published, what holds where they nest, and hostile files.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAddressRanges, readPrefix } from '../address-range-files.ts';
import { AddressTable } from '../address-ranges.ts';
import { ipAddress } from '../target.ts';
import type { IpAddress } from '../text.ts';
import { UsageError } from '../usage-error.ts';

function tableOf(...files: readonly (string | object)[]): AddressTable {
  const table = new AddressTable();
  for (const file of files) readAddressRanges(typeof file === 'string' ? file : JSON.stringify(file), 'list', table);
  return table;
}

/** Each shape as its publisher documents it; the addresses are those of documentation (RFC 5737, RFC 3849). */
const amazon = {
  syncToken: '1',
  createDate: '2026-11-01-00-00-00',
  prefixes: [
    { ip_prefix: '192.0.2.0/24', region: 'eu-west-1', service: 'AMAZON', network_border_group: 'eu-west-1' },
    { ip_prefix: '192.0.2.0/24', region: 'eu-west-1', service: 'EC2', network_border_group: 'eu-west-1' },
    { ip_prefix: '192.0.2.128/25', region: 'us-west-2', service: 'EC2', network_border_group: 'us-west-2-lax-1' },
    { ip_prefix: '198.51.100.0/24', region: 'GLOBAL', service: 'AMAZON', network_border_group: 'GLOBAL' },
    { ip_prefix: '198.51.100.0/25', region: 'GLOBAL', service: 'CLOUDFRONT', network_border_group: 'GLOBAL' },
  ],
  ipv6_prefixes: [
    { ipv6_prefix: '2001:db8:a::/48', region: 'eu-west-1', service: 'AMAZON', network_border_group: 'eu-west-1' },
  ],
};
const google = {
  syncToken: '1',
  creationTime: '2026-11-01T00:00:00',
  prefixes: [
    { ipv4Prefix: '203.0.113.0/25', service: 'Google Cloud', scope: 'europe-west1' },
    { ipv4Prefix: '203.0.113.128/25', service: 'Google Cloud', scope: 'global' },
    { ipv6Prefix: '2001:db8:b::/44', service: 'Google Cloud', scope: 'us-east4' },
  ],
};
const goog = { prefixes: [{ ipv4Prefix: '203.0.113.0/24' }] };
const azure = {
  changeNumber: 1,
  cloud: 'Public',
  values: [
    {
      name: 'AzureCloud',
      id: 'AzureCloud',
      properties: { region: '', systemService: '', addressPrefixes: ['192.0.2.0/24'] },
    },
    {
      name: 'AzureCloud.westeurope',
      properties: { region: 'westeurope', systemService: '', addressPrefixes: ['192.0.2.0/24', '2001:db8:c::/48'] },
    },
    {
      name: 'AzureFrontDoor.Frontend',
      properties: { region: '', systemService: 'AzureFrontDoor', addressPrefixes: ['192.0.2.16/28'] },
    },
  ],
};
const oracle = {
  last_updated_timestamp: '2026-11-01T00:00:00.000000',
  regions: [
    {
      region: 'us-phoenix-1',
      cidrs: [
        { cidr: '192.0.2.0/24', tags: ['OCI'] },
        { cidr: '198.51.100.0/24', tags: ['OSN', 'OBJECT_STORAGE'] },
      ],
    },
  ],
};
const github = {
  verifiable_password_authentication: true,
  ...{
    hooks: ['192.0.2.0/24'],
    web: ['192.0.2.0/24'],
    actions: ['198.51.100.0/24'],
    domains: { website: ['*.github.com'] },
  },
};
const iptoasn =
  '192.0.2.0\t192.0.2.255\t64500\tNL\tEXAMPLE-A\n198.51.100.0\t198.51.100.127\t0\tNone\tNot routed\n2001:db8::\t2001:db8:0:ffff:ffff:ffff:ffff:ffff\t64501\tDE\tEXAMPLE-B\n';
const pyasn = '; IP-ASN32-DAT file\n; Original file : rib\n192.0.2.0/24\t64500\n192.0.2.128/25\t64502\n';

describe('what a list says of an address', () => {
  test.each([
    [
      'AWS, the service rather than AMAZON',
      [amazon],
      '192.0.2.1',
      { operator: 'AWS', service: 'EC2', region: 'eu-west-1', zone: null },
      '192.0.2.0/24',
    ],
    [
      'AWS, a Local Zone',
      [amazon],
      '192.0.2.200',
      { operator: 'AWS', service: 'EC2', region: 'us-west-2', zone: 'us-west-2-lax-1' },
      '192.0.2.128/25',
    ],
    [
      'AWS, everywhere',
      [amazon],
      '198.51.100.7',
      { operator: 'AWS', service: 'CLOUDFRONT', region: 'global', zone: null },
      '198.51.100.0/25',
    ],
    [
      'AWS, IPv6, no service told',
      [amazon],
      '2001:db8:a::7',
      { operator: 'AWS', service: null, region: 'eu-west-1', zone: null },
      '2001:db8:a::/48',
    ],
    [
      'Google Cloud within Google',
      [goog, google],
      '203.0.113.7',
      { operator: 'Google', service: 'Google Cloud', region: 'europe-west1', zone: null },
      '203.0.113.0/25',
    ],
    [
      'Google Cloud, everywhere',
      [google],
      '203.0.113.200',
      { operator: 'Google', service: 'Google Cloud', region: 'global', zone: null },
      '203.0.113.128/25',
    ],
    [
      'Google, not its cloud',
      [goog],
      '203.0.113.7',
      { operator: 'Google', service: null, region: null, zone: null },
      '203.0.113.0/24',
    ],
    [
      'Google Cloud, IPv6',
      [google],
      '2001:db8:f::1',
      { operator: 'Google', service: 'Google Cloud', region: 'us-east4', zone: null },
      '2001:db8:b::/44',
    ],
    [
      'Azure, a region',
      [azure],
      '192.0.2.1',
      { operator: 'Microsoft Azure', service: null, region: 'westeurope', zone: null },
      '192.0.2.0/24',
    ],
    [
      'Azure, a service in the range of a region',
      [azure],
      '192.0.2.17',
      { operator: 'Microsoft Azure', service: 'AzureFrontDoor', region: 'westeurope', zone: null },
      '192.0.2.16/28',
    ],
    [
      'Cloudflare, by its API',
      [{ success: true, result: { ipv4_cidrs: ['192.0.2.0/24'], ipv6_cidrs: ['2001:db8::/32'] } }],
      '2001:db8::7',
      { operator: 'Cloudflare', service: null, region: 'global', zone: null },
      '2001:db8::/32',
    ],
    [
      'Fastly',
      [{ addresses: ['192.0.2.0/24'], ipv6_addresses: ['2001:db8::/32'] }],
      '192.0.2.7',
      { operator: 'Fastly', service: null, region: 'global', zone: null },
      '192.0.2.0/24',
    ],
    [
      'Oracle, a customer’s network',
      [oracle],
      '192.0.2.7',
      { operator: 'Oracle Cloud', service: null, region: 'us-phoenix-1', zone: null },
      '192.0.2.0/24',
    ],
    [
      'Oracle, a service of its own',
      [oracle],
      '198.51.100.7',
      { operator: 'Oracle Cloud', service: 'OBJECT_STORAGE', region: 'us-phoenix-1', zone: null },
      '198.51.100.0/24',
    ],
    [
      'GitHub, what is likeliest of what it serves there',
      [github],
      '192.0.2.7',
      { operator: 'GitHub', service: 'web', region: null, zone: null },
      '192.0.2.0/24',
    ],
    ['GitHub, a runner in another cloud', [github], '198.51.100.7', null, null],
    [
      'a plain list, of whom its file is named after',
      ['# offices\r\n192.0.2.0/24 # here\r\n\r\n2001:db8::/32\r\n'],
      '192.0.2.7',
      { operator: 'list', service: null, region: null, zone: null },
      '192.0.2.0/24',
    ],
    ['nobody’s', [amazon, google, azure], '192.0.3.1', null, null],
  ] as const)('%s', (_, files, address, place, prefix) => {
    const found = tableOf(...files).find(address as IpAddress);
    expect({ ...found, prefix: prefix === null ? found.prefix : readPrefix(found.prefix ?? '') }).toEqual({
      place,
      prefix: prefix === null ? null : readPrefix(prefix),
      autonomousSystem: null,
    });
  });

  test.each([
    ['a range', iptoasn, '192.0.2.255', { asn: 64_500, name: 'EXAMPLE-A' }],
    ['an IPv6 range', iptoasn, '2001:db8::1', { asn: 64_501, name: 'EXAMPLE-B' }],
    ['behind the last range', iptoasn, '2001:db9::1', null],
    ['before the first range', iptoasn, '192.0.1.255', null],
    ['not routed', iptoasn, '198.51.100.1', null],
    ['unsorted', iptoasn.split('\n').toReversed().join('\n'), '192.0.2.0', { asn: 64_500, name: 'EXAMPLE-A' }],
    ['a prefix', pyasn, '192.0.2.1', { asn: 64_500, name: null }],
    ['the longest prefix', pyasn, '192.0.2.129', { asn: 64_502, name: null }],
  ])('autonomous system: %s', (_, file, address, system) => {
    expect(tableOf(file).find(address as IpAddress)).toEqual({ prefix: null, place: null, autonomousSystem: system });
  });
});

test.each([
  ['/somewhere/ips-v4', 'Cloudflare', 'global'],
  ['ips-v6.txt', 'Cloudflare', 'global'],
  ['C:\\\\lists\\\\office.csv', 'office', null],
  ['\u001b[31m', 'unnamed list', null],
])('a plain list in %s is of %s', (file, operator, region) => {
  const table = new AddressTable();
  readAddressRanges('192.0.2.0/24\n', file, table);
  expect(table.find('192.0.2.1' as IpAddress).place).toEqual({ operator, service: null, region, zone: null });
});

test('the longest of nested prefixes is the one that a search through all of them finds', () => {
  const row = fc.record({
    bytes: fc.uint8Array({ minLength: 1, maxLength: 1 }),
    bits: fc.integer({ min: 25, max: 32 }),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), fc.integer({ min: 0, max: 255 }), (rows, last) => {
      const prefixes = rows.map(({ bytes, bits }) => ({ at: bytes[0] ?? 0, bits }));
      const list = prefixes.map(({ at, bits }) => `192.0.2.${at}/${bits}\t${bits}\n`).join('');
      const holding = prefixes.filter(({ at, bits }) => at >>> (32 - bits) === last >>> (32 - bits));
      const longest = holding.length === 0 ? null : Math.max(...holding.map(({ bits }) => bits));
      expect(tableOf(list).find(`192.0.2.${last}` as IpAddress).autonomousSystem?.asn ?? null).toBe(longest);
    }),
  );
});

describe('what is no list', () => {
  test.each([
    '',
    'hello\n',
    '{',
    '{}',
    '{"prefixes":[]}',
    '{"prefixes":[{"ip_prefix":"192.0.2.0"}]}',
    '{"values":7}',
    '192.0.2.0/33\t1\n',
    '192.0.2.1\t2001:db8::1\t1\tX\tY\n',
    '[1]',
  ])('is refused: %s', (text) => expect(() => tableOf(text)).toThrow(UsageError));

  test('whatever it is, it is read or refused, and gives no word that could act in a terminal', () => {
    const hostile = {
      prefixes: [{ ip_prefix: '192.0.2.0/24', region: '\u001b[31m', service: 'EC2', network_border_group: 'a\nb' }],
    };
    expect(tableOf(hostile).find('192.0.2.1' as IpAddress).place).toEqual({
      operator: 'AWS',
      service: 'EC2',
      region: null,
      zone: null,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((text) => `{"prefixes":[{"ip_prefix":${JSON.stringify(text)}}]}`),
        ),
        (text) => {
          try {
            tableOf(text).find(ipAddress('192.0.2.1') as IpAddress);
          } catch (error) {
            expect(error).toBeInstanceOf(UsageError);
          }
        },
      ),
    );
  });
});
