// What each server of a signed zone is asked, and what is made of its answers: real servers on the loopback network.
import type { Answer } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { DnsRecord } from '../../../../src/contract/net.ts';
import { AA, type Asked, OPT, type Respond, reply } from '../../../../src/net/dns/test/servers.ts';
import { play } from '../../test/scene.ts';
import { a, ns, authority as plain, resolver as resolving, type Zone } from '../../test/zones.ts';
import { keyTag, Type } from '../records.ts';
import { DAY, dsOf, type Entry, type Key, makeKey, nsecData, type Signing, signedSet } from './signer.ts';

/** Scenes are played at the beginning of 1970. */
const NOW: Signing = { from: -DAY, until: DAY };
const ZONE = 'kms.example';
const key = makeKey('Ed25519');
const next = makeKey('Ed25519');
const anchor = `${ZONE}. IN DNSKEY 257 3 15 ${key.data.subarray(4).toString('base64')}`;
const ADDRESSES = ['127.0.0.71', '127.0.0.72'] as const;
const names: Zone = {
  zone: ZONE,
  records: [
    ...[ns(ZONE, 'ns1.kms.example'), ns(ZONE, 'ns2.kms.example'), a(ZONE, '192.0.2.1')],
    ...[a('ns1.kms.example', ADDRESSES[0]), a('ns2.kms.example', ADDRESSES[1])],
  ],
};
const DO = { ...OPT, flags: 0x8000, flag_do: true } as Answer;
const numbers: Readonly<Record<string, number>> = { ...Type, CDS: 59, CDNSKEY: 60 };

function asAnswer(record: DnsRecord): Answer {
  const name = record.name as unknown as string;
  if (record.type === 'A') return { type: 'A', name, ttl: 60, data: record.address };
  if (record.type !== 'other') throw new Error(`not for this test: ${record.type}`);
  const type = record.typeName.startsWith('TYPE') ? Number(record.typeName.slice(4)) : numbers[record.typeName];
  return { type: `UNKNOWN_${type}`, name, ttl: 60, data: Buffer.from(record.rdataHex, 'hex') } as unknown as Answer;
}

const signedBy = (by: Key, entry: Entry, how = NOW): Answer[] => signedSet(ZONE, by, entry, how).map(asAnswer);
const keys = (by: Key, all: readonly Key[], how = NOW) =>
  signedBy(by, { owner: ZONE, type: Type.DNSKEY, data: all.map(({ data }) => data) }, how);
const addresses = (by: Key, how = NOW) =>
  signedBy(by, { owner: ZONE, type: Type.A, data: [Buffer.from([192, 0, 2, 1])] }, how);

interface Served {
  readonly DNSKEY: readonly Answer[];
  readonly A: readonly Answer[];
  readonly CDS?: readonly Answer[];
  readonly CDNSKEY?: readonly Answer[];
  /** That there is no AAAA. */
  readonly proof?: readonly Answer[];
}

const noIpv6 = signedBy(key, { owner: ZONE, type: Type.NSEC, data: [nsecData(ZONE, [Type.A, Type.NSEC])] });
const good: Served = { DNSKEY: keys(key, [key]), A: addresses(key) };

/** Names and addresses as in any zone; what is signed, in its place. */
function serving(served: Served, flags: number, rest: Respond): Respond {
  return (asked: Asked) => {
    const answers = (served as unknown as Readonly<Record<string, readonly Answer[]>>)[asked.type];
    const wanted = asked.name === ZONE && /^(DNSKEY|A|CDS|CDNSKEY)$/.test(asked.type);
    if (asked.name === ZONE && asked.type === 'AAAA')
      return reply(asked, { flags, authorities: [...(served.proof ?? noIpv6)], additionals: [DO] });
    return wanted ? reply(asked, { flags, answers: [...(answers ?? [])], additionals: [DO] }) : rest(asked);
  };
}

async function look(second: Served, first: Served = good) {
  const { attempt, authorities } = await play({
    name: ZONE,
    resolver: serving(good, 0, resolving(names)),
    authorities: {
      [ADDRESSES[0]]: serving(first, AA, plain(names)),
      [ADDRESSES[1]]: serving(second, AA, plain(names)),
    },
    options: { trustAnchor: anchor, policyQueries: 0, conformance: 'none' },
    families: [4],
  });
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  const asked = ADDRESSES.map((address) => authorities[address]?.asked.map(({ type }) => type) ?? []);
  return { dns: attempt.value, asked, servers: attempt.value.dnssecDetail?.servers ?? [] };
}

describe('what a server gives', () => {
  const cases: readonly (readonly [says: string, served: Served, faults: readonly (string | null)[]])[] = [
    ['the same as the other', good, [null, null]],
    [
      'expired signatures',
      { ...good, A: addresses(key, { from: -9 * DAY, until: -DAY }) },
      [null, 'signature-expired'],
    ],
    ['no signature over the records', { ...good, A: addresses(key).slice(0, 1) }, [null, 'no-signature']],
    ['no keys', { ...good, DNSKEY: [] }, ['no-keys', null]],
    ['another key', { DNSKEY: keys(next, [next]), A: addresses(next) }, ['no-matching-key', 'key-missing']],
    ['the records signed by the next key', { DNSKEY: keys(key, [key, next]), A: addresses(next) }, [null, null]],
    ['nothing for the name, unproven', { ...good, A: [] }, [null, 'no-proof']],
  ];
  test.each(cases)('%s', async (_, served, faults) => {
    const { dns, servers } = await look(served);
    expect(dns.dnssec).toBe('secure');
    expect(servers.map(({ address }) => address)).toEqual(ADDRESSES);
    expect(servers[0]?.sets.map(({ fault }) => fault)).toEqual([null, null]);
    expect(servers[1]?.sets.map(({ fault }) => fault)).toEqual(faults);
  });

  test('its keys, and when its signatures end', async () => {
    const { servers } = await look({ DNSKEY: keys(key, [key, next]), A: addresses(next) });
    expect(servers[1]?.keys).toEqual([key.tag, next.tag].toSorted((x, y) => x - y));
    expect(servers[1]?.sets.map(({ type, tags, expiresAt }) => [type, tags, expiresAt])).toEqual([
      ['DNSKEY', [key.tag], '1970-01-02T00:00:00.000Z'],
      ['A', [next.tag], '1970-01-02T00:00:00.000Z'],
    ]);
  });
});

describe('what the zone asks its parent for', () => {
  const cds = signedBy(key, { owner: ZONE, type: Type.CDS, data: [dsOf(ZONE, key)] });
  const cdnskey = signedBy(key, { owner: ZONE, type: Type.CDNSKEY, data: [next.data] });

  test('CDNSKEY of one server only, where no server has any', async () => {
    const { asked, servers } = await look(good);
    expect(servers.map((one) => [one.cds, one.cdnskey])).toEqual([
      [[], []],
      [[], null],
    ]);
    expect(asked.map((types) => types.filter((type) => type === 'CDNSKEY').length)).toEqual([1, 0]);
  });

  test('of all servers, where one has', async () => {
    const { servers } = await look({ ...good, CDS: cds, CDNSKEY: cdnskey });
    expect(servers[0]).toMatchObject({ cds: [], cdnskey: [] });
    expect(servers[1]?.cds).toMatchObject([{ tag: key.tag, algorithm: 15, digestType: 2, hasKey: true }]);
    expect(servers[1]?.cdnskey).toEqual([{ tag: keyTag(next.data), algorithm: 15, hasKey: false }]);
  });
});

test('a zone that no DS record leads to is not asked', async () => {
  const { attempt, authorities } = await play({
    name: ZONE,
    resolver: resolving(names),
    authorities: { [ADDRESSES[0]]: plain(names), [ADDRESSES[1]]: plain(names) },
    options: { policyQueries: 0, conformance: 'none' },
  });
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  expect(attempt.value.dnssecDetail?.servers).toBeUndefined();
  expect(authorities[ADDRESSES[0]]?.asked.some(({ type }) => type === 'DNSKEY' || type === 'CDS')).toBe(false);
});

test.each([
  ['compact', nsecData(`\\000.${ZONE}`, [Type.RRSIG, Type.NSEC, 128])],
  ['minimal', nsecData(`\\000.${ZONE}`, [Type.A, Type.RRSIG, Type.NSEC])],
  ['nsec', nsecData(`a.${ZONE}`, [Type.A, Type.RRSIG, Type.NSEC])],
])('absence is proven by %s', async (denial, data) => {
  const proof = signedBy(key, { owner: ZONE, type: Type.NSEC, data: [data] });
  const { attempt } = await play({
    name: ZONE,
    resolver: serving({ ...good, proof }, 0, resolving(names)),
    authorities: {},
    options: { trustAnchor: anchor, policyQueries: 0, authorityPort: 1 },
  });
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  expect([attempt.value.dnssec, attempt.value.dnssecDetail?.zones[0]?.denial]).toEqual(['secure', denial]);
});
