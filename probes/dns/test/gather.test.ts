import { describe, expect, test } from 'vitest';
import { parseTarget } from '../../../src/model/target.ts';
import { type Respond, reply, soa } from '../../../src/net/dns/test/servers.ts';
import { type DnsEvidence, dnsEvidenceSchema } from '../evidence.ts';
import { gather } from '../gather.ts';
import { play, type Scene } from './scene.ts';
import { a, aaaa, authority, cname, ns, resolver, type Zone } from './zones.ts';

const kms: Zone = {
  zone: 'kms.example',
  serial: 2026,
  records: [
    ns('kms.example', 'ns1.kms.example'),
    ns('kms.example', 'ns2.kms.example'),
    a('ns1.kms.example', '127.0.0.11'),
    a('ns2.kms.example', '127.0.0.12'),
    a('kms.example', '192.0.2.2', 60),
    a('kms.example', '192.0.2.1', 60),
    aaaa('kms.example', '2001:db8::1', 30),
    cname('www.kms.example', 'kms.example', 120),
  ],
};
const both = { '127.0.0.11': authority(kms), '127.0.0.12': authority(kms) };
const silent: Respond = () => null;

async function seen(scene: Partial<Scene>): Promise<DnsEvidence> {
  const { attempt } = await play({ name: 'kms.example', resolver: resolver(kms), authorities: both, ...scene });
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  return dnsEvidenceSchema.parse(JSON.parse(JSON.stringify(attempt.value)));
}

const errors = (dns: DnsEvidence) => dns.delegation.at(-1)?.nameservers.map((one) => one.error);

describe('a healthy zone', () => {
  test('records with both TTLs, servers with serials, SOA, shift', async () => {
    const dns = await seen({});
    expect(dns.records).toEqual([
      { name: 'kms.example', type: 'A', ttlSeconds: 53, authoritativeTtlSeconds: 60, data: '192.0.2.2' },
      { name: 'kms.example', type: 'A', ttlSeconds: 53, authoritativeTtlSeconds: 60, data: '192.0.2.1' },
      { name: 'kms.example', type: 'AAAA', ttlSeconds: 23, authoritativeTtlSeconds: 30, data: '2001:db8::1' },
    ]);
    expect(dns.delegation).toMatchObject([
      {
        zone: 'kms.example',
        entry: 'kms.example',
        problem: null,
        addressesNotAsked: 0,
        nameservers: [
          { name: 'ns1.kms.example', addresses: ['127.0.0.11'], authoritative: true, serial: 2026, error: null },
          { name: 'ns2.kms.example', addresses: ['127.0.0.12'], authoritative: true, serial: 2026, error: null },
        ],
      },
    ]);
    expect(dns.delegation.at(-1)?.nameservers[0]?.byAddress[0]?.answers.map((one) => one.data)).toEqual([
      '192.0.2.1',
      '192.0.2.2',
      '2001:db8::1',
    ]);
    expect(dns.soa).toMatchObject({ primary: 'ns1.kms.example', serial: 2026, minimumSeconds: 30, ttlSeconds: 60 });
    expect(dns).toMatchObject({ negativeTtlSeconds: 30, provider: null, dnssec: 'not-checked', aliasZones: [] });
    expect(dns.shift).toMatchObject({
      worstSeconds: 60,
      typicalSeconds: 30,
      limitedBy: 'kms.example A',
      basis: 'authority',
    });
  });

  test('sends what it says, and no recursion to authorities', async () => {
    const { budget, authorities } = await play({
      name: 'kms.example',
      resolver: resolver(kms),
      authorities: both,
      // The policy has its own test.
      options: { policyQueries: 0 },
    });
    // Lookup 2, the resolver on its own 4, NS 1, addresses of two name servers 4, ten questions to each of two servers 20,
    // NS and key of the root 2, HTTPS 1, CAA of the name and of the one above it 2, a made-up name at an authority and a resolver 2,
    // MX, TLSA and the challenge 3.
    expect(budget.dnsQueries).toBe(41);
    const asked = authorities['127.0.0.11']?.asked ?? [];
    expect(asked.map((one) => `${one.type} ${one.via}`).toSorted()).toEqual([
      'A udp',
      'A udp',
      'AAAA udp',
      'CAA udp',
      'NS udp',
      'SOA tcp',
      ...['SOA udp', 'SOA udp', 'SOA udp', 'SOA udp'],
      // dns-packet has no name for HTTPS.
      'UNKNOWN_65 udp',
    ]);
    expect(asked.some((one) => one.packet.flag_rd)).toBe(false);
  });

  test('no more addresses are asked than allowed, and the rest is counted', async () => {
    const dns = await seen({ options: { maxServers: 1 } });
    expect(dns.delegation.at(-1)?.nameservers.map((one) => one.byAddress.length)).toEqual([1, 0]);
    expect(dns.delegation.at(-1)?.addressesNotAsked).toBe(1);
  });
});

describe('aliases', () => {
  test('inside one zone: its servers tell the TTL of every link, and the slowest link limits', async () => {
    const dns = await seen({ name: 'www.kms.example' });
    expect(dns.delegation).toMatchObject([{ zone: 'kms.example', entry: 'www.kms.example' }]);
    expect(dns.aliasZones).toEqual([]);
    expect(dns.shift).toMatchObject({
      worstSeconds: 120,
      typicalSeconds: 60,
      limitedBy: 'www.kms.example CNAME',
      basis: 'authority',
    });
  });

  test('into another zone: both zones are asked, each for the first name that it owns', async () => {
    const lb: Zone = {
      zone: 'lb.example',
      records: [
        ns('lb.example', 'ns.lb.example'),
        a('ns.lb.example', '127.0.0.13'),
        a('eu.lb.example', '192.0.2.9', 20),
      ],
    };
    const aliased: Zone = { ...kms, records: [...kms.records, cname('api.kms.example', 'eu.lb.example', 300)] };
    const dns = await seen({
      name: 'api.kms.example',
      resolver: resolver(aliased, lb),
      authorities: { '127.0.0.11': authority(aliased), '127.0.0.12': authority(aliased), '127.0.0.13': authority(lb) },
    });
    expect(dns.delegation).toMatchObject([{ zone: 'lb.example', entry: 'eu.lb.example' }]);
    expect(dns.aliasZones).toMatchObject([{ zone: 'kms.example', entry: 'api.kms.example' }]);
    expect(dns.records.map((one) => one.authoritativeTtlSeconds)).toEqual([300, 20]);
    expect(dns.shift).toMatchObject({ worstSeconds: 300, limitedBy: 'api.kms.example CNAME', basis: 'authority' });
  });
});

describe('zones and TTLs that are easily mistaken', () => {
  test('an alias from a child zone into its parent: the alias is the child’s', async () => {
    const child: Zone = {
      zone: 'eu.kms.example',
      records: [
        ns('eu.kms.example', 'ns.eu.kms.example'),
        a('ns.eu.kms.example', '127.0.0.13'),
        cname('api.eu.kms.example', 'ns1.kms.example', 40),
      ],
    };
    const dns = await seen({
      name: 'api.eu.kms.example',
      resolver: resolver(kms, child),
      authorities: { ...both, '127.0.0.13': authority(child) },
    });
    expect(dns.delegation).toMatchObject([{ zone: 'kms.example', entry: 'ns1.kms.example' }]);
    expect(dns.aliasZones).toMatchObject([{ zone: 'eu.kms.example', entry: 'api.eu.kms.example' }]);
    expect(dns.records[0]?.authoritativeTtlSeconds).toBe(40);
  });

  test('authorities that tell different TTLs: the longest counts', async () => {
    const longer = {
      ...kms,
      records: [...kms.records.filter((one) => one.type !== 'A'), a('kms.example', '192.0.2.1', 90)],
    };
    const dns = await seen({ authorities: { '127.0.0.11': authority(longer), '127.0.0.12': authority(kms) } });
    expect(dns.shift?.worstSeconds).toBe(90);
  });
});

describe('sick servers are results', () => {
  const refuses: Respond = (asked) => reply(asked, { rcode: 'REFUSED' });
  const upward: Respond = (asked) => reply(asked, { authorities: [{ type: 'NS', name: '.', data: 'a.root' }] });
  const cached: Respond = (asked) => resolver(kms)(asked);
  const otherZone: Respond = (asked) => reply(asked, { flags: 0x400, answers: [soa('other.example')] });
  test.each<[string, Respond, string]>([
    ['silent', silent, 'dns-timeout'],
    ['refusing', refuses, 'dns-refused'],
    ['referring upward', upward, 'not-authoritative'],
    ['answering from a cache', cached, 'not-authoritative'],
    ['serving another zone', otherZone, 'not-authoritative'],
    ['garbage', () => Buffer.from('garbage garbage'), 'dns-malformed'],
  ])('one that is %s', async (_, respond, error) => {
    const dns = await seen({ authorities: { '127.0.0.11': respond, '127.0.0.12': authority(kms) } });
    expect(errors(dns)).toEqual([error, null]);
    expect(dns.soa?.serial).toBe(2026);
    expect(dns.shift?.basis).toBe('authority');
  });

  test('one where nobody listens', async () => {
    const dns = await seen({ authorities: { '127.0.0.12': authority(kms) } });
    expect(errors(dns)).toEqual(['dns-unreachable', null]);
  });

  test('one whose name does not exist, and one whose name is none', async () => {
    const records = [...kms.records.filter((one) => one.name !== 'ns2.kms.example'), ns('kms.example', 'ns 3.example')];
    const dns = await seen({ resolver: resolver({ ...kms, records }) });
    expect(errors(dns)).toEqual([null, 'nxdomain', 'dns-malformed']);
  });

  test('with one family asked for, a server of the other family is not called homeless', async () => {
    const dns = await seen({ families: [6] });
    expect(dns.delegation.at(-1)?.nameservers.map((one) => [one.addresses.length, one.error])).toEqual([
      [0, null],
      [0, null],
    ]);
  });

  test('all down: the records stay those of the resolver, with what is left of their TTL', async () => {
    const dns = await seen({ authorities: {}, options: { authorityPort: 1 } });
    expect(errors(dns)).toEqual(['dns-unreachable', 'dns-unreachable']);
    expect(dns.soa).toBeNull();
    expect(dns.shift).toMatchObject({
      worstSeconds: 53,
      typicalSeconds: 26.5,
      limitedBy: 'kms.example A',
      basis: 'resolver',
    });
  });

  test('one behind the others in serial and answers', async () => {
    const old = { ...kms, serial: 2025, records: kms.records.filter((one) => one.data !== '192.0.2.2') };
    const dns = await seen({ authorities: { '127.0.0.11': authority(kms), '127.0.0.12': authority(old) } });
    const servers = dns.delegation.at(-1)?.nameservers.flatMap((one) => one.byAddress) ?? [];
    expect(servers.map((one) => one.serial)).toEqual([2026, 2025]);
    expect(servers.map((one) => one.answers.length)).toEqual([3, 2]);
  });
});

describe('a name without addresses', () => {
  test('that does not exist: the zone and its servers are still looked at', async () => {
    const dns = await seen({ name: 'gone.kms.example' });
    expect(dns.lookup.problem?.code).toBe('nxdomain');
    expect(dns.delegation.at(-1)?.nameservers.map((one) => one.byAddress[0]?.rcode)).toEqual(['NXDOMAIN', 'NXDOMAIN']);
    expect(dns).toMatchObject({ shift: null, records: [], negativeTtlSeconds: 30 });
  });

  test('whose resolver fails: the zone is not guessed from the name', async () => {
    const dns = await seen({ resolver: (asked) => reply(asked, { rcode: 'SERVFAIL' }) });
    expect(dns).toMatchObject({
      delegation: [],
      zoneProblem: { code: 'servfail' },
      lookup: { problem: { code: 'servfail' } },
    });
  });

  test('whose resolver is silent: it is asked for the root’s servers, and no further', async () => {
    const { attempt, budget } = await play({ name: 'kms.example', resolver: silent, authorities: {} });
    expect(attempt).toMatchObject({ state: 'complete', value: { zoneProblem: { code: 'dns-timeout' } } });
    // A, AAAA and NS of the root, each sent three times.
    expect(budget.dnsQueries).toBe(9);
  });

  test('below a top-level domain that does not exist', async () => {
    const root: Respond = (asked) =>
      reply(asked, { rcode: 'NXDOMAIN', authorities: [{ ...soa('x'), name: '.' }] as never });
    const dns = await seen({ resolver: root });
    expect(dns).toMatchObject({ delegation: [], zoneProblem: { code: 'nxdomain' } });
  });
});

describe('not asked, or stopped', () => {
  test('an address has no DNS record', async () => {
    const { context } = await play({ name: 'kms.example', resolver: resolver(kms), authorities: both });
    const attempt = await gather({ ...context, target: parseTarget('192.0.2.1'), lookup: null });
    expect(attempt).toMatchObject({ state: 'skipped', because: expect.stringMatching(/is an address/) });
    expect(await gather({ ...context, lookup: null })).toMatchObject({ state: 'skipped' });
  });

  test('what is known when it is stopped is kept', async () => {
    const { attempt } = await play({
      name: 'kms.example',
      resolver: resolver(kms),
      authorities: { '127.0.0.11': authority(kms), '127.0.0.12': silent },
      signal: AbortSignal.timeout(100),
    });
    expect(attempt.state).toBe('unfinished');
    expect(attempt).toMatchObject({ value: { records: { length: 3 } } });
  });
});
