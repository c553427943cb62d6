// Routing policies of real name servers: BIND in each order that it knows, Knot by weight and by client network, against dig.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DnsEvidence } from '../../probes/dns/evidence.ts';
import { gather } from '../../probes/dns/gather.ts';
import { type DnsOptions, dnsOptionsSchema } from '../../probes/dns/options.ts';
import { policyWords, sharesOf } from '../../probes/dns/policy-words.ts';
import { parseTarget } from '../../src/model/target.ts';
import { type DnsName, dnsName, type IpAddress } from '../../src/model/text.ts';
import { now } from '../../src/net/clock.ts';
import { openDnsClient } from '../../src/net/dns/client.ts';
import { createMeter } from '../../src/net/meter.ts';
import { type DnsAddress, startNamed, startUnbound } from './rig/dns.ts';
import { type Choice, startKnot } from './rig/knot.ts';
import { DIRECT, dig, digReply } from './rig/peers.ts';
import { freePort } from './rig/ports.ts';
import { HERE, openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const ZONE = 'policy.test';
const text = (server: string): string => `$ORIGIN ${ZONE}.
$TTL 60
@ IN SOA ns1 hostmaster 7 7200 900 1209600 300
@ 3600 IN NS ns1
ns1 IN A ${server}
@ IN A 192.0.2.1
@ IN A 192.0.2.2
@ IN A 192.0.2.3
`;

describe.skipIf(!requireTools(['named', 'unbound', 'dig']))('the routing policy', () => {
  let rig: Rig;
  beforeAll(async () => void (rig = await openRig()));
  afterAll(() => rig.close());

  it.each([
    ['none', 'fixed'],
    ['random', 'rotated'],
    ['cyclic', 'rotated'],
  ])('of BIND with rrset-order %s is %s', async (order, kind) => {
    const port = await freePort(['127.0.0.1', '127.0.60.90']);
    const [server, resolver] = ['127.0.0.1', '127.0.60.90'].map((address) => ({ address, port })) as [
      DnsAddress,
      DnsAddress,
    ];
    await startNamed(rig, HERE, server, order, { name: ZONE, text: text(server.address) });
    await startUnbound(rig, HERE, resolver, [{ name: ZONE, servers: [server] }]);

    const orders = new Set<string>();
    for (let turn = 0; turn < 20; turn++) {
      orders.add((await dig(server, ZONE, 'A')).map(({ data }) => data).join(' '));
    }
    const dns = await seen(resolver, port);
    expect(dns.policy).toMatchObject({ kind, queries: 20, setsSeen: 1 });
    expect((dns.policy?.orders ?? 0) > 1).toBe(orders.size > 1);
    // BIND answers FORMERR where host bits are not cleared (RFC 7871 7.2.1), and scope 0 where they are.
    expect(dns.policy?.ecs.map(({ scope }) => scope)).toEqual([0, 0]);
    expect(dns.shift?.levers?.map(({ lever, ttlSeconds }) => [lever, ttlSeconds])).toEqual([
      ['address', 60],
      ['name-servers', 3600],
    ]);
  });
});

/** Knot answers for the addresses of its choices; the zone file's own are for the networks that it has no choice for. */
describe.skipIf(!requireTools(['knotd', 'unbound', 'dig']))('the routing policy of a server that chooses', () => {
  let rig: Rig;
  beforeAll(async () => void (rig = await openRig()));
  afterAll(() => rig.close());

  async function served(choices: readonly [Choice, ...Choice[]]): Promise<readonly [DnsAddress, DnsAddress]> {
    const port = await freePort(['127.0.60.91', '127.0.60.92']);
    const server = { address: '127.0.60.91', port };
    const resolver = { address: '127.0.60.92', port };
    await startKnot(rig, HERE, server, { name: ZONE, text: text(server.address) }, choices);
    await startUnbound(rig, HERE, resolver, [{ name: ZONE, servers: [server] }]);
    return [server, resolver];
  }

  it('by weight: tells the sets, and shares that the configured weights agree with', async () => {
    const light = ['192.0.2.17'];
    const heavy = ['192.0.2.18', '192.0.2.19'];
    const [server, resolver] = await served([
      { weight: 70, addresses: heavy },
      { weight: 30, addresses: light },
    ]);
    const byDig = new Set<string>();
    for (let turn = 0; turn < 30; turn++) byDig.add(setOf((await dig(server, ZONE, 'A')).map(({ data }) => data)));

    const { policy } = await seen(resolver, server.port, { policyQueries: 120 });
    expect(policy).toMatchObject({ kind: 'weighted', confidence: 'inferred', queries: 120, setsSeen: 2, pool: null });
    expect(policy?.sets.map(({ addresses }) => setOf(addresses))).toEqual([setOf(heavy), setOf(light)]);
    expect(new Set(policy?.sets.map(({ addresses }) => setOf(addresses)))).toEqual(byDig);
    // Knot draws at random: one run in 20 has its weight outside a 95 % interval, one in 100,000 outside one 2.25 times as wide.
    for (const [index, weight] of [0.7, 0.3].entries()) {
      const told = policy === undefined ? undefined : sharesOf(policy)?.[index];
      expect(Math.abs((told?.share ?? 9) - weight)).toBeLessThan((2.25 * ((told?.high ?? 0) - (told?.low ?? 0))) / 2);
    }
    expect(policy === undefined ? null : policyWords(policy)).toMatch(
      /^each answer is one of 2 sets by weight \(\d+ %/,
    );
    // Weights are for all clients alike, and Knot says so.
    expect(policy?.ecs.map(({ scope }) => scope)).toEqual([0, 0]);
  });

  it('by client network: tells each network’s answer and scope as dig +subnet does', async () => {
    const [server, resolver] = await served([
      { net: '193.0.6.0/24', addresses: ['192.0.2.17'] },
      { net: '199.212.0.0/24', addresses: ['192.0.2.18', '192.0.2.19'] },
      { net: '203.0.0.0/8', addresses: ['192.0.2.20'] },
    ]);
    const { policy } = await seen(resolver, server.port);
    expect(policy).toMatchObject({ kind: 'client-dependent', confidence: 'observed' });
    const prefixes = [...new Set(policy?.ecs.map(({ prefix }) => prefix))];
    expect(prefixes).toHaveLength(7);
    for (const prefix of prefixes) {
      const reply = await digReply(server, [ZONE, 'A'], [...DIRECT, `+subnet=${prefix}`]);
      const byDig = [reply?.clientSubnet, setOf((reply?.answer ?? []).map(({ data }) => data))];
      const ours = policy?.ecs.filter((view) => view.prefix === prefix) ?? [];
      expect(ours.map(({ scope, addresses }) => [`${prefix}/${scope}`, setOf(addresses)])).toEqual([byDig, byDig]);
    }
    const scopes = policy?.ecs.filter(({ prefix }) => prefix.startsWith('203.')).map(({ scope }) => scope);
    expect(scopes).toEqual([8, 8, 8, 8]);
  });
});

const setOf = (addresses: readonly string[]): string => addresses.toSorted().join(' ');

async function seen(
  resolver: DnsAddress,
  authorityPort: number,
  options: Partial<DnsOptions> = {},
): Promise<DnsEvidence> {
  const server = { address: resolver.address as IpAddress, port: resolver.port };
  const client = openDnsClient({ resolvers: [server], timeoutMs: 2_000, families: [4], meter: createMeter() });
  const { signal } = new AbortController();
  const attempt = await gather({
    target: parseTarget(ZONE),
    startedAtMs: 0,
    endpoints: [],
    lookup: await client.lookup(dnsName(ZONE) as DnsName, signal),
    ride: { traces: [], lookups: [], certificates: new Map() },
    options: dnsOptionsSchema.parse({ authorityPort, ...options }),
    earlier: {},
    net: { now, dns: client },
    signal,
  });
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  return attempt.value;
}
