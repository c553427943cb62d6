// Owns the DNS daemons of a test: nsd serves a zone, unbound resolves it. Never forwards anywhere else.
import type { Place, Rig } from './rig.ts';

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

/** Ready when it answers for its first zone. */
export async function startNsd(rig: Rig, place: Place, at: DnsAddress, zones: readonly Zone[]): Promise<void> {
  const id = `nsd-${++files}`;
  const entries = await Promise.all(
    zones.map(async ({ name, text }) => {
      const file = await rig.write(`${id}-${name}.zone`, text);
      return `zone:\n  name: "${name}"\n  zonefile: "${file}"\n`;
    }),
  );
  const config = await rig.write(
    `${id}.conf`,
    `server:
  ip-address: ${at.address}@${at.port}
  username: ""
  chroot: ""
  zonesdir: "${rig.folder}"
  database: ""
  pidfile: ""
  xfrdfile: ""
  zonelistfile: "${rig.folder}/${id}.list"
  server-count: 1
  hide-version: yes
remote-control:
  control-enable: no
${entries.join('')}`,
  );
  const argv = ['nsd', '-d', '-c', config];
  await rig.start({ name: `nsd ${at.address}`, place, argv, answers: asking(at, zones[0]?.name ?? '.') });
}

/** Resolves the zones through their servers and nothing else. Ready when it answers for the first zone. */
export async function startUnbound(
  rig: Rig,
  place: Place,
  at: DnsAddress,
  zones: readonly { readonly name: string; readonly servers: readonly DnsAddress[] }[],
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
remote-control:
  control-enable: no
${zones.map(stub).join('')}`,
  );
  const argv = ['unbound', '-d', '-p', '-c', config];
  await rig.start({ name: `unbound ${at.address}`, place, argv, answers: asking(at, zones[0]?.name ?? '.') });
}

function stub(zone: { readonly name: string; readonly servers: readonly DnsAddress[] }): string {
  const servers = zone.servers.map(({ address, port }) => `  stub-addr: ${address}@${port}\n`);
  return `stub-zone:\n  name: "${zone.name}"\n${servers.join('')}`;
}

/** dig exits 0 for any answer, so the shell looks for a good one. */
function asking({ address, port }: DnsAddress, zone: string): readonly string[] {
  return ['sh', '-c', `dig @${address} -p ${port} ${zone} SOA +tries=1 +time=1 | grep -q 'status: NOERROR'`];
}
