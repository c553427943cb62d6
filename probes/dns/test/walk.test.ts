import type { StringAnswer } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DnsReply } from '../../../src/contract/net.ts';
import { type DnsName, ROOT, wireText } from '../../../src/model/text.ts';
import { AA, type Respond, reply, soa } from '../../../src/net/dns/test/servers.ts';
import { directionOf, encloses } from '../referral.ts';
import {
  above,
  type Cut,
  exampleCut,
  kms,
  kmsCut,
  resolving,
  rootAddress,
  rootNames,
  silent,
  walked,
} from './delegations.ts';
import { a, authority, ns, resolver, type Zone } from './zones.ts';

describe('a delegation in order', () => {
  test('every zone from the root to the leaf, each with what the one above says of it', async () => {
    const { dns, leaf } = await walked();
    expect(dns.walk).toMatchObject({ state: 'complete', at: 'kms.example', because: null, problem: null });
    expect(dns.delegation.map(({ zone }) => zone)).toEqual(['.', 'example', 'kms.example']);
    expect(dns.delegation[0]).not.toHaveProperty('parent');
    expect(dns.delegation[1]).toMatchObject({
      nameservers: [
        { name: 'a.nic.example', addresses: ['127.0.0.31'], authoritative: true, serial: 1, error: null },
        { name: 'b.nic.example', addresses: ['127.0.0.32'], authoritative: true, serial: 1, error: null },
      ],
      parent: { zone: '.', nameservers: exampleCut.names, dsCount: 0 },
    });
    expect(leaf?.parent).toEqual({
      zone: 'example',
      server: expect.objectContaining({ name: expect.stringMatching(/^[ab]\.nic\.example$/) }),
      nameservers: ['ns1.kms.example', 'ns2.kms.example'],
      ttlSeconds: 300,
      glue: [
        { name: 'ns1.kms.example', address: '127.0.0.11' },
        { name: 'ns2.kms.example', address: '127.0.0.12' },
      ],
      dsCount: 2,
      others: [expect.objectContaining({ says: 'refers', zone: 'kms.example', nameservers: kmsCut.names })],
    });
    expect(leaf?.nameservers.map(({ byAddress }) => byAddress[0])).toMatchObject([
      { nsNames: kmsCut.names, tcp: { error: null } },
      { nsNames: kmsCut.names, tcp: { error: null } },
    ]);
  });

  test('asks no authority for recursion, and few of them', async () => {
    const { dns, authorities, budget } = await walked({ resolver: resolving(5, kms) });
    const asked = Object.values(authorities).flatMap((one) => one.asked);
    expect(asked.some(({ packet }) => packet.flag_rd)).toBe(false);
    expect(dns.walk?.queries).toBeLessThanOrEqual(64);
    expect(budget.dnsQueries).toBeLessThanOrEqual(100);
  });

  test('a machine that cannot reach the first addresses goes on to others', async () => {
    const glue: StringAnswer[] = [
      { type: 'AAAA', name: 'a.nic.example', ttl: 60, data: '2001:db8::53' },
      a('b.nic.example', '127.0.0.32'),
    ];
    const root = above('.', { ...exampleCut, glue });
    const { dns } = await walked({}, { '127.0.0.21': root, '127.0.0.22': root });
    expect(dns.walk?.state).toBe('complete');
  });

  test('servers that are silent are passed over, and kept as silent', async () => {
    const glue = ['127.0.0.41', '127.0.0.42', '127.0.0.32'];
    const names = ['a.nic.example', 'b.nic.example', 'c.nic.example'];
    const root = above('.', { child: 'example', names, glue: names.map((name, at) => a(name, glue[at] ?? '')) });
    const { dns } = await walked(
      {},
      { '127.0.0.21': root, '127.0.0.22': silent, '127.0.0.41': silent, '127.0.0.42': silent },
    );
    expect(dns.walk?.state).toBe('complete');
    expect(dns.delegation[0]?.nameservers.map(({ error }) => error)).toEqual([null, 'dns-timeout']);
    expect(dns.delegation[1]?.nameservers.map(({ error }) => error)).toEqual(['dns-timeout', 'dns-timeout', null]);
  });

  test('without addresses in the referral the resolver is asked for them', async () => {
    const nic: Zone = { zone: 'nic.test', records: [a('ns.nic.test', '127.0.0.31')] };
    const root = above('.', { child: 'example', names: ['ns.nic.test'] });
    const { dns } = await walked({ resolver: resolving(2, kms, nic) }, { '127.0.0.21': root, '127.0.0.22': root });
    expect(dns.walk?.state).toBe('complete');
    expect(dns.delegation[1]?.nameservers).toMatchObject([{ name: 'ns.nic.test', addresses: ['127.0.0.31'] }]);
  });

  test('servers that serve the zone above and the leaf: complete, and nothing is made up for the parent', async () => {
    const both = authority({ zone: 'example', records: [] }, kms);
    const { dns, leaf } = await walked({}, { '127.0.0.31': both, '127.0.0.32': both });
    expect(dns.walk).toMatchObject({ state: 'complete', at: 'kms.example' });
    expect(leaf).not.toHaveProperty('parent');
  });
});

describe('a delegation that is wrong', () => {
  test('the parent names a server that the zone does not, with another address for one that it does', async () => {
    const cut: Cut = {
      child: 'kms.example',
      names: ['ns1.kms.example', 'ns3.kms.example'],
      glue: [a('ns1.kms.example', '127.0.0.99'), a('elsewhere.example', '192.0.2.7')],
    };
    const parent = above('example', cut);
    const { dns, leaf } = await walked({}, { '127.0.0.31': parent, '127.0.0.32': parent });
    expect(dns.walk?.state).toBe('complete');
    expect(leaf?.parent).toMatchObject({
      nameservers: ['ns1.kms.example', 'ns3.kms.example'],
      glue: [{ name: 'ns1.kms.example', address: '127.0.0.99' }],
      dsCount: 0,
    });
    expect(leaf?.nameservers.map(({ name, listedBy, error }) => [name, listedBy, error])).toEqual([
      ['ns1.kms.example', undefined, null],
      ['ns2.kms.example', undefined, null],
      ['ns3.kms.example', 'parent', 'nxdomain'],
    ]);
  });

  test('a name server that hangs up on TCP', async () => {
    const { leaf } = await walked({ noTcp: ['127.0.0.12'] });
    expect(leaf?.nameservers.map(({ error, byAddress }) => [error, byAddress[0]?.tcp?.error])).toEqual([
      [null, null],
      [null, 'dns-unreachable'],
    ]);
  });

  const upward: Respond = (asked) => reply(asked, { authorities: [ns('.', 'a.root.test')] });
  const loop: Respond = (asked) => reply(asked, { authorities: [ns('example', 'a.nic.example')] });
  const sideways: Respond = (asked) => reply(asked, { authorities: [ns('kms.test', 'ns1.kms.test')] });
  const cached: Respond = (asked) => reply(asked, { flags: 0x80, authorities: [soa('kms.example')] });
  const gone: Respond = (asked) => reply(asked, { flags: AA, rcode: 'NXDOMAIN', authorities: [soa('example')] });
  test.each<[string, Respond, string, string | null]>([
    ['upwards', upward, 'upward-referral', null],
    ['to themselves', loop, 'referral-loop', null],
    ['sideways', sideways, 'no-answer', null],
    ['nowhere, with what a cache holds', cached, 'no-answer', null],
    ['nowhere, with a refusal', (asked) => reply(asked, { rcode: 'REFUSED' }), 'no-answer', 'dns-refused'],
    ['nowhere: the name does not exist there', gone, 'other-zone', null],
  ])('the servers of the zone above point %s', async (_, respond, because, code) => {
    const { dns, leaf } = await walked({}, { '127.0.0.31': respond, '127.0.0.32': respond });
    expect(dns.walk).toMatchObject({ state: 'unfinished', at: 'example', because });
    expect(dns.walk?.problem?.code ?? null).toBe(code);
    expect(dns.delegation.map(({ zone }) => zone)).toEqual(['.', 'example', 'kms.example']);
    expect(leaf?.nameservers.map(({ error }) => error)).toEqual([null, null]);
  });
});

describe('a way that leads nowhere', () => {
  test('silent root servers: a few are asked once, the others not, and the leaf is as it was', async () => {
    const silence = Object.fromEntries(rootNames.map((_, index) => [rootAddress(index), silent]));
    const { dns, authorities } = await walked({ resolver: resolving(5, kms) }, silence);
    expect(dns.walk).toMatchObject({
      state: 'failed',
      at: '.',
      because: 'no-answer',
      problem: { code: 'dns-timeout' },
    });
    expect(Object.keys(silence).filter((address) => authorities[address]?.asked.length !== 0)).toHaveLength(4);
    expect(dns.delegation.at(-1)).toMatchObject({ zone: 'kms.example', nameservers: [{ serial: 7 }, { serial: 7 }] });
  });

  test('a resolver that names no root servers', async () => {
    const { dns } = await walked({ resolver: resolver(kms) });
    expect(dns.walk).toMatchObject({ state: 'failed', because: 'no-root-servers', problem: { code: 'dns-refused' } });
    expect(dns.delegation.map(({ zone }) => zone)).toEqual(['kms.example']);
  });

  test('root hints stand in for a resolver that names none', async () => {
    const rootHints = '. NS a.root.test\na.root.test A 127.0.0.21\nb.root.test A 127.0.0.22\n';
    const { dns } = await walked({ resolver: resolver(kms), options: { rootHints } });
    expect(dns.walk).toMatchObject({ state: 'complete', at: 'kms.example' });
    expect(dns.delegation[0]?.nameservers.map(({ name }) => name)).toEqual(['a.root.test', 'b.root.test']);
  });

  test('a walk that is stopped says so', async () => {
    const signal = AbortSignal.timeout(150);
    const { dns, attempt } = await walked({ signal }, { '127.0.0.21': silent, '127.0.0.22': silent });
    expect(attempt.state).toBe('unfinished');
    expect(dns.walk).toMatchObject({ state: 'failed', at: '.', because: 'stopped' });
  });

  test('zones without end: the walk keeps to its bounds', async () => {
    const labels = Array.from({ length: 100 }, () => 'a');
    const deep = labels.join('.');
    const endless: Respond = (asked) => {
      const zone = labels.slice(0, asked.count).join('.');
      return reply(asked, { authorities: [ns(zone, 'ns.a')], additionals: [a('ns.a', '127.0.0.21')] });
    };
    const bottom: Zone = { zone: deep, records: [ns(deep, 'ns1.kms.example'), a(deep, '192.0.2.1')] };
    const { dns } = await walked(
      { name: deep, resolver: resolving(1, kms, bottom) },
      { '127.0.0.21': endless, '127.0.0.11': authority(bottom), '127.0.0.12': authority(bottom) },
    );
    expect(dns.walk).toMatchObject({ state: 'unfinished', because: 'too-deep' });
    expect(dns.walk?.queries).toBeLessThanOrEqual(64);
    expect(dns.delegation.length).toBeLessThanOrEqual(17);
  });
});

test('whatever a server says, a referral leads down towards the name, and its glue belongs to it', () => {
  const names = fc.constantFrom('.', 'example', 'kms.example', 'www.kms.example', 'other', 'a b.example');
  const record = fc.oneof(
    fc
      .record({ name: names, target: names })
      .map(({ name, target }) => ({ ...ownerOf(name), type: 'NS', target: wireText(target) })),
    names.map((name) => ({ ...ownerOf(name), type: 'SOA', soa: {} })),
    names.map((name) => ({ ...ownerOf(name), type: 'A', address: '192.0.2.1' })),
  );
  const records = fc.array(record, { maxLength: 4 });
  const name = 'www.kms.example' as DnsName;
  const zones = fc.constantFrom(ROOT, 'example' as DnsName, 'kms.example' as DnsName);
  fc.assert(
    fc.property(
      records,
      records,
      records,
      fc.boolean(),
      zones,
      (answers, authorities, additionals, authoritative, zone) => {
        const told = { answers, authorities, additionals, authoritative } as unknown as DnsReply;
        const direction = directionOf(told, zone, name);
        if (direction.kind === 'end')
          expect(encloses(zone, direction.zone) && encloses(direction.zone, name)).toBe(true);
        if (direction.kind !== 'referral') return;
        expect(direction.zone).not.toBe(zone);
        expect(encloses(zone, direction.zone) && encloses(direction.zone, name)).toBe(true);
        for (const one of direction.glue) expect(direction.names).toContain(one.name);
      },
    ),
  );
});

function ownerOf(name: string) {
  return { name: wireText(name), ttlSeconds: 60 };
}
