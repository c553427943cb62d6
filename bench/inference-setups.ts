// Owns the balancers that inference is tried on: real HAProxy and nginx configurations over hosts of this process. Measures nothing.
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import type { Algorithm } from '../probes/hosts/evidence.ts';
import type { Issued } from '../test/system/rig/pki.ts';
import { freePort } from '../test/system/rig/ports.ts';
import { type Daemon, HERE, type Rig } from '../test/system/rig/rig.ts';
import { type Listen, startHaproxy, startNginx } from '../test/system/rig/web.ts';

export interface Setup {
  readonly name: string;
  readonly layer: 4 | 7;
  readonly truth: Algorithm;
  /** Weights of the hosts in turn; 1 for each when absent. */
  readonly weights?: readonly number[];
  readonly haproxy?: string;
  readonly nginx?: { readonly lines: string; readonly workers: number };
}

const haproxy = (balance: string, layer: 4 | 7, truth: Algorithm, more: Partial<Setup> = {}): Setup => ({
  ...{
    name: `HAProxy ${layer === 4 ? 'tcp' : 'http'} ${balance.split('\n')[0] ?? ''}`,
    layer,
    truth,
    haproxy: balance,
  },
  ...more,
});
const nginx = (
  name: string,
  lines: string,
  truth: Algorithm,
  more: Partial<Setup> & { readonly workers?: number } = {},
): Setup => ({
  ...{ name: `nginx ${name}`, layer: 7, truth, nginx: { lines, workers: more.workers ?? 1 } },
  ...(more.weights === undefined ? {} : { weights: more.weights }),
});

export const setups: readonly Setup[] = [
  haproxy('roundrobin', 7, 'round robin'),
  haproxy('static-rr', 7, 'weighted round robin', { weights: [3, 1] }),
  haproxy('random(1)', 7, 'random'),
  haproxy('random(2)', 7, 'power of two choices'),
  haproxy('leastconn', 7, 'least connections'),
  haproxy('source', 7, 'one host for one client'),
  haproxy('roundrobin\n  cookie SERVERID insert indirect nocache', 7, 'round robin', { name: 'HAProxy http cookie' }),
  haproxy('roundrobin', 4, 'round robin'),
  haproxy('static-rr', 4, 'weighted round robin', { weights: [2, 1] }),
  haproxy('random(1)', 4, 'random'),
  haproxy('leastconn', 4, 'least connections'),
  haproxy('source', 4, 'one host for one client'),
  nginx('round robin', '', 'round robin'),
  nginx('round robin, two workers', '', 'round robin', { workers: 2 }),
  nginx('weights', '', 'weighted round robin', { weights: [5, 2] }),
  nginx('random two least_conn', 'random two least_conn;', 'power of two choices'),
  nginx('ip_hash', 'ip_hash;', 'one host for one client'),
];

export interface Running {
  readonly listen: Listen;
  stop(): Promise<void>;
}

/** Starts the balancer and its hosts on an address of its own. */
export async function start(rig: Rig, setup: Setup, hosts: number, leaf: Issued, id: number): Promise<Running> {
  const address = `127.${70 + Math.floor(id / 60_000)}.${Math.floor(id / 250) % 240}.${(id % 250) + 2}`;
  const behind = await Promise.all(Array.from({ length: hosts }, (_, at) => startHost(setup.layer, `h${at}`, leaf)));
  const ports = behind.map((server) => (server.address() as AddressInfo).port);
  const listen = { address, port: await freePort([address]) };
  const weightOf = (at: number): number => setup.weights?.[at % setup.weights.length] ?? 1;
  const name = `inference-${id}`;
  const daemon = await (setup.haproxy === undefined
    ? startNginx(rig, HERE, name, listen, nginxLines(rig, setup, listen, ports, weightOf), setup.nginx?.workers)
    : startHaproxy(rig, HERE, name, listen, haproxyLines(rig, setup, listen, ports, weightOf)));
  return { listen, stop: () => stopAll(daemon, behind) };
}

async function stopAll(daemon: Daemon, behind: readonly Server[]): Promise<void> {
  await daemon.stop();
  for (const server of behind) server.close();
}

/** Reads the whole request before it answers, as what stands on a framework does. */
function startHost(layer: 4 | 7, name: string, { certificatePem, keyPem }: Issued): Promise<Server> {
  const answer: RequestListener = (request, response) => {
    request.resume().once('end', () => {
      // Without name where the handshake has to tell.
      response.writeHead(200, { 'content-length': 2, ...(layer === 4 ? {} : { 'x-served-by': name }) }).end('ok');
    });
  };
  const server = layer === 4 ? createHttps({ cert: certificatePem, key: keyPem }, answer) : createHttp(answer);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

type Lines = (
  rig: Rig,
  setup: Setup,
  listen: Listen,
  ports: readonly number[],
  weightOf: (at: number) => number,
) => string;

const haproxyLines: Lines = (rig, { layer, haproxy: balance = '', name }, { address, port }, ports, weightOf) => {
  const tls = layer === 7 ? ` ssl crt ${join(rig.folder, 'haproxy.pem')}` : '';
  const cookie = (at: number): string => (name.includes('cookie') ? ` cookie c${at}` : '');
  const servers = ports.map((each, at) => `  server h${at} 127.0.0.1:${each} weight ${weightOf(at)}${cookie(at)}`);
  return `listen front\n  mode ${layer === 7 ? 'http' : 'tcp'}\n  bind ${address}:${port}${tls}\n  balance ${balance}\n${servers.join('\n')}`;
};

const nginxLines: Lines = (rig, setup, { address, port }, ports, weightOf) => {
  const servers = ports.map((each, at) => `server 127.0.0.1:${each} weight=${weightOf(at)};`);
  return `upstream hosts { ${setup.nginx?.lines ?? ''} ${servers.join(' ')} }
server {
  listen ${address}:${port} ssl;
  ssl_certificate ${join(rig.folder, 'haproxy.pem')};
  ssl_certificate_key ${join(rig.folder, 'haproxy.pem')};
  location / { proxy_pass http://hosts; }
}`;
};
