// Real name servers (nsd, BIND, Knot) tried with what they must pass over: each conforms, and dig sees what is written down.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Row, rowNames } from '../../probes/dns/conformance/row.ts';
import { rowsOf } from '../../probes/dns/conformance/rows.ts';
import type { DnsEvidence } from '../../probes/dns/evidence.ts';
import type { ConformanceEvidence, TrialName } from '../../probes/dns/evidence-conformance.ts';
import { gather } from '../../probes/dns/gather.ts';
import { dnsOptionsSchema } from '../../probes/dns/options.ts';
import { parseTarget } from '../../src/model/target.ts';
import { type DnsName, dnsName, type IpAddress } from '../../src/model/text.ts';
import { now } from '../../src/net/clock.ts';
import { openDnsClient } from '../../src/net/dns/client.ts';
import { createMeter } from '../../src/net/meter.ts';
import { type DnsAddress, startNamed, startNsd, startUnbound } from './rig/dns.ts';
import { startKnot } from './rig/knot.ts';
import { DIRECT, digReply } from './rig/peers.ts';
import { freePort } from './rig/ports.ts';
import { HERE, openRig, type Rig } from './rig/rig.ts';
import { signZone } from './rig/signed.ts';
import { requireTools } from './rig/tools.ts';

const ZONE = 'conform.test';
/** BIND listens on 127.0.0.1 alone of 127.0.0.0/8. */
const ADDRESSES = { nsd: '127.0.60.95', named: '127.0.0.1', knotd: '127.0.60.96' } as const;
type Daemon = keyof typeof ADDRESSES;
const daemons: readonly Daemon[] = ['nsd', 'named', 'knotd'];
const RESOLVER = '127.0.60.97';

const records = `$ORIGIN ${ZONE}.
$TTL 60
@ IN SOA ns1 hostmaster 7 7200 900 1209600 300
@ IN NS ns1
@ IN NS ns2
@ IN NS ns3
ns1 IN A ${ADDRESSES.nsd}
ns2 IN A ${ADDRESSES.named}
ns3 IN A ${ADDRESSES.knotd}
@ IN A 192.0.2.1
`;

/** How dig asks the same. */
const byDig: Readonly<Partial<Record<TrialName, readonly [type: string, ...flags: string[]]>>> = {
  plain: ['SOA', '+noedns'],
  'edns-version': ['SOA', '+nocookie', '+edns=1', '+noednsneg'],
  'edns-option': ['SOA', '+nocookie', '+ednsopt=100'],
  'edns-flag': ['SOA', '+nocookie', '+ednsflags=0x40'],
  'unknown-type': ['TYPE65280', '+noedns'],
  opcode: ['SOA', '+noedns', '+opcode=15', '+header-only'],
  'reserved-bit': ['SOA', '+noedns', '+zflag'],
  any: ['ANY', '+nocookie', '+notcp', '+ignore', '+bufsize=1232'],
  'bad-cookie': ['SOA', '+cookie=01020304'],
};

describe.skipIf(!requireTools(['nsd', 'named', 'knotd', 'unbound', 'dig', 'dnssec-signzone']))('name servers', () => {
  let rig: Rig;
  let port: number;
  let dns: DnsEvidence;
  beforeAll(async () => {
    rig = await openRig();
    port = await freePort([...Object.values(ADDRESSES), RESOLVER]);
    const at = (daemon: Daemon): DnsAddress => ({ address: ADDRESSES[daemon], port });
    // RSA makes the key set larger than 512 bytes.
    const zone = await signZone(rig, ZONE, records, { algorithm: 'RSASHA256' });
    await Promise.all([
      startNsd(rig, HERE, at('nsd'), [zone]),
      startNamed(rig, HERE, at('named'), 'none', zone),
      startKnot(rig, HERE, at('knotd'), zone, [{ net: '203.0.113.0/24', addresses: ['192.0.2.2'] }]),
    ]);
    const resolver = { address: RESOLVER, port };
    await startUnbound(rig, HERE, resolver, [{ name: ZONE, servers: daemons.map(at) }]);
    dns = await seen(resolver);
  }, 60_000);
  afterAll(() => rig.close());

  const conformanceOf = (daemon: Daemon): ConformanceEvidence => {
    const servers = dns.delegation.at(-1)?.nameservers.flatMap(({ byAddress }) => byAddress) ?? [];
    const found = servers.find(({ address }) => address === ADDRESSES[daemon])?.conformance;
    if (found === undefined) throw new Error(`${daemon} was not tried`);
    return found;
  };
  const rows = (daemon: Daemon): ReadonlyMap<string, Row> =>
    new Map(rowsOf(conformanceOf(daemon)).map((row) => [row.row, row]));

  it.each(daemons)('%s conforms in every row', (daemon) => {
    expect([...rows(daemon).values()].filter(({ outcome }) => outcome === 'breaks')).toEqual([]);
    expect([...rows(daemon).keys()]).toEqual(rowNames);
  });

  it.each(daemons)('%s is seen by dig as it is written down', async (daemon) => {
    for (const { trial, reply } of conformanceOf(daemon).trials) {
      const [type, ...flags] = byDig[trial] ?? [];
      if (type === undefined) continue;
      const told = await digReply({ address: ADDRESSES[daemon], port }, [ZONE, type], [...DIRECT, ...flags]);
      const view = { trial, rcode: told?.status, aa: told?.flags.includes('aa'), answers: told?.answer.length };
      const own = { trial, rcode: reply?.rcode, aa: reply?.authoritative, answers: reply?.answerTypes.length };
      expect(own).toEqual(view);
    }
  });

  it.each(daemons)('%s cuts the key set where it does not fit, as dig sees', async (daemon) => {
    const { ladder, pipeline } = conformanceOf(daemon);
    expect(ladder).toMatchObject({ name: ZONE, type: 'DNSKEY' });
    for (const { payloadBytes, truncated, error } of ladder?.steps ?? []) {
      const flags = [...DIRECT, '+nocookie', '+dnssec', '+ignore', `+bufsize=${payloadBytes}`];
      const told = await digReply({ address: ADDRESSES[daemon], port }, [ZONE, 'DNSKEY'], flags);
      expect({ payloadBytes, truncated, error }).toEqual({
        payloadBytes,
        truncated: told?.flags.includes('tc'),
        error: null,
      });
    }
    expect(ladder?.steps.map(({ truncated }) => truncated)).toEqual([false, false, true]);
    expect(pipeline).toMatchObject({ answered: 2, closedEarly: false, error: null });
  });

  it('differ where they may, and these are facts', () => {
    expect(daemons.map((daemon) => rows(daemon).get('bad-cookie'))).toMatchObject([
      { outcome: 'fact' },
      { outcome: 'fact', says: 'FORMERR' },
      { outcome: 'fact', says: 'passed over' },
    ]);
    const letters = (daemon: Daemon) => rows(daemon).get('letters')?.says;
    expect({ named: letters('named'), knotd: letters('knotd') }).toEqual({
      named: 'ok, answers in its own',
      knotd: 'ok',
    });
  });

  async function seen(resolver: DnsAddress): Promise<DnsEvidence> {
    const server = { address: resolver.address as IpAddress, port: resolver.port };
    const client = openDnsClient({ resolvers: [server], timeoutMs: 2_000, families: [4], meter: createMeter() });
    const { signal } = new AbortController();
    const attempt = await gather({
      target: parseTarget(ZONE),
      startedAtMs: 0,
      endpoints: [],
      lookup: await client.lookup(dnsName(ZONE) as DnsName, signal),
      ride: { traces: [], lookups: [], certificates: new Map() },
      options: dnsOptionsSchema.parse({ authorityPort: port, conformance: 'whole', policyQueries: 0 }),
      earlier: {},
      net: { now, dns: client },
      signal,
    });
    if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
    return attempt.value;
  }
});
