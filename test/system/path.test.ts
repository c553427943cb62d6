// The network between, router by router, without root: against mtr, which needs it, over links that take their time.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PathEvidence } from '../../probes/path/evidence.ts';
import type { Traced, TraceOptions, TraceReply } from '../../src/contract/path.ts';
import type { IpAddress } from '../../src/model/text.ts';
import { readMtr } from '../../src/net/path/mtr.ts';
import { quantile } from '../../src/stats/quantile.ts';
import { ride } from './rig/probe.ts';
import { evidenceOf, findingsOf } from './rig/reading.ts';
import { openRig, outputOf, type Rig } from './rig/rig.ts';
import { CIRCLE, CIRCLE6, FORBIDDEN, HOLE, openRouters, type Routers, TARGET } from './rig/routers.ts';
import { requireNamespaces, requireTools } from './rig/tools.ts';

const TRACE = fileURLToPath(new URL('./rig/trace.ts', import.meta.url));
const SERVER = 'require("node:http").createServer((q, a) => a.end("ok")).listen(80, "::")';
const PORT = 80;
/** The first router, one of the two equal ones, the third, the fourth, the target. */
const WAYS = {
  4: ['10.78.1.2', '10.78.[23].2', '10.78.[45].2', '10.78.6.2', '10.78.7.2'],
  6: ['fd78:1::2', 'fd78:[23]::2', 'fd78:[45]::2', 'fd78:6::2', 'fd78:7::2'],
} as const;
const WITHOUT = ['--only', 'path,balancer', '--timeout', '1s'];

interface Hub {
  readonly host: string;
}

function matching(way: readonly string[]): readonly unknown[] {
  return way.map((address) => expect.stringMatching(new RegExp(`^${address}$`)) as unknown);
}

function wayOf(replies: readonly TraceReply[], flow = 0): readonly (string | null)[] {
  const own = replies.filter((reply) => reply.flow === flow);
  const ttls = [...new Set(own.map(({ ttl }) => ttl))];
  return ttls.map((ttl) => own.find((reply) => reply.ttl === ttl)?.from ?? null);
}

function p50s(replies: readonly TraceReply[]): readonly number[] {
  return [...Map.groupBy(replies, ({ ttl }) => ttl).values()].map((group) =>
    quantile(
      group.flatMap(({ latencyMs }) => latencyMs ?? []).toSorted((a, b) => a - b),
      0.5,
    ),
  );
}

describe.skipIf(!requireTools(['ip', 'mtr', 'ping', 'setpriv', 'sysctl']) || !requireNamespaces())('the path', () => {
  let rig: Rig;
  let routers: Routers;
  beforeAll(async () => {
    rig = await openRig();
    routers = await openRouters(rig);
    const answers = [
      process.execPath,
      '-e',
      `require("node:net").connect(${PORT}, "::1").on("connect", () => process.exit(0))`,
    ];
    await rig.start({ name: 'server', place: routers.target, argv: [process.execPath, '-e', SERVER], answers });
  });
  afterAll(() => rig.close());

  async function trace(address: string, port = PORT, options: Partial<TraceOptions> = {}): Promise<Traced> {
    const argv = [...routers.nobody, process.execPath, TRACE, address, String(port), JSON.stringify(options)];
    const { state, value, uid } = JSON.parse(await outputOf(argv)) as { state: string; value: Traced; uid: number };
    expect({ state, uid }).toEqual({ state: 'complete', uid: 65534 });
    return value;
  }

  async function mtr(address: string, ...more: readonly string[]): Promise<readonly Hub[]> {
    const argv = [...routers.client, 'mtr', '--tcp', '--port', String(PORT), '--no-dns', '--json', ...more, address];
    return (JSON.parse(await outputOf(argv)) as { report: { hubs: Hub[] } }).report.hubs;
  }

  /** Each packet by itself, where its report has the mean. */
  async function mtrPackets(address: string, ...more: readonly string[]): Promise<readonly TraceReply[]> {
    const argv = [...routers.client, 'mtr', '--tcp', '--port', String(PORT), '--no-dns', '--raw', ...more, address];
    return readMtr(await outputOf(argv), address as IpAddress);
  }

  // Tried again on a busy machine: the links are late then, for one of the two.
  it.each([4, 6] as const)(
    'of IPv%s has the routers and the latencies that mtr tells as root',
    { retry: 4 },
    async (family) => {
      // Side by side, so that both meet the same load.
      const [ours, theirs] = await Promise.all([
        trace(TARGET[family], PORT, { rounds: 10 }),
        mtrPackets(TARGET[family], '--report-cycles', '12', '--interval', '0.4'),
      ]);
      expect(wayOf(ours.replies)).toEqual(matching(WAYS[family]));
      expect(wayOf(theirs)).toEqual(matching(WAYS[family]));
      const [mine, roots] = [p50s(ours.replies), p50s(theirs)];
      for (const [at, p50] of mine.entries())
        expect(
          Math.abs(p50 - (roots[at] ?? Number.NaN)),
          `TTL ${at + 1}: ${mine.join(' ')}; mtr: ${roots.join(' ')}`,
        ).toBeLessThan(1);
      expect(ours.replies.filter(({ clock }) => clock !== 'kernel').length).toBeLessThan(3);
    },
  );

  it('keeps one way for one source port, and finds both of two equal ones with several', async () => {
    const several = await trace(TARGET[4], PORT, { flows: 16, targetRounds: 1 });
    const seconds = several.sourcePorts.map((_, flow) => wayOf(several.replies, flow)[1]);
    expect(new Set(seconds)).toEqual(new Set(['10.78.2.2', '10.78.3.2']));
    const [first] = several.sourcePorts;
    const again = await trace(TARGET[4], PORT, { sourcePort: first ?? 0, rounds: 5 });
    expect(again.sourcePorts).toEqual([first]);
    expect(again.replies.filter(({ ttl }) => ttl === 2).map(({ from }) => from)).toEqual(Array(5).fill(seconds[0]));
  });

  it('passes a router that says nothing', async () => {
    const speak = await routers.hush('r3');
    const { replies } = await trace(TARGET[4], PORT, { rounds: 2 });
    const theirs = await mtr(TARGET[4], '--report-cycles', '2', '--interval', '0.3');
    await speak();
    expect(wayOf(replies)).toEqual([...matching(WAYS[4].slice(0, 2)), null, WAYS[4][3], WAYS[4][4]]);
    expect(theirs.map(({ host }) => host)[2]).toBe('???');
  });

  it.each([4, 6] as const)('goes on by datagram of IPv%s, with the same routers', async (family) => {
    const { replies, method } = await trace(TARGET[family], PORT, { method: 'udp' });
    expect(method).toBe('udp');
    expect(wayOf(replies)).toEqual(matching(WAYS[family]));
    const icmp = family === 4 ? { type: 3, code: 3 } : { type: 1, code: 4 };
    expect(replies.at(-1)).toMatchObject({ outcome: 'refused', icmp });
  });

  it.each<[string, string, number, TraceReply['outcome'], string | null, number]>([
    ['a closed port was reached', TARGET[4], 81, 'refused', TARGET[4], 5],
    ['a closed port of IPv6 was reached', TARGET[6], 81, 'refused', TARGET[6], 5],
    ['a black hole is silent behind the last router', HOLE, PORT, 'silent', null, 7],
    ['a rejection is none of the endpoint', FORBIDDEN, PORT, 'rejected', '10.78.[45].2', 3],
  ])('%s', async (_title, address, port, outcome, from, ttl) => {
    const { replies } = await trace(address, port);
    expect(replies.at(-1)).toMatchObject({ outcome, ttl });
    if (from !== null) expect(replies.at(-1)?.from).toMatch(new RegExp(`^${from}$`));
  });

  it('a ride tells it without root', async () => {
    const { journey } = await ride([`http://${TARGET[4]}/`, '-n', '10', ...WITHOUT], routers.nobody);
    const { byEndpoint } = evidenceOf<PathEvidence>(journey, 'path');
    expect(byEndpoint).toMatchObject([{ method: 'tcp', reached: true, rideConnects: 10, rideConnected: 10 }]);
    expect(byEndpoint[0]?.routers.map(({ addresses }) => addresses[0])).toEqual(matching(WAYS[4]));
    expect(byEndpoint[0]?.routers.map(({ hopsBack }) => hopsBack)).toEqual([1, 2, 3, 4, null]);
    // One more for the packet of full size.
    expect(journey.budget).toMatchObject({ connections: 11, requests: 10, traceProbes: 4 * 6 + 2 });
    expect(journey.findings.filter(({ probe }) => probe === 'path')).toEqual([]);
  });

  it('names the routers by what lists say of them, IPv4 and IPv6', async () => {
    const carrier = await rig.write('carrier.txt', '10.78.6.0/24\nfd78:6::/64\n');
    const systems = await rig.write('systems.dat', '10.78.1.0/24\t64500\nfd78:1::/64\t64501\n');
    const lists = ['--networks', carrier, '--cloud-ranges', systems];
    for (const [url, fourth, asn] of [
      [`http://${TARGET[4]}/`, '10.78.6.2', 64_500],
      [`http://[${TARGET[6]}]/`, 'fd78:6::2', 64_501],
    ] as const) {
      const { journey } = await ride([url, '-n', '5', ...WITHOUT, ...lists], routers.nobody);
      const { places, byEndpoint } = evidenceOf<PathEvidence>(journey, 'path');
      expect(places.map(({ address, operator, asn: number }) => [address, operator, number])).toEqual([
        [byEndpoint[0]?.routers[0]?.addresses[0], null, asn],
        [fourth, 'carrier', null],
      ]);
    }
  });

  it('what routers do not answer because they limit that is no loss', async () => {
    await routers.limit(1000);
    // Linux owes each peer six answers before it limits them (XRLIM_BURST_FACTOR): these are taken here.
    await trace(TARGET[4], PORT, { rounds: 6 });
    const { journey } = await ride([`http://${TARGET[4]}/`, '-n', '50', '--rate', '10', ...WITHOUT], routers.nobody);
    await routers.limit(0);
    const [path] = evidenceOf<PathEvidence>(journey, 'path').byEndpoint;
    expect(path?.routers.filter(({ sent, received }) => received < sent)).not.toEqual([]);
    const target = path?.routers.at(-1);
    expect(target).toMatchObject({ addresses: [TARGET[4]], received: target?.sent });
    expect(journey.findings.filter(({ probe }) => probe === 'path')).toEqual([]);
  });

  describe('without koffi', () => {
    const refusing = [
      "import { registerHooks } from 'node:module';",
      "const refuse = () => { throw new Error('not installed'); };",
      "registerHooks({ resolve: (name, context, next) => (name === 'koffi' ? refuse() : next(name, context)) });",
    ];
    const args = [`http://${TARGET[4]}/`, '-n', '5', '--rate', '1', ...WITHOUT];
    const place = async () => {
      const hook = await rig.write('refuse-koffi.mjs', refusing.join('\n'));
      return [...routers.client, 'env', `NODE_OPTIONS=--import=${hook}`];
    };

    it('everything else runs, and the reason is said', async () => {
      const { journey } = await ride(args, await place());
      expect(journey.probes['path']).toMatchObject({ state: 'skipped' });
      expect(journey.probes['path']?.because).toMatch(/koffi is not installed.*--trace-mtr/);
      expect(journey.hops.find(({ id }) => id === 'connect')).toMatchObject({
        attempts: 5,
        failures: 0,
        clock: 'loop',
      });
      expect(journey.checks.filter(({ probe, outcome }) => probe === 'path' && outcome !== 'not-applicable')).toEqual(
        [],
      );
    });

    it('mtr traces the same routers where that is asked for', async () => {
      const { journey } = await ride([...args, '--trace-mtr', '--trace-rounds', '2'], await place());
      const [path] = evidenceOf<PathEvidence>(journey, 'path').byEndpoint;
      expect(path).toMatchObject({ method: 'tcp', reached: true, flows: [{ sourcePort: null, end: 'reached' }] });
      expect(path?.routers.map(({ addresses }) => addresses[0])).toEqual(matching(WAYS[4]));
      expect(path?.routers.map(({ clock }) => clock)).toEqual(WAYS[4].map(() => 'loop'));
    });
  });

  it.each<[string, string, string]>([
    ['the way ends', HOLE, 'path-not-reached'],
    ['it is forbidden', FORBIDDEN, 'path-not-reached'],
    ['it goes in a circle', CIRCLE, 'path-loop'],
    ['it goes in a circle of IPv6', `[${CIRCLE6}]`, 'path-loop'],
  ])('a ride that does not arrive says where %s', async (_title, address, id) => {
    const { journey } = await ride([`http://${address}/`, '-n', '3', '--rate', '1', ...WITHOUT], routers.nobody);
    const found = findingsOf(journey, id);
    expect(found.map(({ severity }) => severity)).toEqual(['warning']);
    expect(found[0]?.what).toMatch(/(?:10\.78\.[456]\.|fd78:[456]::)2/);
  });
});
