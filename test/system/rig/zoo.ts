// Owns the servers of the chain zoo: every chain is served by nginx, HAProxy or openssl s_server, under a name of its own.
import { join } from 'node:path';
import { type DnsAddress, startNsd, startUnbound } from './dns.ts';
import { type Minted, mintAll } from './mint.ts';
import { freePort } from './ports.ts';
import { HERE, type Rig } from './rig.ts';
import { at, type Listen, startHaproxy, startNginx } from './web.ts';
import { ZOO, type ZooCase } from './zoo-cases.ts';
import { TRUSTED, ZONE, zooCertificates } from './zoo-certificates.ts';

export interface Animal extends ZooCase {
  readonly name: string;
  /** As typed, without the port: a name, or an address. */
  readonly host: string;
  readonly listen: Listen;
  /** As configured. */
  readonly chain: readonly Minted[];
}

export interface Zoo {
  readonly animals: readonly Animal[];
  /** PEM of what is trusted. */
  readonly rootFile: string;
  readonly options: readonly string[];
}

const NETWORK = '127.0.61';
const HOSTS = { ns: 11, resolver: 53, nginx: 41, haproxy: 42, openssl: 43 } as const;

/** Keys and hashes that today's defaults refuse to serve are served all the same. */
const ANY_STRENGTH = 'DEFAULT:@SECLEVEL=0';
/** As nginx and HAProxy are told: what is odd is the chain alone. */
const MODERN = ['-no_tls1', '-no_tls1_1'] as const;

export async function openZoo(rig: Rig): Promise<Zoo> {
  const addressOf = (host: keyof typeof HOSTS): string => `${NETWORK}.${HOSTS[host]}`;
  const addresses = Object.keys(HOSTS).map((host) => addressOf(host as keyof typeof HOSTS));
  const [dnsPort, webPort] = [await freePort(addresses), await freePort(addresses)];
  const minted = await mintAll(rig, zooCertificates(addressOf('openssl')));
  const animals: Animal[] = [];
  for (const [name, row] of Object.entries(ZOO)) {
    const server = row.by ?? (animals.length % 2 === 0 ? 'nginx' : 'haproxy');
    const port = server === 'openssl' ? await freePort([addressOf('openssl')]) : webPort;
    const listen = { address: addressOf(server), port };
    const host = row.toAddress === true ? listen.address : (row.host ?? `${name}.${ZONE}`);
    animals.push({ ...row, by: server, name, host, listen, chain: row.sends.map((one) => known(minted, one)) });
  }
  const rootFile = await rig.write('zoo-roots.pem', TRUSTED.map((name) => known(minted, name).pem).join(''));
  await Promise.all(animals.map((animal) => writeChain(rig, animal)));
  const resolver = { address: addressOf('resolver'), port: dnsPort };
  await startDns(rig, { address: addressOf('ns'), port: dnsPort }, resolver, animals);
  await serve(rig, animals);
  return { animals, rootFile, options: ['--resolver', `${resolver.address}#${dnsPort}`, '--ca-file', rootFile] };
}

function known(minted: Readonly<Record<string, Minted>>, name: string): Minted {
  const found = minted[name];
  if (found === undefined) throw new Error(`no certificate is called ${name}`);
  return found;
}

async function writeChain(rig: Rig, { name, chain }: Animal): Promise<void> {
  const key = chain[0]?.keyPem ?? '';
  const pem = chain.map((one) => one.pem).join('');
  await rig.write(`${name}.zoo.key`, key);
  await rig.write(`${name}.zoo.pem`, pem);
  // Leaf and issuers apart for openssl, all in one for HAProxy.
  await rig.write(`${name}.zoo.leaf`, chain[0]?.pem ?? '');
  await rig.write(`${name}.zoo.rest`, pem.slice(chain[0]?.pem.length));
  await rig.write(`${name}.zoo.all`, pem + key);
}

async function startDns(rig: Rig, ns: DnsAddress, resolver: DnsAddress, animals: readonly Animal[]): Promise<void> {
  const named = animals.filter(({ toAddress }) => toAddress !== true);
  const records = named.map(({ host, listen }) => `${ascii(host)}. A ${listen.address}`);
  const text = `$ORIGIN ${ZONE}.
$TTL 60
@ IN SOA ns1 hostmaster 1 7200 3600 1209600 300
@ IN NS ns1
ns1 IN A ${ns.address}
${[...new Set(records)].join('\n')}
`;
  await startNsd(rig, HERE, ns, [{ name: ZONE, text }]);
  await startUnbound(rig, HERE, resolver, [{ name: ZONE, servers: [ns] }]);
}

/** The name in the form that DNS and SNI carry. */
export function ascii(host: string): string {
  return new URL(`https://${host}/`).hostname;
}

async function serve(rig: Rig, animals: readonly Animal[]): Promise<void> {
  const of = (by: ZooCase['by']): readonly Animal[] => animals.filter((animal) => animal.by === by);
  const servers = of('nginx').map(
    ({ name, host, listen }, index) => `  server {
    listen ${at(listen)} ssl${index === 0 ? ' default_server' : ''}; server_name ${ascii(host)};
    ssl_certificate ${rig.folder}/${name}.zoo.pem; ssl_certificate_key ${rig.folder}/${name}.zoo.key;
    location / { return 200 "${name}\\n"; }
  }`,
  );
  const [first] = of('nginx');
  if (first !== undefined) {
    const settings = `  server_names_hash_bucket_size 128;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_ciphers ${ANY_STRENGTH};\n`;
    await startNginx(rig, HERE, 'zoo-nginx', first.listen, settings + servers.join('\n'));
  }
  await serveByHaproxy(rig, of('haproxy'));
  for (const animal of of('openssl')) await serveByOpenssl(rig, animal);
}

async function serveByHaproxy(rig: Rig, animals: readonly Animal[]): Promise<void> {
  const [first] = animals;
  if (first === undefined) return;
  const lines = animals.map(
    ({ name, host }) => `${rig.folder}/${name}.zoo.all [ciphers ${ANY_STRENGTH}] ${ascii(host)}`,
  );
  const list = await rig.write('zoo.crt-list', `${lines.join('\n')}\n`);
  const section = `listen zoo
  mode http
  bind ${at(first.listen)} ssl crt-list ${list} ciphers ${ANY_STRENGTH}
  http-request return status 200 content-type text/plain string "zoo"`;
  await startHaproxy(rig, HERE, 'zoo-haproxy', first.listen, section);
}

async function serveByOpenssl(rig: Rig, { name, listen }: Animal): Promise<void> {
  const file = (ending: string): string => join(rig.folder, `${name}.zoo.${ending}`);
  const chain = ['-cert', file('leaf'), '-key', file('key'), '-cert_chain', file('rest')];
  const argv = [
    'openssl',
    's_server',
    '-accept',
    at(listen),
    '-cipher',
    ANY_STRENGTH,
    '-www',
    '-quiet',
    ...MODERN,
    ...chain,
  ];
  const answers = ['bash', '-c', `exec 3<>/dev/tcp/${listen.address}/${listen.port}`];
  await rig.start({ name: `s_server ${name}`, place: HERE, argv, answers });
}
