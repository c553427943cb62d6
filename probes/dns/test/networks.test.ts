// Owns the tests of looking addresses up in given lists: gathered in a real scene, then told as facts, sentence and table.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readAddressRanges } from '../../../src/model/address-range-files.ts';
import { AddressTable } from '../../../src/model/address-ranges.ts';
import type { IpAddress } from '../../../src/model/text.ts';
import type { Lookup } from '../../../src/model/trace.ts';
import { type DnsEvidence, dnsEvidenceSchema, type NetworkEvidence } from '../evidence.ts';
import { networkBlocks, networkFacts, standsIn } from '../network-words.ts';
import { networksOf } from '../networks.ts';
import { flattening } from '../who.ts';

const { evidence } = JSON.parse(
  readFileSync(new URL('cases/one-network-own-servers.json', import.meta.url), 'utf8'),
) as { evidence: unknown };
const base = dnsEvidenceSchema.parse(evidence);
const lookup = (...addresses: readonly string[]) =>
  ({
    addresses: addresses.map((address) => ({ address: address as IpAddress, ttlSeconds: 60, family: 4 })),
  }) as unknown as Lookup;

function table(...files: readonly (object | string)[]): AddressTable {
  const ranges = new AddressTable();
  for (const file of files) readAddressRanges(typeof file === 'string' ? file : JSON.stringify(file), 'list', ranges);
  return ranges;
}

const row = (ip_prefix: string, region: string, service = 'EC2', network_border_group = region) => ({
  ip_prefix,
  region,
  service,
  network_border_group,
});
const amazon = {
  prefixes: [
    row('198.51.100.0/25', 'eu-west-1'),
    row('198.51.100.128/26', 'eu-west-2'),
    row('198.51.100.192/26', 'us-west-2', 'EC2', 'us-west-2-lax-1'),
  ],
};

function gathered(ranges: AddressTable, ...addresses: readonly string[]): DnsEvidence {
  const networks = networksOf(ranges, lookup(...addresses), base.delegation.slice(-1));
  return dnsEvidenceSchema.parse({ ...base, networks });
}

describe('addresses in given lists', () => {
  test('are told by place, the most first, and what no list holds beside them', () => {
    const dns = gathered(
      table(amazon),
      '198.51.100.1',
      '198.51.100.129',
      '198.51.100.130',
      '198.51.100.200',
      '203.0.113.1',
    );
    expect(standsIn(dns)).toBe('; its addresses are of AWS eu-west-2 (2), AWS eu-west-1 (1), AWS us-west-2-lax-1 (1)');
    expect(networkFacts(dns)).toMatchObject({
      addressSpread: [
        { operator: 'AWS', region: 'eu-west-2', localZone: null, addresses: 2 },
        { operator: 'AWS', region: 'eu-west-1', localZone: null, addresses: 1 },
        { operator: 'AWS', region: 'us-west-2', localZone: 'us-west-2-lax-1', addresses: 1 },
        { operator: null, region: null, localZone: null, addresses: 1 },
      ],
      nameServerAutonomousSystems: [],
    });
    expect(networkBlocks(dns)).toMatchObject([{ kind: 'table', rows: { length: 5 + 4 } }]);
  });

  test('name servers are told with their systems', () => {
    const dns = gathered(
      table('192.0.2.0\t192.0.2.255\t64500\tNL\tA\n2001:db8::\t2001:db8:ffff::\t64501\tNL\tB\n'),
      '198.51.100.1',
    );
    expect(networkFacts(dns)['nameServerAutonomousSystems']).toEqual([64_500, 64_501]);
    expect(standsIn(dns)).toBe('');
  });

  test('without a list nothing is told', () => {
    expect([standsIn(base), networkFacts(base), networkBlocks(base)]).toEqual(['', {}, []]);
  });
});

describe('addresses copied from a target', () => {
  const front = (service: string | null): NetworkEvidence => ({
    address: '198.51.100.1' as IpAddress,
    of: 'address',
    zone: null,
    prefix: '198.51.100.0/24',
    operator: service === null ? null : 'AWS',
    service,
    region: 'global',
    localZone: null,
    asn: null,
    asName: null,
  });
  const told = (part: Partial<DnsEvidence>) => flattening({ ...base, aliases: [], ...part });

  test.each([
    ['the range of a service that nobody else uses', { networks: [front('CLOUDFRONT')] }, 'AWS CloudFront'],
    [
      'Route 53 copies for any name',
      { name: 'www.kms.example' as DnsEvidence['name'], provider: 'Route 53', networks: [front('GLOBALACCELERATOR')] },
      'AWS Global Accelerator',
    ],
    [
      'other operators at the apex only',
      { name: 'www.kms.example' as DnsEvidence['name'], networks: [front('CLOUDFRONT')] },
      undefined,
    ],
    ['a machine may have that address', { networks: [front('EC2')] }, undefined],
    ['only part of the addresses', { networks: [front('CLOUDFRONT'), front('EC2')] }, undefined],
    ['no list holds it', { networks: [front(null)] }, undefined],
    [
      'a longer TTL',
      {
        networks: [front('CLOUDFRONT')],
        records: base.records.map((one) => ({ ...one, authoritativeTtlSeconds: 300 })),
      },
      undefined,
    ],
  ])('%s', (_, part, to) => {
    const seen = told(part);
    expect(seen?.to).toBe(to);
    expect(seen?.signals.length ?? 0).toBe(to === undefined ? 0 : 2);
  });
});
