// Owns the service that the system tests ride: kms.test with two name servers, a resolver, HAProxy and nginx.
// The same on loopback addresses with free ports, and in a network namespace with the real ones.
import { fileURLToPath } from 'node:url';
import { type DnsAddress, startNsd, startUnbound } from './dns.ts';
import { AGED, createPki, EXPIRED, type Pki } from './pki.ts';
import { freePort } from './ports.ts';
import { type Daemon, HERE, type Place, type Rig } from './rig.ts';
import { at, type Listen, startHaproxy, startNginx } from './web.ts';

export interface SitePlan {
  readonly place: Place;
  /** First three bytes of every address: `127.0.60`. */
  readonly network: string;
  readonly dnsPort: number;
  readonly webPort: number;
}

export interface Site {
  readonly plan: SitePlan;
  readonly pki: Pki;
  readonly resolver: DnsAddress;
  readonly nameServers: readonly [DnsAddress, DnsAddress];
  readonly serials: readonly [number, number];
  /** The nginx behind the pass-through balancers. */
  readonly origin: Daemon;
  listen(host: Host): Listen;
  /** `normal.kms.test:8443`, without the port when it is 443. */
  target(label: string): string;
  /** Options that every ride of this site needs. */
  readonly options: readonly string[];
}

/** Last byte of each address. */
const HOSTS = {
  ns1: 11,
  ns2: 12,
  resolver: 53,
  /** HAProxy in TCP mode, twice. */
  passA: 21,
  passB: 22,
  /** HAProxy that ends TLS, over two healthy hosts; and over one healthy and one sick. */
  app: 31,
  sick: 32,
  /** nginx with TLS 1.2 and 1.3; with 1.2 only. */
  chains: 41,
  twelve: 42,
  slow: 51,
  /** Nothing listens. */
  down: 61,
  origin: 71,
  app1: 81,
  app2: 82,
  app3: 83,
  thinker: 91,
  /** No machine has it. */
  hole: 99,
} as const;
export type Host = keyof typeof HOSTS;

export const SLOW_MS = 30;
/** Lifetimes in the zone file; addresses can move within a minute, which is what the dns probe asks for. */
export const TTL = { apex: 60, www: 600, edge: 180, app: 90 } as const;
const SERIALS = [2_026_112_002, 2_026_112_001] as const;

/** Served by their names on one address: which certificates nginx sends, in which order. */
export const CHAINS = ['normal', 'rsa', 'reversed', 'extra', 'doubled', 'alone', 'aged', 'expired'] as const;
export type Chain = (typeof CHAINS)[number];

/** A plan on loopback with ports that are free. */
export async function loopbackPlan(): Promise<SitePlan> {
  const network = '127.0.60';
  const addresses = Object.values(HOSTS).map((last) => `${network}.${last}`);
  const [dnsPort, webPort] = [await freePort(addresses), await freePort(addresses)];
  return { place: HERE, network, dnsPort, webPort };
}

/** Every address of the site but those that must not exist. */
export function siteAddresses(network: string): readonly string[] {
  return Object.values(HOSTS)
    .filter((last) => last !== HOSTS.hole)
    .map((last) => `${network}.${last}`);
}

export async function startSite(rig: Rig, plan: SitePlan): Promise<Site> {
  const listen = (host: Host): Listen => ({ address: `${plan.network}.${HOSTS[host]}`, port: plan.webPort });
  const dnsAt = (host: Host): DnsAddress => ({ ...listen(host), port: plan.dnsPort });
  const pki = await createPki(rig);
  await writeChains(rig, pki);
  const nameServers = [dnsAt('ns1'), dnsAt('ns2')] as const;
  const resolver = dnsAt('resolver');
  await Promise.all(
    nameServers.map((server, index) =>
      startNsd(rig, plan.place, server, [{ name: 'kms.test', text: zoneText(plan.network, SERIALS[index] ?? 0) }]),
    ),
  );
  await startUnbound(rig, plan.place, resolver, [{ name: 'kms.test', servers: nameServers }]);
  const origin = await startWeb(rig, plan, listen);
  const suffix = plan.webPort === 443 ? '' : `:${plan.webPort}`;
  return {
    plan,
    pki,
    resolver,
    nameServers,
    serials: SERIALS,
    origin,
    listen,
    target: (label) => `${label === '' ? '' : `${label}.`}kms.test${suffix}`,
    options: ['--resolver', `${resolver.address}#${resolver.port}`, '--ca-file', pki.rootFile],
  };
}

function zoneText(network: string, serial: number): string {
  const address = (host: Host): string => `${network}.${HOSTS[host]}`;
  const chains = CHAINS.map((name) => `${name} 60 IN A ${address('chains')}`).join('\n');
  return `$ORIGIN kms.test.
$TTL 3600
@ IN SOA ns1 hostmaster ${serial} 7200 3600 1209600 300
@ IN NS ns1
@ IN NS ns2
ns1 IN A ${address('ns1')}
ns2 IN A ${address('ns2')}
@ ${TTL.apex} IN A ${address('passA')}
@ ${TTL.apex} IN A ${address('passB')}
www ${TTL.www} IN CNAME edge
edge ${TTL.edge} IN CNAME kms.test.
app ${TTL.app} IN A ${address('app')}
sick 60 IN A ${address('sick')}
twelve 60 IN A ${address('twelve')}
slow 60 IN A ${address('slow')}
half 60 IN A ${address('passA')}
half 60 IN A ${address('down')}
hole 60 IN A ${address('passA')}
hole 60 IN A ${address('hole')}
empty 60 IN TXT "a name without an address"
${chains}
`;
}

async function writeChains(rig: Rig, pki: Pki): Promise<void> {
  const [leaf, rsa, aged, expired] = await Promise.all([
    pki.leaf('leaf'),
    pki.leaf('leaf-rsa', { key: 'rsa' }),
    pki.leaf('leaf-aged', { life: AGED }),
    pki.leaf('leaf-expired', { life: EXPIRED }),
  ]);
  const { root, upper, lower, stranger } = pki;
  const chains: Readonly<Record<Chain, readonly (typeof leaf)[]>> = {
    normal: [leaf, lower, upper],
    rsa: [rsa, lower, upper],
    reversed: [leaf, upper, lower],
    extra: [leaf, lower, upper, stranger],
    doubled: [leaf, leaf, lower, upper, root],
    alone: [leaf],
    aged: [aged, lower, upper],
    expired: [expired, lower, upper],
  };
  for (const name of CHAINS) {
    const pem = chains[name].map(({ certificatePem }) => certificatePem).join('');
    await rig.write(`${name}.chain`, pem);
    await rig.write(`${name}.chain.key`, chains[name][0]?.keyPem ?? '');
  }
  // HAProxy reads certificates and key from one file.
  await rig.write('haproxy.pem', chains.normal.map(({ certificatePem }) => certificatePem).join('') + leaf.keyPem);
}

async function startWeb(rig: Rig, plan: SitePlan, listen: (host: Host) => Listen): Promise<Daemon> {
  const { place } = plan;
  const tls = (name: Chain): string =>
    `ssl_certificate ${rig.folder}/${name}.chain; ssl_certificate_key ${rig.folder}/${name}.chain.key;`;
  const named = (host: Host, protocols: string, name: Chain, first: boolean): string => `  server {
    listen ${at(listen(host))} ssl${first ? ' default_server' : ''}; server_name ${name}.kms.test;
    ssl_protocols ${protocols}; ${tls(name)}
    location / { return 200 "chain ${name}\\n"; }
  }`;
  const app = (host: Host, status: number): string => `  server {
    listen ${at(listen(host))};
    add_header x-served-by ${host} always;
    location / { return ${status} "from ${host}\\n"; }
  }`;
  const servers = [
    ...CHAINS.map((name, index) => named('chains', 'TLSv1.2 TLSv1.3', name, index === 0)),
    named('twelve', 'TLSv1.2', 'normal', true),
    app('app1', 200),
    app('app2', 200),
    app('app3', 503),
    `  server {
    listen ${at(listen('slow'))} ssl; ssl_protocols TLSv1.2 TLSv1.3; ${tls('normal')}
    location / { proxy_pass http://${at(listen('thinker'))}; }
  }`,
  ];
  const thinker = [fileURLToPath(new URL('slow-upstream.ts', import.meta.url)), listen('thinker').address];
  const { address, port } = listen('thinker');
  const answers = ['bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`];
  const argv = [process.execPath, ...thinker, `${port}`, `${SLOW_MS}`];
  await rig.start({ name: 'thinker', place, argv, answers });
  await startNginx(rig, place, 'web', listen('chains'), servers.join('\n'));
  const origin = await startNginx(
    rig,
    place,
    'origin',
    listen('origin'),
    named('origin', 'TLSv1.2 TLSv1.3', 'normal', true),
  );
  await startHaproxy(rig, place, 'haproxy', listen('passA'), balancers(rig.folder, listen));
  return origin;
}

function balancers(folder: string, listen: (host: Host) => Listen): string {
  const pass = ['passA', 'passB'] as const;
  const passThrough = pass.map(
    (host) => `listen ${host}
  mode tcp
  bind ${at(listen(host))}
  server origin ${at(listen('origin'))}`,
  );
  const ending = (host: Host, hosts: readonly Host[]): string => `listen ${host}
  mode http
  balance roundrobin
  bind ${at(listen(host))} ssl crt ${folder}/haproxy.pem alpn h2,http/1.1
${hosts.map((behind) => `  server ${behind} ${at(listen(behind))}`).join('\n')}`;
  return [...passThrough, ending('app', ['app1', 'app2']), ending('sick', ['app1', 'app3'])].join('\n');
}
