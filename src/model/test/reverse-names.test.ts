// Names that addresses carry, and what may be read out of each: published forms, plain words of zones, look-alikes that say nothing.
import { describe, expect, test } from 'vitest';
import { hasZoneWord, readReverseName, reverseNameRows, zonesByDifference } from '../reverse-names.ts';
import { type DnsName, dnsName } from '../text.ts';

const told = (name: string) => {
  const read = readReverseName(name as DnsName);
  return read === null ? null : [read.operator, read.region, read.zone, read.place];
};

describe('a published form', () => {
  test.each<[string, ReturnType<typeof told>]>([
    ['ec2-203-0-113-25.eu-west-1.compute.amazonaws.com', ['AWS', 'eu-west-1', null, null]],
    ['ec2-203-0-113-25.us-gov-west-1.compute.amazonaws.com', ['AWS', 'us-gov-west-1', null, null]],
    ['ec2-203-0-113-25.cn-north-1.compute.amazonaws.com.cn', ['AWS', 'cn-north-1', null, null]],
    // Older than the naming of regions.
    ['ec2-203-0-113-25.compute-1.amazonaws.com', ['AWS', 'us-east-1', null, null]],
    ['server-203-0-113-25.fra50.r.cloudfront.net', ['AWS', null, null, 'fra50']],
    ['server-203.0.113.25.ord53-c1.r.cloudfront.net', ['AWS', null, null, 'ord53-c1']],
    ['kms.westeurope.cloudapp.azure.com', ['Microsoft Azure', 'westeurope', null, null]],
    ['203-0-113-25.fi-hel1.upcloud.host', ['UpCloud', null, 'fi-hel1', null]],
    // Known, and without a place.
    ['25.113.0.203.bc.googleusercontent.com', null],
    ['a203-0-113-25.deploy.static.akamaitechnologies.com', null],
    // What nobody publishes how to read.
    ['fra16s49-in-f14.1e100.net', null],
    ['static.25.113.0.203.clients.your-server.de', null],
    // Look-alikes.
    ['ec2-203-0-113-25.eu-west-1.compute.amazonaws.com.attacker.example', null],
    ['ec2-203-0-113-25.eu-west-1.compute.amazonaws.example', null],
    ['x.server-203-0-113-25.fra50.r.cloudfront.net', null],
    ['server-203-0-113-25.fra50.r.cloudfront.net.attacker.example', null],
    ['fi-hel1.upcloud.host', null],
    ['a.b.fi-hel1.upcloud.host', null],
    ['fi-hel1.upcloud.host.attacker.example', null],
  ])('%s', (name, wanted) => expect(told(name)).toEqual(wanted));

  test('has a source where it stands', () => {
    for (const { source } of reverseNameRows) expect(source).toMatch(/^https:\/\/[a-z]/);
  });
});

describe('zones by what differs', () => {
  const zones = (...names: readonly string[]) => [...zonesByDifference(names as readonly DnsName[]).values()];
  test.each<[string, readonly string[], readonly string[]]>([
    ['in a part of a label', ['kms-az1.example', 'kms-az2.example', 'kms-az3.example'], ['az1', 'az2', 'az3']],
    ['in a label of its own', ['lb.az1.example', 'lb.az2.example'], ['az1', 'az2']],
    ['with a number behind a hyphen', ['kms-az-1.example', 'kms-az-2.example'], ['az-1', 'az-2']],
    ['by letters', ['kms-zone-a.example', 'kms-zone-b.example'], ['zone-a', 'zone-b']],
    ['zones of AWS', ['lb-us-east-1a.example', 'lb-us-east-1b.example'], ['us-east-1a', 'us-east-1b']],
    ['in several regions', ['lb.us-east-1a.example', 'lb.eu-west-1b.example'], ['us-east-1a', 'eu-west-1b']],
    [
      'Local Zones',
      ['x.us-west-2-lax-1a.example', 'x.us-west-2-lax-1b.example'],
      ['us-west-2-lax-1a', 'us-west-2-lax-1b'],
    ],
    ['zone IDs of AWS', ['kms-use1-az1.example', 'kms-use1-az4.example'], ['use1-az1', 'use1-az4']],
    ['zones of Google', ['x-europe-west1-b.example', 'x-europe-west1-c.example'], ['europe-west1-b', 'europe-west1-c']],
    ['two addresses of one name', ['a-az1.example', 'a-az1.example', 'a-az2.example'], ['az1', 'az2']],
    // Nothing to tell by.
    ['one name', ['kms-az1.example'], []],
    ['one name for all', ['kms-az1.example', 'kms-az1.example'], []],
    ['hosts in one zone', ['host1.az1.example', 'host2.az1.example'], []],
    ['host and zone at once', ['host1.az1.example', 'host2.az2.example'], []],
    ['two that look like zones', ['az1.zone-a.example', 'az2.zone-b.example'], []],
    ['numbers of hosts', ['lb1.example', 'lb2.example'], []],
    ['the halves of pairs', ['lb-1a.example', 'lb-1b.example'], []],
    ['a pair beside a number', ['kms-lb1-a.example', 'kms-lb1-b.example'], []],
    ['a host that looks like a zone ID', ['web1-az1.example', 'web2-az2.example'], []],
    ['data centres', ['fra1.example', 'ams1.example'], []],
    ['regions', ['eu-west-1.example', 'eu-west-2.example'], []],
    ['a longer name', ['kms-az1.example', 'kms-az2.net.example'], []],
    ['another domain', ['kms-az1.example', 'kms-az2.test'], []],
    ['a name without zone', ['kms-az1.example', 'kms-az2.example', 'kms-old.example'], []],
    ['two ways of writing', ['kms-az1.example', 'kms-us-east-1b.example'], []],
    ['words that begin so', ['azure.example', 'azores.example'], []],
    ['zones with more behind', ['az1x.example', 'az2x.example'], []],
    ['addresses in the names', ['ip-192-0-2-1.az1.example', 'ip-192-0-2-2.az2.example'], []],
    ['none', [], []],
  ])('%s', (_, names, wanted) => expect(zones(...names)).toEqual(wanted));

  test('a word for a zone is seen in one name alone, too', () => {
    const said = ['kms-az1.example', 'x.us-east-1a.example', 'kms1.example', 'az.example'].map((name) =>
      hasZoneWord(name as DnsName),
    );
    expect(said).toEqual([true, true, false, false]);
  });

  test('names made to be slow are read at once, and none loops', () => {
    const label = 'us-'.repeat(20).concat('a');
    const long = [label, `${'a-'.repeat(30)}b`, 'az-'.repeat(20).concat('z')];
    const name = dnsName(long.join('.')) ?? ('' as DnsName);
    const hyphens = dnsName(`a${'-'.repeat(60)}b.example`) ?? ('' as DnsName);
    expect([name.length > 100, hyphens.length > 60]).toEqual([true, true]);
    expect([hasZoneWord(name), hasZoneWord(hyphens), zones(name, hyphens)]).toEqual([false, false, []]);
  });
});
