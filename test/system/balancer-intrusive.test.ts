// Who refuses requests that break the rules of HTTP (`--intrusive`): real HAProxy, Varnish, nginx, Apache, Caddy and lighttpd before two hosts of this process.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BalancerEvidence } from '../../probes/balancer/evidence.ts';
import { freePort } from './rig/ports.ts';
import { probe, type Ridden, ride } from './rig/probe.ts';
import { evidenceOf } from './rig/reading.ts';
import { HERE, openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';
import {
  at,
  type Listen,
  startApache,
  startCaddy,
  startHaproxy,
  startLighttpd,
  startNginx,
  startVarnish,
} from './rig/web.ts';

const FRONTS = [
  'haproxy',
  'haproxy tcp',
  'varnish',
  'nginx',
  'nginx host',
  'apache',
  'caddy',
  'lighttpd',
  'host',
] as const;
type Front = (typeof FRONTS)[number];
type Trial = NonNullable<BalancerEvidence['intrusive']>['trials'][number];
const TOOLS = ['haproxy', 'varnishd', 'nginx', 'apache2', 'caddy', 'lighttpd', 'bash', 'setpriv'];

describe.skipIf(!requireTools(TOOLS))('requests that break the rules', () => {
  let rig: Rig;
  let port = 0;
  let hosts: readonly Server[] = [];
  const heard: IncomingMessage[] = [];
  const listen = (front: Front): Listen => ({ address: `127.0.67.${10 + FRONTS.indexOf(front)}`, port });

  const journeys = new Map<Front, Ridden>();
  const args = (front: Front): readonly string[] => [
    ...[`http://${at(listen(front))}`, '-n', '12', '--rate', '50', '--only', 'balancer,hosts', '--intrusive'],
  ];

  beforeAll(async () => {
    rig = await openRig();
    port = await freePort(FRONTS.map((front) => listen(front).address));
    const keep = (request: IncomingMessage): number => heard.push(request);
    const more = await startHost('h2', '127.0.67.200', 0, keep);
    hosts = [await startHost('h1', listen('host').address, port, keep), more];
    const [one, two] = [at(listen('host')), at(more.address() as AddressInfo)];
    await Promise.all([
      startHaproxy(rig, HERE, 'haproxy', listen('haproxy'), haproxy(listen, [one, two])),
      startNginx(rig, HERE, 'nginx', listen('nginx'), nginx(listen, [one, two])),
      startVarnish(
        rig,
        HERE,
        'varnish',
        [listen('varnish')],
        `backend b { .host = "${listen('host').address}"; .port = "${port}"; }`,
      ),
      startApache(rig, HERE, 'apache', listen('apache'), `ProxyPass / http://${one}/`),
      startCaddy(
        rig,
        HERE,
        'caddy',
        listen('caddy'),
        `:${port} {\n bind ${listen('caddy').address}\n reverse_proxy ${one}\n}`,
      ),
      startLighttpd(rig, HERE, 'lighttpd', listen('lighttpd'), one),
    ]);
    // Most of a ride is the silence on the idle connection: all at once.
    for (const [front, journey] of await Promise.all(
      FRONTS.map(async (one) => [one, await ride(args(one))] as const),
    )) {
      journeys.set(front, journey);
    }
  }, 120_000);
  afterAll(async () => {
    await rig.close();
    for (const host of hosts) {
      host.closeAllConnections();
      host.close();
    }
  });

  const seenAt = (front: Front): BalancerEvidence => {
    const ridden = journeys.get(front);
    if (ridden === undefined) throw new Error(`no ride to ${front}`);
    const seen = evidenceOf<BalancerEvidence>(ridden.journey, 'balancer');
    expect(seen.intrusive?.trials).toHaveLength(6);
    // The ride, six requests, the one of the idle connection, and those on one connection.
    const reused = seen.reuse?.reduce((sum, { requests }) => sum + requests, 0) ?? 0;
    expect(ridden.journey.budget).toMatchObject({ requests: 12 + 6 + 1 + reused });
    return seen;
  };
  const byOf = ({ intrusive }: BalancerEvidence): Readonly<Record<string, readonly [Trial['status'], string | null]>> =>
    Object.fromEntries((intrusive?.trials ?? []).map(({ trial, status, by }) => [trial, [status, by]]));

  it.each<[Front, Partial<BalancerEvidence>, string, readonly [number, string]]>([
    ['haproxy', { layer: 7, layerConfidence: 'strong', product: 'HAProxy' }, 'no request line', [400, 'HAProxy']],
    ['varnish', { layer: 7, layerConfidence: 'strong', product: 'Varnish' }, 'no host', [400, 'Varnish']],
    ['nginx', { layer: 7, product: 'nginx' }, 'large field', [400, 'nginx']],
    ['apache', { layer: 7, product: 'Apache httpd' }, 'bad host', [400, 'Apache httpd']],
    ['lighttpd', { layer: 7, product: 'lighttpd' }, 'unknown method', [501, 'lighttpd']],
    ['caddy', { layer: 7 }, 'unknown version', [505, 'a server written in Go']],
  ])('%s is told by its page', (front, expected, trial, refused) => {
    const seen = seenAt(front);
    expect(seen).toMatchObject(expected);
    expect(byOf(seen)[trial]).toEqual(refused);
  });

  it('the refusal of a host is no balancer: alone, or behind one that passes connections on', () => {
    const alone = seenAt('host');
    expect([alone.layer, alone.product]).toEqual([null, null]);
    expect(byOf(alone)['no request line']).toEqual([400, null]);
    const behind = seenAt('haproxy tcp');
    expect([behind.layer, behind.product]).toEqual([4, null]);
  });

  it('nginx that is the host itself is no balancer', () => {
    const seen = seenAt('nginx host');
    expect([seen.layer, seen.product]).toEqual([null, null]);
    expect(byOf(seen)['no host']).toEqual([400, 'nginx']);
  });

  it('an idle connection is seen to be closed, and after how long', () => {
    const { intrusive } = seenAt('haproxy');
    const [idle] = intrusive?.idle ?? [];
    expect(idle).toMatchObject({ version: 'HTTP/1.1', keepAlive: 'timeout=5', end: 'closed' });
    // `timeout http-keep-alive 1s`.
    expect(idle?.closedAfterMs ?? 0).toBeGreaterThan(900);
  });

  it('nothing of it is sent unless asked, and --plan tells', async () => {
    heard.length = 0;
    const plain = await ride(args('host').filter((word) => word !== '--intrusive'));
    expect(evidenceOf<BalancerEvidence>(plain.journey, 'balancer').intrusive).toBeUndefined();
    expect(heard.map(({ method, httpVersion }) => [method, httpVersion])).toEqual(heard.map(() => ['GET', '1.1']));
    const count = heard.length;
    expect((await probe([...args('host'), '--plan'])).stdout).toContain('INTRUSIVE, to one endpoint of each zone');
    expect(heard).toHaveLength(count);
  });
});

function startHost(
  name: string,
  address: string,
  port: number,
  onRequest: (request: IncomingMessage) => void,
): Promise<Server> {
  const server = createServer((request, response) => {
    onRequest(request);
    response.setHeader('Server', 'rawapp').setHeader('X-Served-By', name).end('ok');
  });
  return new Promise((resolve) => server.listen(port, address, () => resolve(server)));
}

function haproxy(listen: (front: Front) => Listen, hosts: readonly string[]): string {
  const servers = hosts.map((host, index) => `server s${index} ${host}`);
  const section = (front: Front, lines: readonly string[]): string =>
    [`listen ${front.replace(' ', '-')}`, 'balance roundrobin', `bind ${at(listen(front))}`, ...lines].join('\n  ');
  return [
    section('haproxy', ['mode http', 'timeout http-keep-alive 1s', ...servers.slice(0, 1)]),
    section('haproxy tcp', ['mode tcp', ...servers]),
  ].join('\n');
}

function nginx(listen: (front: Front) => Listen, [host = '']: readonly string[]): string {
  const server = (front: Front, inside: string): string =>
    `server { listen ${at(listen(front))}; location / { ${inside} } }`;
  return [
    server('nginx', `proxy_pass_header Server; proxy_pass http://${host};`),
    server('nginx host', 'return 200 "ok";'),
  ].join('\n');
}
