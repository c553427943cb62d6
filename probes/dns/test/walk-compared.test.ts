// What a walk sees beside the way: parents that differ, name servers that only they name, and the zones of aliases.
import { describe, expect, test } from 'vitest';
import { AA, type Respond, reply, soa } from '../../../src/net/dns/test/servers.ts';
import { above, type Cut, found, kms, kmsCut, resolving, walked } from './delegations.ts';
import { a, authority, cname, ns, resolver, type Zone } from './zones.ts';

describe('two servers of the zone above', () => {
  const third: Cut = {
    child: 'kms.example',
    names: ['ns1.kms.example', 'ns3.kms.example'],
    glue: [a('ns1.kms.example', '127.0.0.11'), a('ns3.kms.example', '127.0.0.13')],
  };
  const moved: Cut = { ...kmsCut, glue: [a('ns1.kms.example', '127.0.0.11'), a('ns2.kms.example', '127.0.0.99')] };
  const gone: Respond = (asked) => reply(asked, { flags: AA, rcode: 'NXDOMAIN', authorities: [soa('example')] });
  test.each<[string, Respond, RegExp]>([
    [
      'that name different name servers',
      above('example', third),
      /names? ns[23]\.kms\.example and does not name ns[23]/,
    ],
    ['that give different addresses', above('example', moved), /gives 127\.0\.0\.\d+ as address of ns2\.kms\.example/],
    ['of which one knows no such zone', gone, /knows no such zone, .* delegates it/],
  ])('%s', async (_, odd, words) => {
    const { dns } = await walked({}, { '127.0.0.32': odd });
    expect(dns.walk).toMatchObject({ state: 'complete', at: 'kms.example' });
    expect(found(dns)['parents-disagree']).toEqual([expect.stringMatching(words)]);
  });

  test('of which one serves the zone itself: no disagreement, and the referral is the other’s', async () => {
    const both = authority({ zone: 'example', records: [] }, kms);
    const { dns, leaf } = await walked({}, { '127.0.0.32': both });
    expect(dns.walk).toMatchObject({ state: 'complete', at: 'kms.example' });
    expect(leaf?.parent).toMatchObject({
      server: { address: '127.0.0.31' },
      others: [{ says: 'serves', zone: 'kms.example', server: { address: '127.0.0.32' } }],
    });
    expect(Object.keys(found(dns))).not.toContain('parents-disagree');
    expect(Object.keys(found(dns))).not.toContain('ns-set-mismatch');
  });

  test('that both serve the zone: said so, and nothing is compared', async () => {
    const both = authority({ zone: 'example', records: [] }, kms);
    const { leaf } = await walked({}, { '127.0.0.31': both, '127.0.0.32': both });
    expect(leaf).toMatchObject({
      servedAbove: { zone: 'example', server: { name: expect.stringMatching(/nic\.example$/) } },
    });
  });
});

describe('a name server that only the zone above names', () => {
  const parentOf = (glue: readonly ReturnType<typeof a>[], ...names: readonly string[]): Respond =>
    above('example', {
      child: 'kms.example',
      names: [...(kmsCut.names ?? []), ...names],
      glue: [...(kmsCut.glue ?? []), ...glue],
    });

  test('is asked, and told from the zone’s own when it is lame', async () => {
    const parent = parentOf([a('ns3.kms.example', '127.0.0.13')], 'ns3.kms.example');
    const refusing: Respond = (asked) => reply(asked, { rcode: 'REFUSED' });
    const { dns, leaf } = await walked({}, { '127.0.0.31': parent, '127.0.0.32': parent, '127.0.0.13': refusing });
    expect(leaf?.nameservers.at(-1)).toMatchObject({
      name: 'ns3.kms.example',
      listedBy: 'parent',
      error: 'dns-refused',
    });
    expect(found(dns)['name-server-lame']).toEqual([
      'warning: Name server ns3.kms.example (127.0.0.13), which only the zone above names, of kms.example does not serve it: the server refused the query.',
    ]);
    expect(found(dns)['ns-set-mismatch']).toHaveLength(1);
  });

  test('and that serves an old version does not hide that the lists differ', async () => {
    const old: Zone = {
      ...kms,
      serial: 6,
      records: [...kms.records.filter(({ type }) => type !== 'NS'), ns('kms.example', 'ns3.kms.example')],
    };
    const parent = parentOf([a('ns3.kms.example', '127.0.0.13')], 'ns3.kms.example');
    const { dns } = await walked({}, { '127.0.0.31': parent, '127.0.0.32': parent, '127.0.0.13': authority(old) });
    expect(found(dns)).toMatchObject({
      'ns-set-mismatch': [
        expect.stringMatching(/delegates kms\.example to ns3\.kms\.example, which the zone itself does not list/),
      ],
      'serials-disagree': [expect.anything()],
    });
  });

  test('and whose domain does not exist: anybody may have the zone', async () => {
    const parent = parentOf([], 'ns1.gone.test');
    const suffix: Zone = { zone: 'test', records: [] };
    const { dns } = await walked(
      { resolver: resolving(2, kms, suffix) },
      { '127.0.0.31': parent, '127.0.0.32': parent },
    );
    expect(found(dns)['name-server-domain-gone']).toEqual([
      'critical: The domain gone.test of name server ns1.gone.test, which only the zone above names, of kms.example does not exist: anybody may register it.',
    ]);
  });

  test('and that is missing in a domain which exists: lame, and nobody’s to take', async () => {
    const parent = parentOf([], 'ns9.kms.example');
    const { dns } = await walked({}, { '127.0.0.31': parent, '127.0.0.32': parent });
    expect(Object.keys(found(dns))).toContain('name-server-lame');
    expect(Object.keys(found(dns))).not.toContain('name-server-domain-gone');
  });
});

test('a name server that goes by an alias', async () => {
  const records = kms.records.map((one) =>
    one.name === 'ns2.kms.example' ? cname('ns2.kms.example', 'b.kms.example') : one,
  );
  const aliased: Zone = { ...kms, records: [...records, a('b.kms.example', '127.0.0.12')] };
  const { dns } = await walked(
    { resolver: resolving(2, aliased) },
    { '127.0.0.11': authority(aliased), '127.0.0.12': authority(aliased) },
  );
  expect(found(dns)['name-server-alias']).toEqual([
    'warning: Name server ns2.kms.example of kms.example is an alias of b.kms.example.',
  ]);
});

describe('the zones of aliases', () => {
  const lb: Zone = {
    zone: 'lb.example',
    records: [ns('lb.example', 'ns.lb.example'), a('ns.lb.example', '127.0.0.14'), a('eu.lb.example', '192.0.2.9')],
  };
  const cdn: Zone = {
    zone: 'cdn.test',
    records: [ns('cdn.test', 'ns.cdn.test'), a('ns.cdn.test', '127.0.0.15'), cname('e.cdn.test', 'eu.lb.example')],
  };
  const own: Zone = { ...kms, records: [...kms.records, cname('api.kms.example', 'e.cdn.test')] };
  const lbCut: Cut = { child: 'lb.example', names: ['ns.lb.example'], glue: [a('ns.lb.example', '127.0.0.14')] };
  const odd: Cut = { ...kmsCut, names: [...(kmsCut.names ?? []), 'ns4.kms.example'] };
  const cdnCut: Cut = { child: 'cdn.test', names: ['ns.cdn.test'], glue: [a('ns.cdn.test', '127.0.0.15')] };
  const testCut: Cut = { child: 'test', names: ['a.nic.test'], glue: [a('a.nic.test', '127.0.0.33')] };
  const exampleAbove = above('example', odd, lbCut);
  const root = above(
    '.',
    {
      child: 'example',
      names: ['a.nic.example', 'b.nic.example'],
      glue: [a('a.nic.example', '127.0.0.31'), a('b.nic.example', '127.0.0.32')],
    },
    testCut,
  );
  const scene = { name: 'api.kms.example', resolver: resolving(2, own, lb, cdn) };
  const servers: Readonly<Record<string, Respond>> = {
    ...{ '127.0.0.21': root, '127.0.0.22': root, '127.0.0.31': exampleAbove, '127.0.0.32': exampleAbove },
    ...{ '127.0.0.33': above('test', cdnCut), '127.0.0.14': authority(lb), '127.0.0.15': authority(cdn) },
    ...{ '127.0.0.11': authority(own), '127.0.0.12': authority(own) },
  };

  test('are walked to, each zone on the way once, and judged by the same checks', async () => {
    const { dns, authorities } = await walked(scene, servers);
    expect(dns.delegation.map(({ zone }) => zone)).toEqual(['.', 'example', 'lb.example']);
    expect(dns.aliasZones.map(({ zone, parent }) => [zone, parent?.zone])).toEqual([
      ['kms.example', 'example'],
      ['cdn.test', 'test'],
    ]);
    expect(
      dns.aliasWalks?.map(({ zone, state, above: passed }) => [zone, state, passed.map((one) => one.zone)]),
    ).toEqual([
      ['kms.example', 'complete', []],
      ['cdn.test', 'complete', ['test']],
    ]);
    expect(found(dns)['ns-set-mismatch']).toEqual([
      expect.stringMatching(/delegates kms\.example to ns4\.kms\.example/),
    ]);
    // The root's own serial is asked once of each server, however many names lead through it.
    const serials = ['127.0.0.21', '127.0.0.22'].map(
      (at) =>
        authorities[at]?.asked.filter(({ name, type, via }) => name === '.' && type === 'SOA' && via === 'udp').length,
    );
    expect(serials).toEqual([1, 1]);
    expect(dns.shift?.levers?.map(({ record: { name, type } }) => `${name} ${type}`)).toContain('cdn.test NS');
  });

  test('whose walk is cut short leave the checks unjudged', async () => {
    const silent: Respond = () => null;
    const { dns } = await walked(scene, { ...servers, '127.0.0.33': silent });
    expect(dns.aliasWalks?.at(-1)).toMatchObject({
      zone: 'cdn.test',
      state: 'unfinished',
      at: 'test',
      because: 'no-answer',
    });
    expect(dns.walk?.state).toBe('complete');
  });

  test('a resolver that has no root leaves them as they were', async () => {
    const { dns } = await walked({ ...scene, resolver: resolver(own, lb, cdn) }, servers);
    expect(dns).not.toHaveProperty('aliasWalks');
    expect(dns.aliasZones.map(({ zone }) => zone)).toEqual(['kms.example', 'cdn.test']);
  });
});
