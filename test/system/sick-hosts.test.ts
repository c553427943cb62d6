// Hosts that are ill behind a real HAProxy, one zone for each way to be ill, and addresses that fail in different ways: each is told apart.
import { once } from 'node:events';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BalancerEvidence } from '../../probes/balancer/evidence.ts';
import type { HostsEvidence } from '../../probes/hosts/evidence.ts';
import { freePort } from './rig/ports.ts';
import { type Ridden, ride } from './rig/probe.ts';
import { evidenceOf, findingsOf } from './rig/reading.ts';
import { HERE, openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';
import { at, startHaproxy } from './rig/web.ts';

const ILLS = ['well', 'error', 'slow', 'breaks', 'silent'] as const;
type Ill = (typeof ILLS)[number];
/** Of three hosts in turns the last one has it. In `retried` two of eight are silent, and HAProxy asks the next one then. */
const ZONES = [...ILLS, 'retried'] as const;
/** HAProxy waits so long for the first answer; far longer than a noisy machine makes anything take. */
const HIDDEN_MS = 1000;
/** Addresses without balancer: what is done to a connection. */
const DOORS = {
  resets: (socket: Socket) => setTimeout(() => socket.resetAndDestroy(), 5),
  waits: () => undefined,
  closes: (socket: Socket) => socket.once('data', () => socket.end()),
} as const;
const doors = [...(Object.keys(DOORS) as (keyof typeof DOORS)[]), 'refuses'] as const;

describe.skipIf(!requireTools(['haproxy', 'setpriv', 'bash']))('behind a real balancer', () => {
  let rig: Rig;
  let port = 0;
  let ridden: Ridden;
  let retried: Ridden;
  const servers: Server[] = [];
  const places: readonly ((typeof ZONES)[number] | (typeof doors)[number])[] = [...ZONES, ...doors];
  const listen = (zone: (typeof places)[number]) => ({ address: `127.0.68.${10 + places.indexOf(zone)}`, port });

  beforeAll(async () => {
    rig = await openRig();
    port = await freePort(places.map((zone) => listen(zone).address));
    const sections = await Promise.all(
      ZONES.map(async (zone) => sectionOf(zone, at(listen(zone)), await hostsOf(zone))),
    );
    await startHaproxy(rig, HERE, 'haproxy', listen('well'), sections.join('\n'));
    for (const [door, act] of Object.entries(DOORS)) {
      const server = createTcp((socket) => void act(socket.on('error', () => undefined)));
      await opened(server, port, listen(door as keyof typeof DOORS).address);
    }
    const rideAt = (zones: typeof places, pace: readonly string[]): Promise<Ridden> => {
      const connect = zones.flatMap((zone) => ['--connect', `${at(listen(zone))}=${zone}`]);
      const all = ['--timeout', '5s', '--only', 'balancer,hosts', ...pace, ...connect];
      return ride([`http://kms.sick.test:${port}`, ...all]);
    };
    // One after the other where HAProxy tries again: the next in turn is another host then, and not silent too.
    const alone = async (): Promise<void> => {
      for (let left = 3; left > 0; left--) {
        retried = await rideAt(['retried'], ['-n', '16', '--rate', '0.8']);
        if (recordOf('retried').late !== null) break;
      }
    };
    const trying = alone();
    // A noisy machine makes samples late, and overtake each other, which hides turns: then they are ridden again. So they are where hosts that
    // are alike differ by chance: the comparison is held to 5 %, and one ride of twenty may say so (what it says each time is found below).
    for (let left = 4; left > 0; left--) {
      ridden = await rideAt(
        places.filter((zone) => zone !== 'retried'),
        ['-n', '24', '--rate', '5'],
      );
      const isInTurns = ILLS.every((zone) => recordOf(zone).order?.period === 3);
      if (isInTurns && recordOf('well').slower?.length === 0) break;
    }
    await trying;
  });
  afterAll(async () => {
    await rig.close();
    for (const server of servers) server.close();
  });

  async function opened(server: Server, on: number, address: string): Promise<number> {
    servers.push(server.listen(on, address));
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  function hostsOf(zone: (typeof ZONES)[number]): Promise<readonly number[]> {
    const well = ['well', 'well'] as const;
    const kinds: readonly Ill[] =
      zone === 'retried' ? [...well, 'well', 'silent', ...well, 'well', 'silent'] : [...well, zone];
    return Promise.all(
      kinds.map((kind, host) => opened(createHttp(hostThatIs(kind, `${zone}-${host}`)), 0, '127.0.68.2')),
    );
  }

  function recordOf(zone: (typeof ZONES)[number]) {
    const { journey } = zone === 'retried' ? retried : ridden;
    const found = evidenceOf<HostsEvidence>(journey, 'hosts').byEndpoint.find((one) => one.zone === zone);
    if (found === undefined) throw new Error(`no record of ${zone}`);
    return found;
  }

  it('nothing is found where all are well', () => {
    expect(recordOf('well')).toMatchObject({ seen: 3, unhealthy: [], slower: [], failurePeriod: null, late: null });
    const own = ridden.journey.findings.filter(({ endpoint }) => endpoint === at(listen('well')));
    expect(own.filter(({ severity }) => severity !== 'notice')).toEqual([]);
  });

  it('a host that answers 503 is named, with its share of the requests', () => {
    expect(recordOf('error')).toMatchObject({ seen: 3, unhealthy: ['error-2'], serverErrors: 8 });
    const found = findingsOf(ridden.journey, 'host-unhealthy-in-rotation').find(isOf('error'));
    expect(found).toMatchObject({ severity: 'warning' });
    expect(found?.what).toContain('error-2 answers 503: 8 of 8 requests failed, and it takes 33 %');
  });

  it('a host that is slow is named, and by how much', () => {
    const [slower, ...more] = recordOf('slow').slower ?? [];
    expect(more).toEqual([]);
    expect(slower).toMatchObject({ identity: 'slow-2', answers: 8 });
    // It sleeps 300 ms; a noisy machine makes all of them later alike.
    expect(slower?.shiftMs).toBeGreaterThan(200);
    expect(findingsOf(ridden.journey, 'host-slow-in-rotation').map(({ endpoint }) => endpoint)).toEqual([
      at(listen('slow')),
    ]);
  });

  it.each<[(typeof ZONES)[number], string]>([
    ['breaks', '502'],
    ['silent', '504'],
  ])('a host that %s gives no name, but fails every third request', (zone, status) => {
    const record = recordOf(zone);
    expect(record).toMatchObject({ seen: 2, low: 2, high: 3, estimate: 3, failurePeriod: { period: 3, failures: 8 } });
    const found = findingsOf(ridden.journey, 'host-unhealthy-in-rotation').find(isOf(zone));
    expect(found?.what).toContain('Every 3rd request fails, 8 of 24, and no other: one sick host in a rotation of 3');
    const seen = evidenceOf<BalancerEvidence>(ridden.journey, 'balancer').byEndpoint.find((one) => one.zone === zone);
    expect(seen?.statuses).toEqual({ 200: 16, [status]: 8 });
  });

  it('a host whose failures are hidden by a second try is felt in late answers', () => {
    const record = recordOf('retried');
    expect(record).toMatchObject({ seen: 6, serverErrors: 0, late: { of: 16 } });
    expect(record.late?.extraMs).toBeGreaterThan(HIDDEN_MS / 2);
    expect(record.late?.answers).toBeGreaterThanOrEqual(4);
    const found = findingsOf(retried.journey, 'failure-hidden-by-retry');
    expect(found.map(({ endpoint }) => endpoint)).toEqual([at(listen('retried'))]);
  });

  it.each<[(typeof doors)[number], string]>([
    ['resets', 'reset'],
    ['waits', 'wait-timeout'],
    ['closes', 'closed'],
    ['refuses', 'refused'],
  ])('an address that %s is down by %s', (door, code) => {
    const seen = evidenceOf<BalancerEvidence>(ridden.journey, 'balancer').byEndpoint.find((one) => one.zone === door);
    expect(seen).toMatchObject({ ok: 0, attempts: 24, failures: { [code]: 24 } });
    const down = findingsOf(ridden.journey, 'endpoint-down').find(isOf(door));
    expect(down).toMatchObject({ severity: 'critical', zone: door });
  });

  function isOf(zone: (typeof places)[number]): (finding: { readonly endpoint: string | null }) => boolean {
    return ({ endpoint }) => endpoint === at(listen(zone));
  }
});

function hostThatIs(ill: Ill, name: string): RequestListener {
  return (request, response) => {
    if (ill === 'silent') return;
    if (ill === 'breaks') {
      request.socket.destroy();
      return;
    }
    const say = () =>
      response.writeHead(ill === 'error' ? 503 : 200, { 'x-served-by': name, 'content-length': 2 }).end('ok');
    setTimeout(say, ill === 'slow' ? 300 : 0);
  };
}

function sectionOf(zone: (typeof ZONES)[number], bind: string, ports: readonly number[]): string {
  const again = ['retries 1', 'option redispatch 1', 'retry-on response-timeout', `timeout server ${HIDDEN_MS}ms`];
  const lines = zone === 'retried' ? again : ['timeout server 2s'];
  const hosts = ports.map((port, host) => `server h${host} 127.0.68.2:${port}`);
  return [`listen ${zone}`, 'mode http', `bind ${bind}`, 'balance roundrobin', ...lines, ...hosts].join('\n  ');
}
