// What each server and resolver is asked beside the addresses, against real servers on the loopback network.
import type { Answer } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import { visible } from '../../../src/model/text.ts';
import { AA, OPT, type Respond, reply, soa } from '../../../src/net/dns/test/servers.ts';
import type { ToldSetEvidence } from '../evidence.ts';
import { play, type Scene } from './scene.ts';
import { a, authority, ns, resolver, type Zone } from './zones.ts';

const OWN = '127.0.0.17';
const OTHER = '127.0.0.18';

/** `1 . alpn=h2` and `1 . alpn=h3`, RFC 9460 2.2. */
const https = (name: string, protocol: string, ttl = 60): Answer =>
  ({
    type: 'UNKNOWN_65',
    name,
    ttl,
    data: Buffer.from(`0001000001000302${Buffer.from(protocol).toString('hex')}`, 'hex'),
  }) as unknown as Answer;
const caa = (name: string, value: string): Answer =>
  ({ type: 'CAA', name, ttl: 60, data: { flags: 0, tag: 'issue', value } }) as Answer;
const mx = (name: string): Answer =>
  ({ type: 'MX', name, ttl: 60, data: { preference: 10, exchange: 'mail.kms.example' } }) as Answer;
const txt = (name: string): Answer => ({ type: 'TXT', name, ttl: 60, data: ['v=spf1 "all"', 'second'] }) as Answer;

const zoneWith = (extra: readonly Answer[]): Zone => ({
  zone: 'kms.example',
  records: [
    ...[ns('kms.example', 'ns1.kms.example'), ns('kms.example', 'ns2.kms.example')],
    ...[a('ns1.kms.example', OWN), a('ns2.kms.example', OTHER)],
    ...[a('kms.example', '192.0.2.1'), a('api.kms.example', '192.0.2.2')],
    ...(extra as Zone['records']),
  ],
});

const whole = [
  ...[https('kms.example', 'h2'), https('api.kms.example', 'h2'), https('_8443._https.kms.example', 'h3')],
  ...[caa('kms.example', 'ca.example'), mx('kms.example'), txt('kms.example')],
];
const stale = [https('kms.example', 'h3', 600), caa('kms.example', 'old.example')];

async function seen(scene: Partial<Scene> = {}) {
  const { attempt, budget } = await play({
    name: 'kms.example',
    resolver: resolver(zoneWith(whole)),
    authorities: { [OWN]: authority(zoneWith(whole)), [OTHER]: authority(zoneWith(stale)) },
    ...scene,
    options: { policyQueries: 0, ...scene.options },
  });
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  const servers = attempt.value.delegation.at(-1)?.nameservers.flatMap(({ byAddress }) => byAddress) ?? [];
  return { dns: attempt.value, servers, budget };
}

const shown = (sets: readonly ToldSetEvidence[] = []) =>
  sets.map(
    ({ name, type, error, records }) =>
      `${name} ${type}: ${error ?? records.map(({ data }) => visible(data)).join(' | ')}`,
  );

describe('each server and resolver on its own', () => {
  test('HTTPS and CAA, as each holds them', async () => {
    const { servers, dns } = await seen();
    expect(servers.map(({ recordSets }) => shown(recordSets))).toEqual([
      ['kms.example HTTPS: 1 . alpn="h2"', 'kms.example CAA: 0 issue "ca.example"'],
      ['kms.example HTTPS: 1 . alpn="h3"', 'kms.example CAA: 0 issue "old.example"'],
    ]);
    expect(dns.resolvers?.map(({ recordSets }) => shown(recordSets))).toEqual([shown(servers[0]?.recordSets)]);
    expect(servers[1]?.recordSets?.[0]?.records).toMatchObject([{ name: 'kms.example', ttlSeconds: 600 }]);
    // The longest that any of them tells, as for addresses.
    expect(dns.records.find(({ type }) => type === 'HTTPS')?.authoritativeTtlSeconds).toBe(600);
    expect(servers.map((one) => one.soa)).toMatchObject([{ refreshSeconds: 2 }, { retrySeconds: 3 }]);
  });

  test('below the apex its CAA is asked for too', async () => {
    const { servers } = await seen({ name: 'api.kms.example' });
    expect(shown(servers[0]?.recordSets)).toEqual([
      'api.kms.example HTTPS: 1 . alpn="h2"',
      'api.kms.example CAA: ',
      'kms.example CAA: 0 issue "ca.example"',
    ]);
  });

  test('another port has a name of its own (RFC 9460 9.1)', async () => {
    const { servers, dns } = await seen({ name: 'https://kms.example:8443/' });
    expect(shown(servers[0]?.recordSets)[0]).toBe('_8443._https.kms.example HTTPS: 1 . alpn="h3"');
    expect(shown(dns.resolvers?.[0]?.recordSets)[0]).toBe('_8443._https.kms.example HTTPS: 1 . alpn="h3"');
  });

  test('MX and TXT only when wanted', async () => {
    const { servers, budget } = await seen();
    const more = await seen({ options: { mailRecords: true } });
    expect(shown(servers[0]?.recordSets).join()).not.toMatch(/MX|TXT/);
    expect(shown(more.servers[0]?.recordSets).slice(2)).toEqual([
      'kms.example MX: 10 mail.kms.example.',
      'kms.example TXT: "v=spf1 \\"all\\"" "second"',
    ]);
    // Two each of two servers and one resolver; the look for exchanges that are aliases has its own MX question.
    expect(more.budget.dnsQueries - budget.dnsQueries).toBe(7);
  });

  test('a server that drops or refuses newer types is a result, and nothing waits long for it', async () => {
    const broken = authority(zoneWith(whole));
    const { servers } = await seen({
      authorities: {
        [OWN]: (asked) => (asked.type === 'CAA' ? null : broken(asked)),
        [OTHER]: (asked) => (asked.type === 'UNKNOWN_65' ? reply(asked, { rcode: 'NOTIMP' }) : broken(asked)),
      },
    });
    expect(servers.map(({ error }) => error)).toEqual([null, null]);
    expect(shown(servers[0]?.recordSets)).toContain('kms.example CAA: dns-timeout');
    expect(servers[1]?.recordSets?.[0]).toMatchObject({ type: 'HTTPS', rcode: null, records: [] });
    expect(servers[1]?.recordSets?.[0]?.error).not.toBeNull();
  });

  test('of a name without address nothing more is asked', async () => {
    const { servers, dns } = await seen({ name: 'gone.kms.example' });
    expect(servers.map(({ recordSets }) => recordSets)).toEqual([undefined, undefined]);
    expect(dns.resolvers?.[0]?.recordSets).toBeUndefined();
  });
});

describe('nodes behind one address', () => {
  /** Every second answer comes from the other node, which has an older zone. */
  function anycast(): Respond {
    let count = 0;
    return (asked) => {
      const fresh = count++ % 2 === 0;
      const additionals = [
        { ...OPT, options: [{ code: 3, data: Buffer.from(fresh ? 'fra1' : 'ams2') }] } as unknown as Answer,
      ];
      const records: Partial<Record<string, readonly Answer[]>> = {
        SOA: [soa('kms.example', fresh ? 8 : 7)],
        A: [a('kms.example', fresh ? '192.0.2.1' : '192.0.2.9')],
        NS: [ns('kms.example', 'ns1.kms.example')],
      };
      const answers = [...(records[asked.type] ?? [])];
      return reply(asked, {
        flags: AA,
        additionals,
        answers,
        authorities: answers.length > 0 ? [] : [soa('kms.example')],
      });
    };
  }

  test('are told apart by NSID, each with what it answers again and again', async () => {
    const zone: Zone = {
      ...zoneWith([]),
      records: [ns('kms.example', 'ns1.kms.example'), a('ns1.kms.example', OWN), a('kms.example', '192.0.2.1')],
    };
    const { dns } = await seen({
      resolver: resolver(zone),
      authorities: { [OWN]: anycast() },
      options: { policyQueries: 20 },
    });
    const nodes = dns.policy?.nodes?.toSorted((x, y) => visible(x.nsid).localeCompare(visible(y.nsid)));
    // A question that is sent again shifts the turns.
    const n = expect.any(Number);
    expect(nodes).toEqual([
      { address: OWN, nsid: 'ams2', sets: [{ addresses: ['192.0.2.9'], n }] },
      { address: OWN, nsid: 'fra1', sets: [{ addresses: ['192.0.2.1'], n }] },
    ]);
  });

  test('are not told where one answers', async () => {
    const { dns } = await seen({ options: { policyQueries: 6 } });
    expect(dns.policy?.nodes).toBeUndefined();
  });
});
