// The HTTPS and CAA records of a name as real servers hold and resolve them, against dig.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DnsEvidence } from '../../probes/dns/evidence.ts';
import { gather } from '../../probes/dns/gather.ts';
import { dnsOptionsSchema } from '../../probes/dns/options.ts';
import { parseTarget } from '../../src/model/target.ts';
import { type DnsName, type IpAddress, visible } from '../../src/model/text.ts';
import { now } from '../../src/net/clock.ts';
import { openDnsClient } from '../../src/net/dns/client.ts';
import { createMeter } from '../../src/net/meter.ts';
import { type DnsAddress, startNamed, startUnbound } from './rig/dns.ts';
import { dig } from './rig/peers.ts';
import { freePort } from './rig/ports.ts';
import { HERE, openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const ZONE = 'records.test';
const text = (server: string): string => `$ORIGIN ${ZONE}.
$TTL 60
@ IN SOA ns1 hostmaster 7 7200 900 1209600 300
@ IN NS ns1
ns1 IN A ${server}
@ IN A 192.0.2.1
@ IN CAA 0 issue "ca.example; accounturi=https://ca.example/acct/1"
@ IN CAA 0 issuewild ";"
@ IN CAA 128 tbs "a \\"quoted\\" word"
@ IN HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.1 ipv6hint=2001:db8::1 ech=3q2+7w== key65280="a b"
www IN A 192.0.2.2
www IN HTTPS 1 svc port=8443 mandatory=port no-default-alpn alpn=h2
svc IN A 192.0.2.3
api IN CNAME svc
svc IN CAA 0 issue "other.example"
old IN A 192.0.2.4
old IN HTTPS 0 gone
`;

describe.skipIf(!requireTools(['named', 'unbound', 'dig']))('the other records of a name', () => {
  let rig: Rig;
  let resolver: DnsAddress;
  let port: number;
  beforeAll(async () => {
    rig = await openRig();
    port = await freePort(['127.0.0.1', '127.0.60.91']);
    const server = { address: '127.0.0.1', port };
    resolver = { address: '127.0.60.91', port };
    await startNamed(rig, HERE, server, 'none', { name: ZONE, text: text(server.address) });
    await startUnbound(rig, HERE, resolver, [{ name: ZONE, servers: [server] }]);
  });
  afterAll(() => rig.close());

  it.each([
    [ZONE, 'HTTPS', 1],
    [ZONE, 'CAA', 3],
    [`www.${ZONE}`, 'HTTPS', 1],
    [`old.${ZONE}`, 'HTTPS', 1],
  ])('of %s: %s in the words of dig', async (name, type, count) => {
    const told = (await dig(resolver, name, type)).map(({ data }) => data);
    expect(told).toHaveLength(count);
    const { records } = await seen(name);
    const ours = records.filter((one) => one.type === type).map(({ data }) => visible(data));
    expect(ours.toSorted()).toEqual(told.toSorted());
  });

  it('CAA holds from the closest name that has any, aliases followed', async () => {
    const [apex, www, api] = await Promise.all([ZONE, `www.${ZONE}`, `api.${ZONE}`].map((name) => seen(name)));
    expect(apex?.caa).toMatchObject({ at: ZONE, issuewild: [';'], critical: ['tbs'] });
    expect(www?.caa).toMatchObject({ at: ZONE, issue: ['ca.example; accounturi=https://ca.example/acct/1'] });
    expect(api?.caa).toMatchObject({ at: `api.${ZONE}`, issue: ['other.example'], critical: [] });
  });

  it('an HTTPS record is followed to the addresses of its target', async () => {
    const [www, old] = await Promise.all([`www.${ZONE}`, `old.${ZONE}`].map((name) => seen(name)));
    expect(www?.https).toMatchObject([{ target: `svc.${ZONE}`, port: 8443, mandatory: [3], noDefaultAlpn: true }]);
    expect(www?.httpsLookup?.targets).toMatchObject([{ name: `svc.${ZONE}`, addresses: ['192.0.2.3'], problem: null }]);
    expect(old?.httpsLookup?.targets).toMatchObject([{ name: `gone.${ZONE}`, problem: { code: 'nxdomain' } }]);
  });

  async function seen(name: string): Promise<DnsEvidence> {
    const server = { address: resolver.address as IpAddress, port: resolver.port };
    const client = openDnsClient({ resolvers: [server], timeoutMs: 2_000, families: [4], meter: createMeter() });
    const { signal } = new AbortController();
    const attempt = await gather({
      target: parseTarget(name),
      startedAtMs: 0,
      endpoints: [],
      lookup: await client.lookup(name as DnsName, signal),
      ride: { traces: [], lookups: [], certificates: new Map() },
      options: dnsOptionsSchema.parse({ authorityPort: port, policyQueries: 0 }),
      earlier: {},
      net: { now, dns: client },
      signal,
    });
    if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
    return attempt.value;
  }
});
