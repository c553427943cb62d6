import type { StringAnswer } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import { type Respond, reply } from '../../../src/net/dns/test/servers.ts';
import { type DnsEvidence, dnsEvidenceSchema } from '../evidence.ts';
import { play } from './scene.ts';
import { a, authority, cname, ns, resolver, type Zone } from './zones.ts';

/** A record of a type that the zone's type has no shape for, as raw bytes where dns-packet has none either. */
const other = (name: string, type: string, data: unknown): StringAnswer =>
  ({ name, type, ttl: 60, data }) as unknown as StringAnswer;
const caa = (name: string, tag: string, value: string, flags = 0) => other(name, 'CAA', { flags, tag, value });
const https = (name: string, hex: string) => other(name, 'UNKNOWN_65', Buffer.from(hex.replaceAll(' ', ''), 'hex'));

const kms: Zone = {
  zone: 'kms.example',
  records: [
    ns('kms.example', 'ns1.kms.example'),
    a('ns1.kms.example', '127.0.0.11'),
    a('kms.example', '192.0.2.1'),
    a('api.eu.kms.example', '192.0.2.2'),
    cname('www.kms.example', 'lb.example'),
  ],
};
const example: Zone = { zone: 'example', records: [a('lb.example', '192.0.2.9')] };

interface Asked {
  readonly name?: string;
  readonly records?: readonly StringAnswer[];
  readonly above?: readonly StringAnswer[];
  /** In place of the resolver's answer; null for its own. */
  readonly instead?: Respond;
}

async function seen({ name = 'kms.example', records = [], above = [], instead }: Asked): Promise<DnsEvidence> {
  const zones = [
    { ...kms, records: [...kms.records, ...records] },
    { ...example, records: [...example.records, ...above] },
  ];
  const honest = resolver(...zones);
  const { attempt } = await play({
    name,
    resolver: (asked) => instead?.(asked) ?? honest(asked),
    authorities: { '127.0.0.11': authority(...zones) },
  });
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  return dnsEvidenceSchema.parse(JSON.parse(JSON.stringify(attempt.value)));
}

const climb = (dns: DnsEvidence) => dns.caa?.asked.map(({ name, records }) => `${name} ${records}`);

describe('CAA', () => {
  test('is asked for from the name up to its top-level domain; without records nothing holds', async () => {
    const dns = await seen({ name: 'api.eu.kms.example' });
    expect(climb(dns)).toEqual(['api.eu.kms.example 0', 'eu.kms.example 0', 'kms.example 0', 'example 0']);
    expect(dns.caa).toMatchObject({ at: null, issue: [], issuewild: [], critical: [] });
    expect(dns.records.map(({ type }) => type)).toEqual(['A']);
  });

  test('the closest records hold, and stand among the records of the name', async () => {
    const dns = await seen({
      name: 'api.eu.kms.example',
      records: [
        caa('kms.example', 'issue', 'ca.example; accounturi=https://ca.example/1'),
        caa('kms.example', 'issuewild', ';'),
        caa('kms.example', 'iodef', 'mailto:pki@kms.example'),
      ],
      above: [caa('example', 'issue', 'other.example')],
    });
    expect(climb(dns)).toEqual(['api.eu.kms.example 0', 'eu.kms.example 0', 'kms.example 3', 'example 1']);
    expect(dns.caa).toMatchObject({
      at: 'kms.example',
      issue: ['ca.example; accounturi=https://ca.example/1'],
      issuewild: [';'],
      critical: [],
    });
    expect(dns.records.filter(({ type }) => type === 'CAA')).toMatchObject([
      {
        name: 'kms.example',
        ttlSeconds: 53,
        authoritativeTtlSeconds: 60,
        data: expect.stringMatching(/^0 issue "ca/),
      },
      { data: '0 issuewild ";"' },
      { data: '0 iodef "mailto:pki@kms.example"' },
    ]);
    expect(dns.shift).toMatchObject({ worstSeconds: 60, limitedBy: 'api.eu.kms.example A', basis: 'authority' });
  });

  test('aliases are followed, but the climb is that of the name itself', async () => {
    const dns = await seen({ name: 'www.kms.example', above: [caa('lb.example', 'issue', 'ca.example')] });
    expect(dns.caa).toMatchObject({ at: 'www.kms.example', issue: ['ca.example'] });
    expect(climb(dns)).toEqual(['www.kms.example 1', 'kms.example 0', 'example 0']);
  });

  test('a critical tag that nobody knows is told, and a broken record is counted', async () => {
    const raw = (hex: string) => other('kms.example', 'UNKNOWN_257', Buffer.from(hex, 'hex'));
    const answers = [raw('800374627378'), raw('8005697373756578'), raw('00'), raw('000569737375653b')];
    const dns = await seen({
      instead: (asked) => (asked.type === 'CAA' && asked.name === 'kms.example' ? reply(asked, { answers }) : null),
    });
    expect(dns.caa?.asked[0]).toMatchObject({ records: 4, malformed: 1, critical: ['tbs'], issue: ['x', ';'] });
    expect(dns.records.filter(({ type }) => type === 'CAA').map(({ data }) => data)).toEqual([
      '128 tbs "x"',
      '128 issue "x"',
      '\\# 1 00',
      '0 issue ";"',
    ]);
  });

  test('a failure is kept with the name that it is of', async () => {
    const dns = await seen({
      name: 'api.eu.kms.example',
      instead: (asked) =>
        asked.type === 'CAA' && asked.name === 'eu.kms.example' ? reply(asked, { rcode: 'SERVFAIL' }) : null,
    });
    expect(dns.caa?.asked.map(({ problem }) => problem?.code ?? null)).toEqual([null, 'servfail', null, null]);
  });

  test('a name without address is asked for nothing more', async () => {
    const dns = await seen({ name: 'gone.kms.example' });
    expect(dns).not.toHaveProperty('caa');
    expect(dns).not.toHaveProperty('https');
  });
});

describe('HTTPS', () => {
  test('none', async () => {
    const dns = await seen({});
    expect(dns.https).toEqual([]);
    expect(dns.httpsLookup).toEqual({ name: 'kms.example', problem: null, malformed: 0, targets: [] });
  });

  test('in parts, and as a row of the records', async () => {
    const dns = await seen({
      records: [https('kms.example', '0001 00 0001 0003 026832 0004 0004 c0000201'), https('kms.example', '0001')],
    });
    expect(dns.https).toMatchObject([
      { name: 'kms.example', priority: 1, target: '.', alpn: ['h2'], ipv4Hint: ['192.0.2.1'] },
    ]);
    expect(dns.httpsLookup).toMatchObject({ malformed: 1, targets: [] });
    expect(dns.records.filter(({ type }) => type === 'HTTPS').map(({ data }) => data)).toEqual([
      '1 . alpn="h2" ipv4hint=192.0.2.1',
      '\\# 2 0001',
    ]);
  });

  test('another port has a name of its own', async () => {
    const dns = await seen({ name: 'kms.example:8443', records: [https('_8443._https.kms.example', '0001 00')] });
    expect(dns.httpsLookup?.name).toBe('_8443._https.kms.example');
    expect(dns.https).toHaveLength(1);
  });

  const target = '026c62076578616d706c6500';
  const missing = '03676f6f076578616d706c6500';
  test.each<[string, readonly StringAnswer[], readonly StringAnswer[], object]>([
    [
      'an alias to a name with addresses',
      [https('kms.example', `0000 ${target}`)],
      [],
      { name: 'lb.example', addresses: ['192.0.2.9'], problem: null },
    ],
    [
      'an alias to a name that is gone',
      [https('kms.example', `0000 ${missing}`)],
      [],
      { name: 'goo.example', problem: { code: 'nxdomain' } },
    ],
    [
      'an alias to a name with an HTTPS record only',
      [https('kms.example', `0000 ${missing}`)],
      [https('goo.example', `0001 ${target}`)],
      { name: 'goo.example', addresses: [], problem: null },
    ],
    [
      'a service at a name without address',
      [https('kms.example', `0001 ${missing}`)],
      [https('goo.example', `0001 ${target}`)],
      { name: 'goo.example', problem: { code: 'nodata' } },
    ],
  ])('%s', async (_, records, above, expected) => {
    const dns = await seen({ records, above });
    expect(dns.httpsLookup?.targets).toMatchObject([expected]);
  });

  test('a flood of records and targets is cut', async () => {
    const records = Array.from({ length: 60 }, (_, index) =>
      https(
        'kms.example',
        `0001 02${Buffer.from(String(index + 10)).toString('hex')}07${Buffer.from('example').toString('hex')}00`,
      ),
    );
    const dns = await seen({ records });
    expect(dns.https).toHaveLength(32);
    expect(dns.httpsLookup?.targets).toHaveLength(4);
  });
});
