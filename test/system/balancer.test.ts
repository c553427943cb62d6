// Which balancer it is, and whether zones share their hosts: HAProxy on HTTP and on TCP level and nginx in front of hosts of this process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BalancerEvidence } from '../../probes/balancer/evidence.ts';
import type { HostsEvidence } from '../../probes/hosts/evidence.ts';
import { type Minted, mintAll } from './rig/mint.ts';
import { freePort } from './rig/ports.ts';
import { type Ridden, ride } from './rig/probe.ts';
import { evidenceOf, findingsOf } from './rig/reading.ts';
import { HERE, openRig, type Rig } from './rig/rig.ts';
import { loopbackPlan, type Site, startSite } from './rig/site.ts';
import { requireTools } from './rig/tools.ts';
import { at, type Listen, startHaproxy, startNginx } from './rig/web.ts';

const NAME = 'kms.balancer.test';
const ZONES = ['az1', 'az2', 'az3'] as const;
/** Each set-up has three addresses; the last number of the first one. */
const SETUPS = {
  ...{ 'haproxy http, own hosts': 10, 'haproxy http, same hosts': 20, 'haproxy tcp, own hosts': 30 },
  ...{ 'haproxy tcp, same hosts': 40, 'nginx, own hosts': 50, 'nginx, same hosts': 60 },
  ...{
    'haproxy http, hosts gone': 70,
    'nginx, hosts gone': 80,
    'haproxy http, sticky': 90,
    'haproxy tcp, in clear': 100,
    'haproxy http, in clear': 110,
  },
} as const;
type Setup = keyof typeof SETUPS;
const setups = Object.keys(SETUPS) as Setup[];

describe.skipIf(!requireTools(['nginx', 'haproxy', 'openssl', 'bash']))('balancer', () => {
  let rig: Rig;
  let port = 0;
  let servers: readonly Server[] = [];
  const listen = (setup: Setup, zone: number): Listen => ({ address: `127.0.66.${SETUPS[setup] + zone}`, port });

  beforeAll(async () => {
    rig = await openRig();
    const minted = await mintAll(rig, certificates());
    port = await freePort(setups.flatMap((setup) => ZONES.map((_, zone) => listen(setup, zone).address)));
    const { leaf } = minted;
    if (leaf === undefined) throw new Error('no certificate');
    await rig.write('leaf.all', leaf.pem + leaf.keyPem);
    await rig.write('leaf.pem', leaf.pem);
    await rig.write('leaf.key', leaf.keyPem);
    const clear = await Promise.all(Array.from({ length: 6 }, (_, index) => startHost(`clear-${index}`)));
    const secured = await Promise.all(Array.from({ length: 6 }, (_, index) => startHost(`tls-${index}`, leaf)));
    servers = [...clear, ...secured];
    const nowhere = `127.0.66.250:${port}`;
    const plan: Plan = {
      clear: clear.map(addressOf),
      secured: secured.map(addressOf),
      nowhere,
      folder: rig.folder,
      listen,
    };
    await startHaproxy(rig, HERE, 'haproxy', listen('haproxy http, own hosts', 0), haproxySections(plan));
    await startNginx(rig, HERE, 'nginx', listen('nginx, own hosts', 0), nginxServers(plan), 2);
  }, 60_000);
  afterAll(async () => {
    await rig.close();
    for (const server of servers) server.closeAllConnections();
  });

  const rideTo = (setup: Setup, scheme = 'https', more: readonly string[] = []): Promise<Ridden> => {
    const connect = ZONES.flatMap((zone, index) => ['--connect', `${at(listen(setup, index))}=${zone}`]);
    const pace = ['-n', '24', '--rate', '50', '--only', 'balancer,hosts'];
    return ride([
      `${scheme}://${NAME}:${port}`,
      ...pace,
      ...connect,
      '--ca-file',
      `${rig.folder}/root.mint.pem`,
      ...more,
    ]);
  };

  it.each<[Setup, BalancerEvidence['layer'], BalancerEvidence['scope'], string]>([
    ['haproxy http, own hosts', 7, 'zonal', 'separate'],
    ['haproxy http, same hosts', 7, 'regional', 'same'],
    ['haproxy tcp, own hosts', 4, 'zonal', 'separate'],
    ['haproxy tcp, same hosts', 4, 'regional', 'same'],
    ['nginx, own hosts', 7, 'zonal', 'separate'],
    ['nginx, same hosts', 7, 'regional', 'same'],
  ])('%s: layer %i, %s', async (setup, layer, scope, says) => {
    const { journey } = await rideTo(setup);
    expect(evidenceOf<HostsEvidence>(journey, 'hosts').sharing?.says).toBe(says);
    const seen = evidenceOf<BalancerEvidence>(journey, 'balancer');
    expect(seen).toMatchObject({
      layer,
      scope,
      product: null,
      stickiness: { bySource: 'no', cookies: [] },
      shields: [],
    });
    expect(seen.byEndpoint.map(({ tcp }) => [tcp?.connected, tcp?.resent])).toEqual(ZONES.map(() => [24, 0]));
    expect(journey.findings.filter(({ probe, severity }) => probe === 'balancer' && severity !== 'notice')).toEqual([]);
  });

  it.each<[Setup, string]>([
    ['haproxy http, hosts gone', 'HAProxy'],
    ['nginx, hosts gone', 'nginx'],
  ])('%s: its own error page names it', async (setup, product) => {
    const { journey } = await rideTo(setup);
    const { signals, ...seen } = evidenceOf<BalancerEvidence>(journey, 'balancer');
    expect(seen).toMatchObject({ layer: 7, product });
    expect(signals.find(({ signal }) => signal === 'error page')?.endpoints).toHaveLength(3);
  });

  it('a cookie that HAProxy keeps callers with their host by is told apart from few hosts', async () => {
    const { journey } = await rideTo('haproxy http, sticky');
    const { stickiness, layer } = evidenceOf<BalancerEvidence>(journey, 'balancer');
    expect([layer, stickiness]).toMatchObject([7, { cookies: ['SERVERID'], bySource: 'no' }]);
  });

  it('a TCP balancer of plain HTTP leaves no trace but that it never changes the host within a connection', async () => {
    const { journey } = await rideTo('haproxy tcp, in clear', 'http');
    const { layer, layerConfidence, reuse } = evidenceOf<BalancerEvidence>(journey, 'balancer');
    expect([layer, layerConfidence]).toEqual([4, 'weak']);
    expect(reuse?.map(({ hosts, end }) => [hosts, end])).toEqual(ZONES.map(() => [1, 'open']));
  });

  it('without requests on one connection no layer is made up for it', async () => {
    const { journey } = await rideTo('haproxy tcp, in clear', 'http', ['--no-reuse']);
    const { layer, reuse } = evidenceOf<BalancerEvidence>(journey, 'balancer');
    expect([layer, reuse]).toEqual([null, undefined]);
    expect(journey.answers.find(({ question }) => question === 2)?.summary).toContain('cannot be told');
  });

  it.each<[Setup]>([['haproxy http, in clear'], ['nginx, own hosts']])(
    '%s: each request of one connection goes to a host by itself',
    async (setup) => {
      const { journey } = await rideTo(setup, setup.endsWith('in clear') ? 'http' : 'https');
      const { layer, layerConfidence, reuse } = evidenceOf<BalancerEvidence>(journey, 'balancer');
      expect([layer, layerConfidence]).toEqual([7, 'strong']);
      expect(reuse?.map(({ requests, hosts }) => [requests, hosts])).toEqual(ZONES.map(() => [2, 2]));
    },
  );
});

describe.skipIf(!requireTools(['nsd', 'unbound', 'nginx', 'haproxy', 'openssl', 'setpriv']))('an ill endpoint', () => {
  let rig: Rig;
  let site: Site;
  beforeAll(async () => {
    rig = await openRig();
    site = await startSite(rig, await loopbackPlan());
  });
  afterAll(() => rig.close());

  it('that refuses is named with the part of the callers that DNS sends there', async () => {
    const { journey } = await ride([site.target('half'), '-n', '8', '--rate', '50', ...site.options]);
    const [down, ...more] = findingsOf(journey, 'endpoint-down');
    expect(more).toEqual([]);
    expect(down).toMatchObject({ endpoint: at(site.listen('down')), severity: 'critical' });
    expect(down?.what).toContain('DNS sends about 50 % of callers here (one of 2 addresses)');
  });
});

describe.skipIf(process.platform !== 'linux')('a listen queue that is full', () => {
  it('loses first packets, which are counted, named, and left out of round trips', async () => {
    const port = await freePort(['127.0.66.240']);
    const script = `require('http').createServer((_, r) => r.end('ok')).listen(${port}, '127.0.66.240', 1, () => console.log('up'))`;
    const server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(server.stdout, 'data');
      // Stopped it accepts nothing: the kernel takes two connections for it and drops the first packet of all others.
      server.kill('SIGSTOP');
      const riding = ride([`http://127.0.66.240:${port}`, '-n', '10', '--rate', '50', '--only', 'balancer']);
      await expect.poll(() => waitingFor(port), { timeout: 10_000, interval: 20 }).toBeGreaterThan(3);
      server.kill('SIGCONT');
      const { journey } = await riding;
      const [record] = evidenceOf<BalancerEvidence>(journey, 'balancer').byEndpoint;
      const { tcp } = record ?? {};
      expect(tcp).toMatchObject({ connected: 10, resentBy: 'kernel' });
      expect(tcp?.resent).toBeGreaterThan(3);
      // A second packet leaves a second after the first one; over loopback no answer takes that long.
      expect(tcp?.rttP50Ms).toBeLessThan(1000);
      const [lost] = findingsOf(journey, 'connection-attempts-lost');
      expect(lost).toMatchObject({ severity: 'warning', endpoint: `127.0.66.240:${port}` });
      expect(lost?.what).toContain(`${tcp?.resent} of 10 connections took more than one SYN`);
    } finally {
      server.kill('SIGKILL');
    }
  });
});

/** Connections to the port whose first packet is not answered yet: state 02 in proc_net_tcp. */
async function waitingFor(port: number): Promise<number> {
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n');
  const peer = new RegExp(`^\\s*\\d+: \\S+ [0-9A-F]{8}:${port.toString(16).toUpperCase().padStart(4, '0')} 02 `);
  return rows.filter((row) => peer.test(row)).length;
}

interface Plan {
  readonly clear: readonly string[];
  readonly secured: readonly string[];
  /** Nobody listens there. */
  readonly nowhere: string;
  readonly folder: string;
  readonly listen: (setup: Setup, zone: number) => Listen;
}

/** Ends TLS itself, with a session key of its own, where it gets a certificate. */
function startHost(name: string, certificate?: Minted): Promise<Server> {
  const answer: RequestListener = (_, response) => {
    response.setHeader('X-Served-By', name).end('ok');
  };
  const server =
    certificate === undefined
      ? createHttp(answer)
      : createHttps({ cert: certificate.pem, key: certificate.keyPem }, answer);
  return new Promise((resolve) => server.listen(0, '127.0.66.200', () => resolve(server)));
}

function addressOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return `${address}:${port}`;
}

/** The hosts of one zone of three: two of its own, or three that all share. */
function hostsOf(setup: Setup, zone: number, all: readonly string[]): readonly string[] {
  return setup.includes('own hosts') ? all.slice(2 * zone, 2 * zone + 2) : all.slice(0, 3);
}

function haproxySections({ clear, secured, nowhere, folder, listen }: Plan): string {
  const section = (setup: Setup, lines: (zone: number) => readonly string[], bind = ''): string =>
    ZONES.map((_, zone) => {
      const name = `${setup.replaceAll(/\W+/g, '-')}-${zone}`;
      return [`listen ${name}`, 'balance roundrobin', `bind ${at(listen(setup, zone))} ${bind}`, ...lines(zone)].join(
        '\n  ',
      );
    }).join('\n');
  const servers = (hosts: readonly string[], more = ''): readonly string[] =>
    hosts.map((host, index) => `server s${index} ${host} ${more.replace('%', `s${index}`)}`);
  const ends = `ssl crt ${folder}/leaf.all`;
  const http = (setup: Setup) => section(setup, (zone) => ['mode http', ...servers(hostsOf(setup, zone, clear))], ends);
  const tcp = (setup: Setup) => section(setup, (zone) => ['mode tcp', ...servers(hostsOf(setup, zone, secured))]);
  return [
    ...[http('haproxy http, own hosts'), http('haproxy http, same hosts')],
    ...[tcp('haproxy tcp, own hosts'), tcp('haproxy tcp, same hosts')],
    section('haproxy http, hosts gone', () => ['mode http', ...servers([nowhere])], ends),
    section(
      'haproxy http, sticky',
      (zone) => [
        'mode http',
        'cookie SERVERID insert',
        ...servers(hostsOf('haproxy http, sticky', zone, clear), 'cookie %'),
      ],
      ends,
    ),
    section('haproxy http, in clear', (zone) => [
      'mode http',
      ...servers(hostsOf('haproxy http, in clear', zone, clear)),
    ]),
    section('haproxy tcp, in clear', (zone) => ['mode tcp', ...servers(hostsOf('haproxy tcp, in clear', zone, clear))]),
  ].join('\n');
}

function nginxServers({ clear, nowhere, folder, listen }: Plan): string {
  const pair = `ssl_certificate ${folder}/leaf.pem; ssl_certificate_key ${folder}/leaf.key;`;
  const block = (setup: Setup, hosts: (zone: number) => readonly string[]): string =>
    ZONES.map((_, zone) => {
      const name = `${setup.replaceAll(/\W+/g, '-')}-${zone}`;
      const upstream = `upstream ${name} { zone ${name} 64k; ${hosts(zone)
        .map((host) => `server ${host};`)
        .join(' ')} }`;
      const server = `server { listen ${at(listen(setup, zone))} ssl; ${pair} location / { proxy_pass http://${name}; } }`;
      return `  ${upstream}\n  ${server}`;
    }).join('\n');
  return [
    block('nginx, own hosts', (zone) => hostsOf('nginx, own hosts', zone, clear)),
    block('nginx, same hosts', (zone) => hostsOf('nginx, same hosts', zone, clear)),
    block('nginx, hosts gone', () => [nowhere]),
  ].join('\n');
}

function certificates(): Parameters<typeof mintAll>[1] {
  const ca = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
  const server = ['basicConstraints=CA:FALSE', `subjectAltName=DNS:${NAME}`];
  return {
    root: { key: 'ec:root', subject: '/CN=Balancer Root', issuer: null, life: [-500, 3000], extensions: ca },
    leaf: { key: 'ec:leaf', subject: `/CN=${NAME}`, issuer: 'root', life: [-20, 150], extensions: server },
  };
}
