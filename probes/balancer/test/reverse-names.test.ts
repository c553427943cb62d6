// Whose names are asked for, of whom, and what is made of the answers. The resolver is a table; what it is asked is written down.
import { describe, expect, test } from 'vitest';
import type { DnsClient, DnsQuestion, DnsServer } from '../../../src/contract/net.ts';
import { reverseName } from '../../../src/model/address-scope.ts';
import type { Json } from '../../../src/model/json.ts';
import { problem } from '../../../src/model/problem.ts';
import { type Endpoint, endpointId, familyOf } from '../../../src/model/target.ts';
import { type IpAddress, wireText } from '../../../src/model/text.ts';
import { contextOf, endpointsOf } from '../../../test/support/traces.ts';
import { options } from '../defaults.ts';
import { balancerEvidence, type ReverseNameRecord } from '../evidence.ts';
import { gather } from '../gather.ts';
import { askNames, zonesTold } from '../reverse-names.ts';
import { section } from '../section.ts';

const SITE: DnsServer = { address: '10.0.0.2' as IpAddress, port: 53 };
const PUBLIC: DnsServer = { address: '9.9.9.9' as IpAddress, port: 53 };
const HTTPS: DnsServer = { transport: 'https', url: 'https://dns.example/dns-query' };

/** By `TYPE name`; a name without a row does not exist, `null` is no answer in time. */
type Table = Readonly<Record<string, readonly string[] | null>>;

function resolverOf(table: Table, resolvers: readonly DnsServer[]) {
  const asked: string[] = [];
  const query = async (_: DnsServer, { name, type }: DnsQuestion) => {
    asked.push(`${type} ${name}`);
    const found = table[`${type} ${name}`];
    if (found === null) return { state: 'failed', problem: problem('dns-timeout', 'resolve'), elapsedMs: 1 };
    const answers = (found ?? []).map((data) =>
      type === 'PTR' ? { type, target: wireText(data) } : { type, address: data },
    );
    return { state: 'complete', elapsedMs: 1, value: { rcode: found === undefined ? 'NXDOMAIN' : 'NOERROR', answers } };
  };
  return { asked, dns: { resolvers, query } as unknown as DnsClient };
}

const endpoint = (text: string, zone: string | null = null): Endpoint => {
  const address = text as IpAddress;
  const told = { zone, zoneSource: zone === null ? null : ('flag' as const), ttlSeconds: 60 };
  return { id: endpointId(address, 443), address, port: 443, family: familyOf(address), ...told };
};

/** PTR of an address and the way back: addresses, `null` for no answer in time, `nowhere` for a name that does not exist. */
const named = (address: string, name: string, back: readonly string[] | null | 'nowhere' = [address]): Table => ({
  [`PTR ${reverseName(address as IpAddress)}`]: [`${name}.`],
  ...(back === 'nowhere' ? {} : { [`${address.includes(':') ? 'AAAA' : 'A'} ${name}`]: back }),
});

async function asked(
  addresses: readonly Endpoint[],
  table: Table,
  { resolvers = [SITE], given = options }: { resolvers?: readonly DnsServer[]; given?: typeof options } = {},
) {
  const resolver = resolverOf(table, resolvers);
  const net = { now: () => 0, dns: resolver.dns };
  const attempt = await askNames(contextOf(given, addresses, [], { net }));
  const told = attempt.state === 'complete' ? attempt.value : [];
  return { asked: resolver.asked, records: told as unknown as readonly ReverseNameRecord[], zones: zonesTold(told) };
}

const [A, B, C] = ['1.0.0.1', '1.0.0.2', '2606:4700::3'] as const;

describe('who is asked for', () => {
  const pair = ['PTR 1.0.0.1.in-addr.arpa', 'PTR 2.0.0.1.in-addr.arpa'];
  test.each<[string, readonly Endpoint[], Parameters<typeof asked>[2], readonly string[]]>([
    ['public addresses, of anybody', [endpoint(A), endpoint(B)], { resolvers: [PUBLIC] }, pair],
    ['both where one zone is known', [endpoint(A, 'a'), endpoint(B)], {}, pair],
    ['nobody where every zone is known', [endpoint(A, 'a'), endpoint(B, 'b')], {}, []],
    ['nobody where it is not wanted', [endpoint(A)], { given: { ...options, reverseNames: false } }, []],
    ['private addresses, of a resolver of the site', [endpoint('10.0.0.1')], {}, ['PTR 1.0.0.10.in-addr.arpa']],
    ['no private address of a resolver elsewhere', [endpoint('10.0.0.1')], { resolvers: [PUBLIC] }, []],
    ['nor of one behind a URL', [endpoint('10.0.0.1')], { resolvers: [HTTPS] }, []],
    [
      'neither this machine, nor link, nor examples',
      ['127.0.0.1', '169.254.0.1', '192.0.2.1'].map((one) => endpoint(one)),
      {},
      [],
    ],
    [
      'an address with two ports once',
      [endpoint(A), { ...endpoint(A), id: endpointId(A as IpAddress, 80), port: 80 }],
      {},
      pair.slice(0, 1),
    ],
    ['nobody without a resolver', [endpoint(A)], { resolvers: [] }, []],
  ])('%s', async (_, endpoints, more, wanted) => expect((await asked(endpoints, {}, more)).asked).toEqual(wanted));

  test('sixteen addresses at most', async () => {
    const many = Array.from({ length: 40 }, (_, at) => endpoint(`1.0.0.${at + 1}`));
    expect((await asked(many, {})).asked).toHaveLength(16);
  });
});

describe('what is made of it', () => {
  test('zones by what differs, over both families', async () => {
    const table = { ...named(A, 'kms-az1.example'), ...named(B, 'kms-az2.example'), ...named(C, 'kms-az2.example') };
    const { zones } = await asked([endpoint(A), endpoint(B), endpoint(C)], table);
    expect(zones).toEqual([
      { address: A, zone: 'az1' },
      { address: B, zone: 'az2' },
      { address: C, zone: 'az2' },
    ]);
  });

  test.each<[string, readonly string[] | null | 'nowhere', boolean | null]>([
    ['leads elsewhere', ['1.0.0.99'], false],
    ['does not exist', 'nowhere', false],
    ['is not answered for', null, null],
  ])('a name that %s counts for nothing, also beside others', async (_, back, confirmed) => {
    const table = { ...named(A, 'kms-az1.example'), ...named(B, 'kms-az2.example', back) };
    const { records, zones } = await asked([endpoint(A), endpoint(B)], table);
    expect(records.map((one) => [one.confirmed, one.zone])).toEqual([
      [true, null],
      [confirmed, null],
    ]);
    expect(zones).toEqual([]);
  });

  test('a cloud that is only claimed tells no region', async () => {
    const ec2 = (last: number) => `ec2-1-0-0-${last}.eu-west-1.compute.amazonaws.com`;
    const { records } = await asked([endpoint(A), endpoint(B)], {
      ...named(A, ec2(1)),
      ...named(B, ec2(2), ['1.0.0.3']),
    });
    expect(records.map(({ region, zone, operator }) => [region, zone, operator])).toEqual([
      ['eu-west-1', null, 'AWS'],
      [null, null, null],
    ]);
  });

  test('the way back is asked only for names that tell a place, and of several names those go first', async () => {
    const ptr = 'PTR 1.0.0.1.in-addr.arpa';
    const plain = await asked([endpoint(A)], { [ptr]: ['mail.example.'] });
    expect(plain.asked).toEqual([ptr]);
    expect(plain.records).toMatchObject([{ name: 'mail.example.', confirmed: null, zone: null }]);
    const several = await asked([endpoint(A)], { [ptr]: ['a.example.', 'b-az1.example.', 'c.example.'] });
    expect(several.asked).toEqual([ptr, 'A b-az1.example']);
  });

  test.each([
    ['a terminal’s words', '\u001b[31mkms-az1.example.'],
    ['markup', '<img src=x onerror=alert(1)>-az1.example.'],
    ['spaces', 'kms az1.example.'],
    ['nothing', '.'],
    ['too much', `${'az1-'.repeat(300)}.example.`],
  ])('%s for a name is kept, within bounds, and asked nobody for', async (_, name) => {
    const ptr = 'PTR 1.0.0.1.in-addr.arpa';
    const { asked: questions, records } = await asked([endpoint(A)], { [ptr]: [name] });
    expect(questions).toEqual([ptr]);
    expect(records).toMatchObject([{ confirmed: null, zone: null, region: null }]);
    expect(JSON.stringify(records.map((one) => one.name)).length).toBeLessThanOrEqual(270);
  });
});

describe('the record', () => {
  const beside = (...records: readonly ReverseNameRecord[]) => ({
    beside: { state: 'complete' as const, value: records as unknown as Json, elapsedMs: 1 },
  });
  const record = (more: Partial<ReverseNameRecord>): ReverseNameRecord => ({
    ...{ address: '192.0.2.1' as IpAddress, name: wireText('kms-az1.example.'), confirmed: true, zone: 'az1' },
    ...{ region: null, place: null, operator: null, source: null, used: false },
    ...more,
  });
  async function shown(endpoints: readonly Endpoint[], ...records: readonly ReverseNameRecord[]) {
    const attempt = await gather(contextOf(options, endpoints, [], beside(...records)));
    if (attempt.state !== 'complete') throw new Error(attempt.state);
    balancerEvidence.parse(JSON.parse(JSON.stringify(attempt.value)));
    return { value: attempt.value, section: section(attempt.value) };
  }
  const [plain] = endpointsOf('az1') as [Endpoint];

  test('says which name gave its endpoint the zone, and the report that it is a hint', async () => {
    const { value, section: told } = await shown([{ ...plain, zoneSource: 'reverse-name' }], record({}));
    expect(value.reverseNames).toMatchObject([{ zone: 'az1', used: true }]);
    expect(JSON.stringify(told.brief)).toContain('az1 192.0.2.1 (whoever owns an address writes its name: a hint');
  });

  test('has the names that were not needed, and says nothing of them at first sight', async () => {
    const { value, section: told } = await shown([plain], record({ confirmed: false, zone: null }));
    expect(value.reverseNames).toMatchObject([{ used: false }]);
    expect(told.brief).toBeUndefined();
    expect(JSON.stringify(told.blocks)).toContain('not used: it does not lead back');
  });

  test('is without names where none was asked for', async () => {
    const attempt = await gather(contextOf(options, [plain], []));
    expect(attempt.state === 'complete' && 'reverseNames' in attempt.value).toBe(false);
  });
});
