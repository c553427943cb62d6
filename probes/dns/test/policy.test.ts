// Owns the tests of asking for a routing policy: against the embedded world, whose name servers really choose.
import { afterEach, describe, expect, test } from 'vitest';
import type { GatherContext } from '../../../src/contract/probe.ts';
import { healthyScript, type RoutingScript } from '../../../src/demo/script.ts';
import { startWorld, type World } from '../../../src/demo/world.ts';
import { parseTarget } from '../../../src/model/target.ts';
import { type DnsName, dnsName, visible } from '../../../src/model/text.ts';
import { now } from '../../../src/net/clock.ts';
import { openDnsClient } from '../../../src/net/dns/client.ts';
import { type Respond, reply } from '../../../src/net/dns/test/servers.ts';
import { createMeter } from '../../../src/net/meter.ts';
import { type DnsEvidence, dnsEvidenceSchema, type PolicyEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';
import { judgement } from '../judgement.ts';
import { type DnsOptions, dnsOptionsSchema, dnsPolicySchema } from '../options.ts';
import { policyWords, queriesForShares, sharesOf } from '../policy-words.ts';
import { section } from '../section.ts';
import { play } from './scene.ts';
import { a, authority, cname, ns, resolver, type Zone } from './zones.ts';

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function seen(policy: RoutingScript, options: Partial<DnsOptions> = {}): Promise<DnsEvidence> {
  world = await startWorld({ ...healthyScript, policy });
  const { resolver: server, authorityPort } = world;
  const client = openDnsClient({ resolvers: [server], timeoutMs: 2_000, families: [4], meter: createMeter() });
  const { signal } = new AbortController();
  const context: GatherContext<DnsOptions> = {
    target: parseTarget('kms.example'),
    startedAtMs: 0,
    endpoints: [],
    lookup: await client.lookup(dnsName('kms.example') as DnsName, signal),
    ride: { traces: [], lookups: [], certificates: new Map() },
    options: dnsOptionsSchema.parse({ authorityPort, ...options }),
    earlier: {},
    net: { now, dns: client },
    signal,
  };
  const attempt = await gather(context);
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  return dnsEvidenceSchema.parse(JSON.parse(JSON.stringify(attempt.value)));
}

const given = {
  policy: dnsPolicySchema.parse({}),
  asOfMs: 0,
  target: parseTarget('kms.example'),
  endpoints: [],
  hops: [],
};
const words = (dns: DnsEvidence) =>
  judgement
    .answer(dns, given)
    .summary.map((piece) => (typeof piece === 'number' ? String(piece) : visible(piece)))
    .join('');

describe('a zone whose servers answer', () => {
  test.each<[RoutingScript, string, RegExp]>([
    [{ kind: 'fixed' }, 'fixed', /; every answer is the same;/],
    [{ kind: 'rotated' }, 'rotated', /; every answer is the same set in changing order;/],
    [{ kind: 'multivalue', size: 2 }, 'multivalue', /; each answer holds 2 of about 3 addresses;/],
    [{ kind: 'weighted', weights: [2, 1, 0] }, 'weighted', /one of 2 sets by weight \((shares take|\d+ %)/],
    [{ kind: 'by-client' }, 'client-dependent', /depends on the client’s network \(7 networks asked for\);/],
  ])('%j', async (policy, kind, clause) => {
    const dns = await seen(policy);
    expect(dns.policy).toMatchObject({ kind, queries: 20, name: 'kms.example', zone: 'kms.example', type: 'A' });
    expect(words(dns)).toMatch(clause);
    const ours = judgement.checks.filter(({ needs }) => needs.every((need) => need === 'dns'));
    const found = ours.filter((check) => check.judge({ dns }, given).outcome === 'found');
    expect(found.map(({ id }) => id)).toEqual([]);
    for (const block of section(dns).blocks) {
      if (block.kind === 'table') expect(block.rows.every((row) => row.length === block.columns.length)).toBe(true);
    }
  });

  test('more queries tell the shares', async () => {
    const { policy } = await seen({ kind: 'weighted', weights: [3, 1, 0] }, { policyQueries: 120 });
    const shares = sharesOf(policy as PolicyEvidence) ?? [];
    expect(shares).toHaveLength(2);
    // Eight standard deviations: the generator is seeded, but what else draws from it is not ours.
    expect(Math.abs((shares[0]?.share ?? 0) - 0.75)).toBeLessThan(0.3);
    expect(shares[0]?.low).toBeLessThan(shares[0]?.share ?? 0);
  });

  test('nobody is asked for a policy that nobody wants', async () => {
    expect((await seen({ kind: 'rotated' }, { policyQueries: 0 })).policy).toBeUndefined();
  });
});

describe('what is sent', () => {
  const kms: Zone = {
    zone: 'kms.example',
    records: [
      ns('kms.example', 'ns1.kms.example'),
      ns('kms.example', 'ns2.kms.example'),
      a('ns1.kms.example', '127.0.0.11'),
      a('ns2.kms.example', '127.0.0.12'),
      a('kms.example', '192.0.2.1'),
      cname('api.kms.example', 'eu.lb.example', 300),
    ],
  };

  test('as many questions as wanted, in equal parts, without recursion, and one for a network that is not answered', async () => {
    const { authorities, attempt } = await play({
      name: 'kms.example',
      resolver: resolver(kms),
      authorities: { '127.0.0.11': authority(kms), '127.0.0.12': authority(kms) },
      options: { policyQueries: 7 },
    });
    const asked = (address: string) =>
      authorities[address]?.asked.filter((one) => one.type === 'A' && one.name === 'kms.example') ?? [];
    // One of the agreement of servers each; four and three for the policy; one on behalf of a client network.
    const counts = [asked('127.0.0.11').length, asked('127.0.0.12').length];
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2 + 7 + 1);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(1 + 3);
    expect(asked('127.0.0.11').some((one) => one.packet.flag_rd)).toBe(false);
    expect(attempt).toMatchObject({ value: { policy: { queries: 7, ecs: [] } } });
  });

  test('a server that falls silent is asked no more', async () => {
    let left = 6;
    const tiring: Respond = (asked) =>
      asked.type === 'A' && asked.name === 'kms.example' && left-- <= 0 ? null : authority(kms)(asked);
    const { authorities, attempt } = await play({
      name: 'kms.example',
      resolver: resolver(kms),
      authorities: { '127.0.0.11': tiring, '127.0.0.12': authority(kms) },
    });
    // The seventh is sent three times (re-sends); for client networks another server is asked.
    const asked = authorities['127.0.0.11']?.asked.filter((one) => one.type === 'A' && one.name === 'kms.example');
    expect(asked?.length).toBe(6 + 3);
    expect(attempt).toMatchObject({ value: { policy: { kind: 'fixed', queries: 15 } } });
  });

  test('servers that refuse are not asked at all', async () => {
    const refuses: Respond = (asked) => reply(asked, { rcode: 'REFUSED' });
    const { attempt } = await play({
      name: 'kms.example',
      resolver: resolver(kms),
      authorities: { '127.0.0.11': refuses, '127.0.0.12': refuses },
    });
    expect(attempt.state === 'complete' && attempt.value.policy).toBeUndefined();
  });

  test('an alias into another zone: its own policy and that of the target', async () => {
    const lb: Zone = {
      zone: 'lb.example',
      records: [
        ns('lb.example', 'ns.lb.example'),
        a('ns.lb.example', '127.0.0.13'),
        a('eu.lb.example', '192.0.2.9', 20),
        a('us.lb.example', '192.0.2.8', 20),
      ],
    };
    let turn = 0;
    const choosing: Respond = (asked) => {
      if (asked.name !== 'api.kms.example') return authority(kms)(asked);
      const target = turn++ % 3 === 0 ? 'us.lb.example' : 'eu.lb.example';
      return authority({ ...kms, records: [cname('api.kms.example', target, 300)] })(asked);
    };
    const { attempt } = await play({
      name: 'api.kms.example',
      resolver: resolver(kms, lb),
      authorities: { '127.0.0.11': choosing, '127.0.0.12': choosing, '127.0.0.13': authority(lb) },
    });
    if (attempt.state !== 'complete') throw new Error(attempt.state);
    const { aliasPolicy, policy } = attempt.value;
    expect([aliasPolicy?.kind, aliasPolicy?.sets.map(({ addresses }) => addresses)]).toEqual([
      'weighted',
      [['eu.lb.example'], ['us.lb.example']],
    ]);
    expect(policy).toMatchObject({ kind: 'fixed', zone: 'lb.example', name: 'eu.lb.example' });
    expect(words(attempt.value)).toMatch(/one of 2 sets by weight/);
  });
});

describe('shares are told only where the sample bears them', () => {
  const weighted = (...counts: readonly number[]): PolicyEvidence => ({
    ...{ zone: 'kms.example' as DnsName, name: 'kms.example' as DnsName, type: 'A', kind: 'weighted' },
    ...{ confidence: 'inferred', queries: counts.reduce((sum, n) => sum + n, 0), setsSeen: counts.length },
    sets: counts.map((n, at) => ({ addresses: [`set${at}` as DnsName], n })),
    ...{ orders: 1, pool: null, ecs: [], signals: [] },
  });
  test.each([
    [[10, 10], 'each answer is one of 2 sets by weight (shares take --policy-queries 100)'],
    [[96, 4], 'each answer is one of 2 sets by weight (shares take --policy-queries 130)'],
    [[70, 30], 'each answer is one of 2 sets by weight (70 % (60 to 78), 30 % (22 to 40))'],
    [[60, 30, 10], 'each answer is one of 3 sets by weight (60 % (50 to 69), 30 % (22 to 40), 10 % (6 to 17))'],
  ])('%j', (counts, clause) => {
    expect(policyWords(weighted(...counts))).toBe(clause);
    if (sharesOf(weighted(...counts)) === null) {
      expect(queriesForShares(weighted(...counts))).toBeGreaterThan(counts.reduce((sum, n) => sum + n, 0));
    }
  });
});
