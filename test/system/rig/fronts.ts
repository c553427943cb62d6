// Owns starting a balancer with an address in each zone, HAProxy, nginx, Varnish or Caddy, over hosts of this process. Measures nothing.
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import type { Issued } from './pki.ts';
import { freePort } from './ports.ts';
import { type Daemon, HERE, type Rig } from './rig.ts';
import { at, type Listen, startCaddy, startHaproxy, startNginx, startVarnish } from './web.ts';

export interface Front {
  readonly layer: 4 | 7;
  readonly front: 'haproxy' | 'nginx' | 'varnish' | 'caddy';
  /** Of the front's own configuration: how it chooses. */
  readonly lines: string;
  /** Weights of the hosts in turn; 1 for each when absent. */
  readonly weights?: readonly number[];
  /** nginx's worker processes. */
  readonly workers?: number;
  /** HAProxy's servers have cookies by which callers stay with them. */
  readonly isSticky?: true;
}

export interface Wanted {
  readonly setup: Front;
  /** Hosts behind the address of each zone. */
  readonly hosts: readonly number[];
  /** True: all addresses lead to the hosts of the first zone. */
  readonly isShared: boolean;
  readonly leaf: Pick<Issued, 'certificatePem' | 'keyPem'>;
  /** How long a host takes to answer. Absent: no time. */
  readonly thinksMs?: number;
  /** Unlike that of all others under way. */
  readonly id: number;
}

export interface Running {
  readonly scheme: 'http' | 'https';
  readonly listens: readonly Listen[];
  stop(): Promise<void>;
}

interface Zone {
  readonly listen: Listen;
  readonly ports: readonly number[];
}

/** In the folder of the test: the certificate and its key. Whoever starts a front writes it first. */
export const PEM = 'front.pem';

export async function start(rig: Rig, wanted: Wanted): Promise<Running> {
  const { setup, hosts, isShared, id } = wanted;
  const address = (zone: number): string =>
    `127.${70 + Math.floor(id / 60_000)}.${Math.floor(id / 80) % 240}.${(id % 80) * 3 + zone + 2}`;
  const pools = await Promise.all(
    (isShared ? hosts.slice(0, 1) : hosts).map((count, pool) => startHosts(wanted, `z${pool}`, count)),
  );
  const port = await freePort(hosts.map((_, zone) => address(zone)));
  const zones = hosts.map((_, zone): Zone => {
    const pool = pools[isShared ? 0 : zone] ?? [];
    const ports = pool.map((server) => (server.address() as AddressInfo).port);
    return { listen: { address: address(zone), port }, ports };
  });
  const daemon = await startFront(rig, setup, zones, `inference-${id}`);
  const stop = async (): Promise<void> => {
    await daemon.stop();
    for (const server of pools.flat()) server.close();
  };
  return { scheme: setup.front === 'varnish' ? 'http' : 'https', listens: zones.map(({ listen }) => listen), stop };
}

function startFront(rig: Rig, setup: Front, zones: readonly Zone[], name: string): Promise<Daemon> {
  const listens = zones.map(({ listen }) => listen);
  const [first = { address: '', port: 0 }] = listens;
  const lines = zones.map((zone, place) => WRITERS[setup.front](setup, zone, place, join(rig.folder, PEM))).join('\n');
  switch (setup.front) {
    case 'haproxy':
      return startHaproxy(rig, HERE, name, first, lines);
    case 'nginx':
      return startNginx(rig, HERE, name, first, lines, setup.workers);
    case 'caddy':
      return startCaddy(rig, HERE, name, first, lines);
    case 'varnish':
      return startVarnish(rig, HERE, name, listens, `${lines}\nsub vcl_recv { return (pass); }`);
  }
}

/** Each reads the whole request before it answers, as what stands on a framework does. */
function startHosts(
  { setup: { layer }, leaf, thinksMs = 0 }: Wanted,
  pool: string,
  count: number,
): Promise<readonly Server[]> {
  const { certificatePem: cert, keyPem: key } = leaf;
  return Promise.all(
    Array.from({ length: count }, (_, number) => {
      // Without name where the handshake has to tell.
      const name = layer === 4 ? {} : { 'x-served-by': `${pool}-h${number}` };
      const answer: RequestListener = (request, response) => {
        const say = () => response.writeHead(200, { 'content-length': 2, ...name }).end('ok');
        request.resume().once('end', () => (thinksMs === 0 ? say() : setTimeout(say, thinksMs)));
      };
      const server = layer === 4 ? createHttps({ cert, key }, answer) : createHttp(answer);
      return new Promise<Server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
    }),
  );
}

function weightOf({ weights }: Front, host: number): number {
  return weights?.[host % weights.length] ?? 1;
}

type Writer = (setup: Front, zone: Zone, place: number, pem: string) => string;

const WRITERS: Readonly<Record<Front['front'], Writer>> = {
  haproxy: (setup, { listen, ports }, place, pem) => {
    const { layer, lines, isSticky } = setup;
    const tls = layer === 7 ? ` ssl crt ${pem}` : '';
    const cookie = (host: number): string => (isSticky === true ? ` cookie c${host}` : '');
    const servers = ports.map(
      (port, host) => `  server h${host} 127.0.0.1:${port} weight ${weightOf(setup, host)}${cookie(host)}`,
    );
    const head = [`listen front${place}`, `mode ${layer === 7 ? 'http' : 'tcp'}`, `bind ${at(listen)}${tls}`];
    return `${head.join('\n  ')}\n  balance ${lines}\n${servers.join('\n')}`;
  },
  nginx: (setup, { listen, ports }, place, pem) => {
    const servers = ports.map((port, host) => `server 127.0.0.1:${port} weight=${weightOf(setup, host)};`);
    return `upstream hosts${place} { ${setup.lines} ${servers.join(' ')} }
server {
  listen ${at(listen)} ssl;
  ssl_certificate ${pem};
  ssl_certificate_key ${pem};
  location / { proxy_pass http://hosts${place}; }
}`;
  },
  caddy: ({ lines }, { listen, ports }, _, pem) => `https://${at(listen)}, https://kms.test:${listen.port} {
  bind ${listen.address}
  tls ${pem} ${pem}
  reverse_proxy ${ports.map((port) => `127.0.0.1:${port}`).join(' ')} {
    lb_policy ${lines}
  }
}`,
  varnish: ({ lines }, { ports }, place) => {
    const names = ports.map((_, host) => `h${place}x${host}`);
    const backends = ports.map(
      (port, host) => `backend ${names[host] ?? ''} { .host = "127.0.0.1"; .port = "${port}"; }`,
    );
    const weight = lines === 'random' ? ', 1' : '';
    const members = names.map((name) => `  z${place}.add_backend(${name}${weight});`);
    return `${backends.join('\n')}
sub vcl_init {
  new z${place} = directors.${lines}();
${members.join('\n')}
}
sub vcl_recv { if (local.socket == "a${place}") { set req.backend_hint = z${place}.backend(); } }`;
  },
};
