// Routing policies of real name servers: BIND in each order that it knows, against dig.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DnsEvidence } from '../../probes/dns/evidence.ts';
import { gather } from '../../probes/dns/gather.ts';
import { dnsOptionsSchema } from '../../probes/dns/options.ts';
import { parseTarget } from '../../src/model/target.ts';
import { type DnsName, dnsName, type IpAddress } from '../../src/model/text.ts';
import { now } from '../../src/net/clock.ts';
import { openDnsClient } from '../../src/net/dns/client.ts';
import { createMeter } from '../../src/net/meter.ts';
import { type DnsAddress, startNamed, startUnbound } from './rig/dns.ts';
import { dig } from './rig/peers.ts';
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

async function seen(resolver: DnsAddress, authorityPort: number): Promise<DnsEvidence> {
  const server = { address: resolver.address as IpAddress, port: resolver.port };
  const client = openDnsClient({ resolvers: [server], timeoutMs: 2_000, families: [4], meter: createMeter() });
  const { signal } = new AbortController();
  const attempt = await gather({
    target: parseTarget(ZONE),
    startedAtMs: 0,
    endpoints: [],
    lookup: await client.lookup(dnsName(ZONE) as DnsName, signal),
    ride: { traces: [], lookups: [], certificates: new Map() },
    options: dnsOptionsSchema.parse({ authorityPort }),
    earlier: {},
    net: { now, dns: client },
    signal,
  });
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  return attempt.value;
}
