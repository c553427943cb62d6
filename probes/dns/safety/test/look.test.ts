// What is seen of the safety of a name, among a real resolver and real authorities: each weakness once, and what is sent for it.
import type { Answer } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { DnsName } from '../../../../src/model/text.ts';
import { AA, type Asked, type Respond, reply } from '../../../../src/net/dns/test/servers.ts';
import { type DnsEvidence, dnsEvidenceSchema } from '../../evidence.ts';
import { play, type Scene } from '../../test/scene.ts';
import { a, authority, cname, ns, resolver, type Zone } from '../../test/zones.ts';
import { registrableDomain } from '../missing.ts';

const kms: Zone = {
  zone: 'kms.example',
  records: [
    ns('kms.example', 'ns1.kms.example'),
    a('ns1.kms.example', '127.0.0.11'),
    a('kms.example', '192.0.2.1'),
    cname('www.kms.example', 'kms.example'),
  ],
};

async function seen(change: Partial<Scene>, zones: readonly Zone[] = [kms]): Promise<DnsEvidence> {
  const { attempt } = await play({
    name: 'kms.example',
    resolver: resolver(...zones),
    authorities: { '127.0.0.11': authority(...zones) },
    ...change,
    options: { policyQueries: 0, ...change.options },
  });
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  return dnsEvidenceSchema.parse(JSON.parse(JSON.stringify(attempt.value)));
}

/** Answers first as told, then as the zone does. */
function instead(told: (asked: Asked) => Buffer | null, otherwise: Respond): Respond {
  return (asked) => told(asked) ?? otherwise(asked);
}

const made = (asked: Asked) => asked.name.startsWith('outrider-');
const other = (name: string, type: number, data: string): Answer =>
  ({ type: `UNKNOWN_${type}`, name, ttl: 60, data: Buffer.from(data, 'hex') }) as unknown as Answer;

test('of a healthy zone nothing but what is right', async () => {
  const { safety } = await seen({});
  expect(safety).toEqual({
    mailExchanges: [],
    challenge: { name: '_acme-challenge.kms.example', target: null, problem: null },
    tlsa: [{ name: '_443._tcp.kms.example', problem: null, authenticated: false, records: [], malformed: 0 }],
    recursion: [],
    madeUp: {
      name: expect.stringMatching(/^outrider-[0-9a-f]{12}\.kms\.example$/),
      authority: { address: '127.0.0.11', rcode: 'NXDOMAIN', answers: 0, addresses: [] },
      resolvers: [{ resolver: expect.any(String), rcode: 'NXDOMAIN', addresses: [] }],
    },
    aliasOwners: [],
  });
});

describe('a made-up name', () => {
  const found = (asked: Asked) =>
    made(asked) ? reply(asked, { flags: AA, answers: [{ type: 'A', name: asked.name, data: '203.0.113.80' }] }) : null;

  test('that a wildcard answers is asked of no resolver', async () => {
    const { safety } = await seen({ authorities: { '127.0.0.11': instead(found, authority(kms)) } });
    expect(safety?.madeUp).toMatchObject({ authority: { answers: 1, addresses: ['203.0.113.80'] }, resolvers: [] });
  });

  test('that the zone denies and a resolver answers', async () => {
    const { safety } = await seen({ resolver: instead(found, resolver(kms)) });
    expect(safety?.madeUp?.resolvers).toMatchObject([{ rcode: 'NOERROR', addresses: ['203.0.113.80'] }]);
  });

  test('beside a name below the apex is a neighbour of it', async () => {
    const deep: Zone = { ...kms, records: [...kms.records, a('api.eu.kms.example', '192.0.2.7')] };
    const { safety } = await seen({ name: 'api.eu.kms.example' }, [deep]);
    expect(safety?.madeUp?.name).toMatch(/^outrider-[0-9a-f]{12}\.eu\.kms\.example$/);
  });
});

describe('recursion', () => {
  const RA = 0x80;
  const soaOf = (name: string): Answer => ({
    ...{ type: 'SOA', name, ttl: 60 },
    data: { mname: 'a', rname: 'b', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 1 },
  });
  const offering = (answer: (asked: Asked) => Buffer): Respond =>
    instead((asked) => {
      if (asked.name === 'example') return answer(asked);
      return asked.type === 'SOA' && asked.name === 'kms.example'
        ? reply(asked, { flags: AA | RA, answers: [soaOf('kms.example')] })
        : null;
    }, authority(kms));

  test.each<[string, (asked: Asked) => Buffer, boolean | null]>([
    ['is seen', (asked) => reply(asked, { flags: RA, answers: [soaOf('example')] }), true],
    ['is refused after all', (asked) => reply(asked, { rcode: 'REFUSED' }), false],
    ['is not told', (asked) => reply(asked, { rcode: 'SERVFAIL' }), null],
    ['ends in a referral', (asked) => reply(asked, { flags: RA, authorities: [ns('.', 'a.root')] }), false],
    [
      'is not needed: it serves that zone too',
      (asked) => reply(asked, { flags: RA | AA, answers: [soaOf('example')] }),
      null,
    ],
  ])('%s', async (_, answer, recurses) => {
    const { safety } = await seen({ authorities: { '127.0.0.11': offering(answer) } });
    expect(safety?.recursion).toEqual([
      { server: 'ns1.kms.example', address: '127.0.0.11', asked: 'example', recurses },
    ]);
  });
});

describe('aliases', () => {
  test('with a zone of its own below, and with mail beside it', async () => {
    const both: Respond = instead((asked) => {
      if (asked.name !== 'www.kms.example' || asked.type === 'A' || asked.type === 'AAAA') return null;
      if (asked.type === 'NS') return reply(asked, { authorities: [ns('www.kms.example', 'ns.www.kms.example')] });
      const exchange: Answer = { type: 'MX', name: asked.name, data: { preference: 1, exchange: 'mx.kms.example' } };
      return reply(asked, { flags: AA, answers: [exchange] });
    }, authority(kms));
    const { safety } = await seen({ name: 'www.kms.example', authorities: { '127.0.0.11': both } });
    expect(safety?.aliasOwners).toMatchObject([{ name: 'www.kms.example', delegated: true, beside: ['MX'] }]);
  });

  test('where mail is sent to', async () => {
    const exchange: Answer = { type: 'MX', name: 'kms.example', data: { preference: 1, exchange: 'www.kms.example' } };
    const mail: Respond = instead(
      (asked) => (asked.type === 'MX' ? reply(asked, { answers: [exchange] }) : null),
      resolver(kms),
    );
    const { safety } = await seen({ resolver: mail });
    expect(safety?.mailExchanges).toEqual([{ exchange: 'www.kms.example', target: 'kms.example' }]);
  });

  test('made of a DNAME carry it, and the lever is the DNAME', async () => {
    // new.example in wire form
    const dname = other('old.kms.example', 39, '036e6577076578616d706c6500');
    const moved = (flags: number, ttl: number): Respond =>
      instead(
        (asked) => {
          if (asked.name !== 'api.old.kms.example') return null;
          return reply(asked, {
            flags,
            answers: [
              { ...dname, ttl } as Answer,
              { type: 'CNAME', name: asked.name, ttl, data: 'api.kms.example' },
              ...(asked.type === 'A' ? [{ type: 'A', name: 'api.kms.example', ttl, data: '192.0.2.9' } as Answer] : []),
            ],
          });
        },
        (flags === AA ? authority : resolver)({ ...kms, records: [...kms.records, a('api.kms.example', '192.0.2.9')] }),
      );
    const dns = await seen({
      name: 'api.old.kms.example',
      resolver: moved(0, 293),
      authorities: { '127.0.0.11': moved(AA, 300) },
    });
    expect(dns.aliases).toMatchObject([{ dname: { name: 'old.kms.example', target: 'new.example', ttlSeconds: 293 } }]);
    expect(dns.records[0]).toMatchObject({ name: 'old.kms.example', type: 'DNAME', authoritativeTtlSeconds: 300 });
    expect(dns.shift).toMatchObject({ worstSeconds: 300, limitedBy: 'old.kms.example DNAME' });
    expect(dns.shift?.levers?.filter(({ lever }) => lever === 'alias').map(({ record }) => record)).toEqual([
      { name: 'old.kms.example', type: 'DNAME' },
    ]);
    expect(dns.safety?.aliasOwners).toEqual([]);
  });

  test('into nothing: the domain that is missing is told', async () => {
    const lost: Zone = { ...kms, records: [...kms.records, cname('shop.kms.example', 'kms.gone.com')] };
    const com: Zone = { zone: 'com', records: [] };
    const { safety } = await seen({ name: 'shop.kms.example' }, [lost, com]);
    expect(safety).toMatchObject({ missing: { name: 'kms.gone.com', domain: 'gone.com', registration: 'absent' } });
    const there: Zone = { zone: 'gone.com', records: [] };
    const kept = await seen({ name: 'shop.kms.example' }, [lost, com, there]);
    expect(kept.safety).toMatchObject({ missing: { registration: 'there' } });
  });
});

test.each<[string, string | null]>([
  ['a.b.gone.co.uk', 'gone.co.uk'],
  ['kms.azurewebsites.net', 'azurewebsites.net'],
  ['kms.example', null],
  ['kms.internal', null],
  ['co.uk', null],
  ['_x.gone.com', 'gone.com'],
])('the domain that is registered for %s is %s', async (name, domain) => {
  expect(await registrableDomain(name as DnsName)).toBe(domain);
});

describe('names beside the name', () => {
  test('a challenge that is delegated, to a target that is there or not', async () => {
    const alias = cname('_acme-challenge.kms.example', 'kms.acme.gone.org');
    const org: Zone = { zone: 'org', records: [] };
    const { safety } = await seen({}, [{ ...kms, records: [...kms.records, alias] }, org]);
    expect(safety?.challenge).toMatchObject({
      target: 'kms.acme.gone.org',
      missing: { domain: 'gone.org', registration: 'absent' },
    });
  });

  test('a challenge that the resolver fails to follow is told by its alias', async () => {
    const alias = cname('_acme-challenge.kms.example', 'kms.acme.example');
    const failing: Respond = instead((asked) => {
      if (asked.name !== '_acme-challenge.kms.example') return null;
      return asked.type === 'CNAME' ? reply(asked, { answers: [alias] }) : reply(asked, { rcode: 'SERVFAIL' });
    }, resolver(kms));
    const { safety } = await seen({ resolver: failing });
    expect(safety?.challenge).toMatchObject({ target: 'kms.acme.example', problem: { code: 'servfail' } });
  });

  test('TLSA records are kept as hashes; broken ones are counted', async () => {
    const name = '_443._tcp.kms.example';
    const answers = [
      other(name, 52, `030101${'ab'.repeat(32)}`),
      other(name, 52, `030000${'ff'.repeat(900)}`),
      other(name, 52, `030101${'ab'.repeat(31)}`),
      other(name, 52, '0301'),
    ];
    const tlsa: Respond = instead((asked) => (asked.name === name ? reply(asked, { answers }) : null), resolver(kms));
    const { safety } = await seen({ resolver: tlsa });
    expect(safety?.tlsa).toMatchObject([
      {
        records: [
          { usage: 3, selector: 1, matching: 1, data: 'ab'.repeat(32) },
          // sha256 of 900 bytes 0xff
          { usage: 3, selector: 0, matching: 0, data: expect.stringMatching(/^[0-9a-f]{64}$/) },
        ],
        malformed: 2,
      },
    ]);
  });
});

test('a transfer is begun only where the user wants it', async () => {
  const { safety } = await seen({ options: { axfr: true } });
  expect(safety?.transfers).toMatchObject([{ address: '127.0.0.11', state: 'refused', recordsSeen: 0 }]);
});
