import { describe, expect, test } from 'vitest';
import { AddressTable } from '../../model/address-ranges.ts';
import { parseTarget } from '../../model/target.ts';
import type { DnsName, IpAddress } from '../../model/text.ts';
import type { Lookup } from '../../model/trace.ts';
import { endpointsOf, withZones } from '../endpoints.ts';
import { MAX_ENDPOINTS, type RideSettings } from '../settings.ts';

function settings(part: Partial<RideSettings>): RideSettings {
  return {
    ...{
      target: parseTarget('kms.example'),
      samples: 1,
      rate: 1,
      timeoutMs: 1,
      deadlineMs: 1,
      resolvers: null,
      families: [4, 6],
    },
    ...{
      connect: [],
      zones: [],
      servername: null,
      trust: { caPem: null, source: 'roots of Node.js', insecure: false },
      identity: null,
      http: 'negotiated',
    },
    ...{ request: { method: 'GET', headers: [], body: null, userAgent: '' }, probes: [], probeOptions: {} },
    ...part,
  };
}

function lookup(...addresses: readonly string[]): Lookup {
  const resolved = addresses.map((text) => ({
    address: text as IpAddress,
    family: text.includes(':') ? (6 as const) : (4 as const),
    ttlSeconds: 60,
  }));
  return {
    ...{ startMs: 0, durationMs: 1, resolver: '127.0.0.1#53', aliases: [], canonicalName: 'kms.example' as DnsName },
    ...{ addresses: resolved, problem: null, familyProblems: { ipv4: null, ipv6: null } },
  };
}

describe('endpointsOf', () => {
  test('every address once, IPv4 first, in numeric order, with TTL and zone', () => {
    const zones = [{ name: 'north', addresses: ['192.0.2.2' as IpAddress], source: 'flag' as const }];
    const { ridden } = endpointsOf(settings({ zones }), lookup('2001:db8::1', '192.0.2.10', '192.0.2.2', '192.0.2.2'));
    expect(ridden.map(({ id }) => id)).toEqual(['192.0.2.2:443', '192.0.2.10:443', '[2001:db8::1]:443']);
    expect(ridden[0]).toMatchObject({ zone: 'north', zoneSource: 'flag', ttlSeconds: 60, family: 4 });
    expect(ridden[1]).toMatchObject({ zone: null, zoneSource: null });
  });

  test('a zonal name of the chain tells the zone where nothing else does', () => {
    const zonal = 'us-east-2b.edge-1234567890abcdef.elb.us-east-2.amazonaws.com' as DnsName;
    const alias = { name: 'kms.example' as DnsName, target: zonal, ttlSeconds: 60 };
    const told = { ...lookup('192.0.2.1', '192.0.2.2'), aliases: [alias], canonicalName: zonal };
    const zones = [{ name: 'north', addresses: ['192.0.2.2' as IpAddress], source: 'flag' as const }];
    const shown = (part: Partial<RideSettings>, from: Lookup) =>
      endpointsOf(settings(part), from).ridden.map(({ zone, zoneSource }) => [zone, zoneSource]);
    expect(shown({ zones }, told)).toEqual([
      ['us-east-2b', 'dns-name'],
      ['north', 'flag'],
    ]);
    const foreign = { ...told, canonicalName: `${zonal}.evil.example` as DnsName, aliases: [] };
    expect(shown({}, foreign)).toEqual([
      [null, null],
      [null, null],
    ]);
    const byHand = [{ address: '192.0.2.1' as IpAddress, port: null, zone: null }];
    expect(shown({ connect: byHand }, told)).toEqual([[null, null]]);
  });

  test('an address of a zone’s own range tells the zone where nothing else does', () => {
    const networks = new AddressTable();
    networks.addPlace('192.0.2.0' as IpAddress, 31, {
      ...{ operator: 'AWS', service: 'EC2', region: 'us-west-2', zone: 'us-west-2-lax-1' },
    });
    networks.addPlace('192.0.2.2' as IpAddress, 31, {
      ...{ operator: 'AWS', service: 'EC2', region: 'us-west-2', zone: null },
    });
    const zones = [{ name: 'north', addresses: ['192.0.2.0' as IpAddress], source: 'flag' as const }];
    const { ridden } = endpointsOf(settings({ networks, zones }), lookup('192.0.2.0', '192.0.2.1', '192.0.2.2'));
    expect(ridden.map(({ zone, zoneSource }) => [zone, zoneSource])).toEqual([
      ['north', 'flag'],
      ['us-west-2-lax-1', 'network'],
      // A region is no zone: its addresses stand in several.
      [null, null],
    ]);
  });

  test('addresses given by hand replace DNS and keep their order, port and zone', () => {
    const connect = [
      { address: '192.0.2.9' as IpAddress, port: 8443, zone: 'south' },
      { address: '192.0.2.1' as IpAddress, port: null, zone: null },
    ];
    const { ridden } = endpointsOf(settings({ connect }), lookup('192.0.2.77'));
    expect(ridden.map(({ id, zone, ttlSeconds }) => [id, zone, ttlSeconds])).toEqual([
      ['192.0.2.9:8443', 'south', null],
      ['192.0.2.1:443', null, null],
    ]);
  });

  test('one family only, an address as target, nothing found', () => {
    const both = lookup('2001:db8::1', '192.0.2.1');
    expect(endpointsOf(settings({ families: [6] }), both).ridden.map(({ family }) => family)).toEqual([6]);
    const { ridden } = endpointsOf(settings({ target: parseTarget('[2001:db8::5]:8443') }), null);
    expect(ridden.map(({ id }) => id)).toEqual(['[2001:db8::5]:8443']);
    expect(endpointsOf(settings({}), null)).toEqual({ ridden: [], leftOut: 0 });
  });

  test('more addresses than the bound are counted, not ridden', () => {
    const many = Array.from({ length: MAX_ENDPOINTS + 3 }, (_, index) => `192.0.2.${index}`);
    const { ridden, leftOut } = endpointsOf(settings({}), lookup(...many));
    expect([ridden.length, leftOut]).toEqual([MAX_ENDPOINTS, 3]);
  });
});

describe('withZones', () => {
  test('the name of an address tells the zone where nothing else does, on every port of it', () => {
    const connect = ['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address, at) => ({
      ...{ address: address as IpAddress, port: 443 + at, zone: at === 2 ? 'given' : null },
    }));
    const told = ['192.0.2.1', '192.0.2.2', '192.0.2.9'].map((address) => ({
      address: address as IpAddress,
      zone: 'az1',
    }));
    const zoned = withZones(endpointsOf(settings({ connect }), null).ridden, told);
    expect(zoned.map(({ zone, zoneSource }) => [zone, zoneSource])).toEqual([
      ['az1', 'reverse-name'],
      ['az1', 'reverse-name'],
      ['given', 'flag'],
      [null, null],
    ]);
  });
});
