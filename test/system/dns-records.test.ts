// The HTTPS and CAA records of a name as real servers hold and resolve them, against dig.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodesDisagree } from '../../probes/dns/checks/nodes-disagree.ts';
import type { DnsEvidence } from '../../probes/dns/evidence.ts';
import { gather } from '../../probes/dns/gather.ts';
import { judgement } from '../../probes/dns/judgement.ts';
import { matricesOf } from '../../probes/dns/matrix.ts';
import { type DnsOptions, dnsOptionsSchema, dnsPolicySchema } from '../../probes/dns/options.ts';
import { section } from '../../probes/dns/section.ts';
import { parseTarget } from '../../src/model/target.ts';
import { type DnsName, type IpAddress, visible } from '../../src/model/text.ts';
import { now } from '../../src/net/clock.ts';
import { openDnsClient } from '../../src/net/dns/client.ts';
import { createMeter } from '../../src/net/meter.ts';
import { briefLines } from '../../src/report/text/sections.ts';
import { type DnsAddress, startNamed, startNsd, startUnbound } from './rig/dns.ts';
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

  function seen(name: string): Promise<DnsEvidence> {
    return gathered(name, [resolver], port);
  }
});

/** The same zone, a serial and some records later; the TTL of the other records is the same in both. */
const version = (serial: number, mailbox: string, lines: string): string => `$ORIGIN ${ZONE}.
$TTL 60
@ IN SOA ns1 ${mailbox} ${serial} 7200 900 1209600 300
@ IN NS ns1
@ IN NS ns2
ns1 IN A 127.0.60.92
ns2 IN A 127.0.60.93
@ IN A 192.0.2.1
@ IN MX 10 mail
@ IN TXT "v=spf1 -all" "and \\"more\\""
${lines}`;
const NEW = `@ IN HTTPS 1 . alpn="h2,h3"
@ IN CAA 0 issue "letsencrypt.org"
@ IN CAA 0 iodef "mailto:pki@${ZONE}"
`;
const OLD = `@ 600 IN HTTPS 1 . alpn="h2"
@ IN CAA 0 issue "digicert.com"
`;

describe.skipIf(!requireTools(['nsd', 'unbound', 'dig']))('a secondary that missed a change of HTTPS and CAA', () => {
  let rig: Rig;
  let port: number;
  let dns: DnsEvidence;
  const [fresh, stale] = ['127.0.60.92', '127.0.60.93'] as const;
  const [good, behind] = ['127.0.60.94', '127.0.60.95'] as const;
  beforeAll(async () => {
    rig = await openRig();
    port = await freePort([fresh, stale, good, behind]);
    const at = (address: string) => ({ address, port });
    const serve = (address: string, node: string, zone: string) =>
      startNsd(rig, HERE, at(address), [{ name: ZONE, text: zone }], [`nsid: "ascii_${node}"`]);
    await Promise.all([
      serve(fresh, 'fra1', version(8, 'hostmaster', NEW)),
      serve(stale, 'ams2', version(7, 'old', OLD)),
    ]);
    await Promise.all([
      startUnbound(rig, HERE, at(good), [{ name: ZONE, servers: [at(fresh)] }]),
      startUnbound(rig, HERE, at(behind), [{ name: ZONE, servers: [at(stale)] }]),
    ]);
    dns = await gathered(ZONE, [at(good), at(behind)], port, { mailRecords: true });
  });
  afterAll(() => rig.close());

  it('each server and resolver tells in the matrix what it tells dig', async () => {
    const [matrix] = matricesOf(dns);
    const rows = [fresh, stale, good, behind];
    expect(matrix?.rows).toHaveLength(rows.length);
    for (const type of ['A', 'HTTPS', 'CAA', 'NS', 'MX', 'TXT'] as const) {
      const column = matrix?.columns.findIndex(({ title }) => title === type) ?? -1;
      const { sets = [] } = matrix?.columns[column] ?? {};
      for (const [row, address] of rows.entries()) {
        // The NS set is asked of servers alone.
        if (type === 'NS' && address !== fresh && address !== stale) continue;
        const ours = sets.find((set) => set.rows.includes(row))?.records.map(visible);
        const theirs = (await dig({ address, port }, ZONE, type)).map(({ data }) =>
          type === 'NS' ? undotted(data) : data,
        );
        expect([type, address, ours?.toSorted()]).toEqual([type, address, theirs.toSorted()]);
      }
    }
  });

  it('the odd one out is named with its node, at 80 columns too', () => {
    const lines = briefLines(section(dns), 80).map((line) =>
      line
        .map((one) => one.text)
        .join('')
        .trimEnd(),
    );
    expect(lines.find((line) => line.trim().startsWith(stale))).toMatch(/^127\.0\.60\.93 ns2.* = A +≠ B +≠ B +/);
    const odd = lines.slice(lines.findIndex((line) => line.startsWith('odd one out'))).join(' ');
    expect(odd).toContain(`odd one out: ${stale} ns2.${ZONE} (node ams2) in HTTPS, CAA and serial`);
    expect(odd).toContain(`odd one out: resolver ${behind}#${port} in HTTPS and CAA`);
  });

  it('is found by id, and the TTL that differs is the one dig shows', async () => {
    const found = judgement.checks
      .filter(({ needs }) => needs.every((need) => need === 'dns'))
      .flatMap((check) => {
        const judged = check.judge({ dns }, given());
        return judged.outcome === 'found'
          ? judged.seen.map((one) => `${one.severity ?? check.severity} ${check.id}`)
          : [];
      });
    expect(found).toEqual(
      expect.arrayContaining([
        'warning records-disagree',
        'notice serials-disagree',
        'notice soa-disagrees',
        'notice ttl-differs',
      ]),
    );
    expect(found.filter((one) => one.startsWith('critical'))).toEqual([]);
    const ttls = dns.delegation
      .at(-1)
      ?.nameservers.flatMap(({ byAddress }) =>
        byAddress.map(({ recordSets }) => recordSets?.[0]?.records[0]?.ttlSeconds),
      );
    const byDig = await Promise.all([fresh, stale].map((address) => dig({ address, port }, ZONE, 'HTTPS')));
    expect(ttls).toEqual(byDig.map(([record]) => record?.ttlSeconds));
  });
});

describe.skipIf(!requireTools(['nsd', 'unbound', 'dig']))('two nodes behind one address (SO_REUSEPORT)', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig();
  });
  afterAll(() => rig.close());

  it('are told apart by NSID, and named when they answer differently', async () => {
    const at = { address: '127.0.60.96', port: await freePort(['127.0.60.96', '127.0.60.97']) };
    const zone = (serial: number, address: string) => `$ORIGIN ${ZONE}.
$TTL 60
@ IN SOA ns1 hostmaster ${serial} 7200 900 1209600 300
@ IN NS ns1
ns1 IN A ${at.address}
@ IN A ${address}
`;
    for (const [node, serial, address] of [
      ['fra1', 8, '192.0.2.1'],
      ['ams2', 7, '192.0.2.9'],
    ] as const) {
      // nsd shares the address only when it has several processes anyway.
      const options = [`nsid: "ascii_${node}"`, 'reuseport: yes', 'server-count: 2'];
      await startNsd(rig, HERE, at, [{ name: ZONE, text: zone(serial, address) }], options);
    }
    const resolver = { address: '127.0.60.97', port: at.port };
    await startUnbound(rig, HERE, resolver, [{ name: ZONE, servers: [at] }]);
    // Each question has a port of its own, by which the kernel chooses the node; the second may still be starting.
    let dns = await gathered(ZONE, [resolver], at.port, { policyQueries: 60 });
    for (let tries = 0; dns.policy?.nodes === undefined && tries < 5; tries++) {
      dns = await gathered(ZONE, [resolver], at.port, { policyQueries: 60 });
    }
    const nodes = dns.policy?.nodes?.map(({ nsid, sets }) => [
      visible(nsid),
      ...sets.flatMap(({ addresses }) => addresses),
    ]);
    expect(nodes?.toSorted()).toEqual([
      ['ams2', '192.0.2.9'],
      ['fra1', '192.0.2.1'],
    ]);
    const judged = nodesDisagree.judge({ dns }, given());
    expect(judged.outcome === 'found' && judged.seen.map(({ severity }) => severity ?? 'warning')).toContain('warning');
  });
});

const given = () => ({
  policy: dnsPolicySchema.parse({}),
  asOfMs: 0,
  target: parseTarget(ZONE),
  endpoints: [],
  hops: [],
});

function undotted(name: string): string {
  return name.replace(/\.$/, '');
}

/** One gathering through resolvers of the test's own. */
async function gathered(
  name: string,
  resolvers: readonly DnsAddress[],
  port: number,
  options: Partial<DnsOptions> = {},
): Promise<DnsEvidence> {
  const servers = resolvers.map((one) => ({ address: one.address as IpAddress, port: one.port }));
  const client = openDnsClient({ resolvers: servers, timeoutMs: 2_000, families: [4], meter: createMeter() });
  const { signal } = new AbortController();
  const attempt = await gather({
    target: parseTarget(name),
    startedAtMs: 0,
    endpoints: [],
    lookup: await client.lookup(name as DnsName, signal),
    ride: { traces: [], lookups: [], certificates: new Map() },
    options: dnsOptionsSchema.parse({ authorityPort: port, policyQueries: 0, ...options }),
    earlier: {},
    net: { now, dns: client },
    signal,
  });
  if (attempt.state !== 'complete') throw new Error(`gathering ended ${attempt.state}`);
  return attempt.value;
}
