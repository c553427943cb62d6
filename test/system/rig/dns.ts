// Owns the DNS daemons of a test: nsd serves a zone, unbound resolves it. Never forwards anywhere else.
import { fileURLToPath } from 'node:url';
import type { Daemon, Place, Rig } from './rig.ts';

export interface DnsAddress {
  readonly address: string;
  readonly port: number;
}

export interface Zone {
  readonly name: string;
  /** Master file, RFC 1035 5. */
  readonly text: string;
}

let files = 0;

/**
 * One server, at one address or several. Ready when it answers for its first zone at the first address.
 * @param options more of its configuration: `nsid: "ascii_fra1"`
 */
export async function startNsd(
  rig: Rig,
  place: Place,
  at: DnsAddress | readonly [DnsAddress, ...DnsAddress[]],
  zones: readonly Zone[],
  options: readonly string[] = [],
): Promise<Daemon> {
  const addresses = 'address' in at ? ([at] as const) : at;
  const id = `nsd-${++files}`;
  const entries = await Promise.all(
    zones.map(async ({ name, text }) => {
      const file = await rig.write(zoneFile(id, name), text);
      return `zone:\n  name: "${name}"\n  zonefile: "${file}"\n`;
    }),
  );
  const config = await rig.write(
    `${id}.conf`,
    `server:
${addresses.map(({ address, port }) => `  ip-address: ${address}@${port}\n`).join('')}  username: ""
  chroot: ""
  zonesdir: "${rig.folder}"
  database: ""
  pidfile: ""
  xfrdfile: ""
  zonelistfile: "${rig.folder}/${id}.list"
  server-count: 1
  hide-version: yes
${options.map((line) => `  ${line}\n`).join('')}remote-control:
  control-enable: no
${entries.join('')}`,
  );
  const argv = ['nsd', '-d', '-c', config];
  return rig.start({
    name: `nsd ${addresses[0].address}`,
    place,
    argv,
    answers: asking(addresses[0], zones[0]?.name ?? '.'),
  });
}

/** The root's name is no name for a file. */
function zoneFile(id: string, zone: string): string {
  return `${id}-${zone === '.' ? 'root' : zone}.zone`;
}

/**
 * BIND, with the order in which it gives the records of a set (`none`, `random`, `cyclic`). Ready when it answers for its zone.
 * It listens on addresses that an interface has: of 127.0.0.0/8 on 127.0.0.1 alone.
 */
export async function startNamed(rig: Rig, place: Place, at: DnsAddress, order: string, zone: Zone): Promise<void> {
  const id = `named-${++files}`;
  const file = await rig.write(`${id}.zone`, zone.text);
  const config = await rig.write(
    `${id}.conf`,
    `options {
  directory "${rig.folder}";
  listen-on port ${at.port} { ${at.address}; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile "${rig.folder}/${id}.key";
  lock-file none;
  recursion no;
  dnssec-validation no;
  notify no;
  rrset-order { order ${order}; };
};
controls { };
zone "${zone.name}" { type primary; file "${file}"; };
`,
  );
  // -g: in the foreground, logging to standard error.
  const argv = ['named', '-g', '-n', '1', '-c', config];
  await rig.start({ name: `named ${at.address}`, place, argv, answers: asking(at, zone.name) });
}

/** Resolves the zones through their servers and nothing else. Ready when it answers for the first zone. */
export async function startUnbound(
  rig: Rig,
  place: Place,
  at: DnsAddress,
  zones: readonly { readonly name: string; readonly servers: readonly DnsAddress[] }[],
  options: readonly string[] = [],
): Promise<void> {
  await runUnbound(rig, place, at, zones[0]?.name ?? '.', options, zones.map(stub).join(''));
}

/** Options of an unbound that validates from this DNSKEY record. */
export function validatingFrom(key: string): readonly string[] {
  return ['module-config: "validator iterator"', `trust-anchor: '${key}'`];
}

/** First patience with a server never met, ms: all are near, and waits grow from there for one that is silent. */
const UNKNOWN_SERVER = 'unknown-server-time-limit: 100';

/** Forwards nothing: walks from the servers of a root-hints file. Ready when it answers for the root. */
export async function startWalkingUnbound(rig: Rig, place: Place, at: DnsAddress, hints: string): Promise<void> {
  const file = await rig.write(`root-${++files}.hints`, hints);
  await runUnbound(rig, place, at, '.', [`root-hints: "${file}"`, UNKNOWN_SERVER], '');
}

/** Serves the zones with authority, over UDP only: nothing listens for TCP. */
export async function startAuthorityWithoutTcp(
  rig: Rig,
  place: Place,
  at: DnsAddress,
  zones: readonly [Zone, ...Zone[]],
): Promise<void> {
  const entries: string[] = [];
  for (const { name, text } of zones) {
    const file = await rig.write(zoneFile(`unbound-${++files}`, name), text);
    entries.push(`auth-zone:\n  name: "${name}"\n  zonefile: "${file}"\n  for-upstream: no\n  for-downstream: yes\n`);
  }
  await runUnbound(rig, place, at, zones[0].name, ['do-tcp: no'], entries.join(''));
}

/** What another server answers over UDP, later. Ready when it answers for the root, however. */
export async function startLateServer(
  rig: Rig,
  place: Place,
  at: DnsAddress,
  behind: DnsAddress,
  delayMs: number,
): Promise<void> {
  const script = fileURLToPath(new URL('late-dns.ts', import.meta.url));
  const addresses = [at, behind].flatMap(({ address, port }) => [address, `${port}`]);
  const argv = [process.execPath, script, ...addresses, `${delayMs}`];
  const patience = Math.ceil(delayMs / 1000) + 2;
  const answers = ['sh', '-c', `dig @${at.address} -p ${at.port} . SOA +tries=1 +time=${patience} | grep -q status:`];
  await rig.start({ name: `late ${at.address}`, place, argv, answers });
}

async function runUnbound(
  rig: Rig,
  place: Place,
  at: DnsAddress,
  ready: string,
  options: readonly string[],
  zones: string,
): Promise<void> {
  const config = await rig.write(
    `unbound-${++files}.conf`,
    `server:
  interface: ${at.address}@${at.port}
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  directory: "${rig.folder}"
  pidfile: ""
  num-threads: 1
  module-config: "iterator"
  do-not-query-localhost: no
  do-ip6: no
  minimal-responses: no
  access-control: 0.0.0.0/0 allow
  # RFC 6761 names are answered by unbound itself unless it is told otherwise.
  local-zone: "test." nodefault
${options.map((line) => `  ${line}\n`).join('')}remote-control:
  control-enable: no
${zones}`,
  );
  const argv = ['unbound', '-d', '-p', '-c', config];
  await rig.start({ name: `unbound ${at.address}`, place, argv, answers: asking(at, ready) });
}

function stub(zone: { readonly name: string; readonly servers: readonly DnsAddress[] }): string {
  const servers = zone.servers.map(({ address, port }) => `  stub-addr: ${address}@${port}\n`);
  return `stub-zone:\n  name: "${zone.name}"\n${servers.join('')}`;
}

/** dig exits 0 for any answer, so the shell looks for a good one. */
function asking({ address, port }: DnsAddress, zone: string): readonly string[] {
  return ['sh', '-c', `dig @${address} -p ${port} ${zone} SOA +tries=1 +time=1 | grep -q 'status: NOERROR'`];
}
