// Owns a Knot DNS that chooses its answers (mod-geoip): by weight, or by the client's network. Never forwards anything.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DnsAddress, Zone } from './dns.ts';
import type { Place, Rig } from './rig.ts';

/** For one name: what Knot answers, and how often or to whom. Networks that fit none get what the zone file says. */
export type Choice =
  | { readonly weight: number; readonly addresses: readonly string[] }
  | { readonly net: string; readonly addresses: readonly string[] };

let servers = 0;

/** Ready when it answers for its zone. The apex of the zone is the name that has choices. */
export async function startKnot(
  rig: Rig,
  place: Place,
  at: DnsAddress,
  zone: Zone,
  choices: readonly [Choice, ...Choice[]],
): Promise<void> {
  const id = `knot-${++servers}`;
  const folder = join(rig.folder, id);
  await mkdir(folder);
  const file = await rig.write(`${id}.zone`, zone.text);
  const entries = choices.map((choice) => {
    const key = 'weight' in choice ? `weight: ${choice.weight}` : `net: ${choice.net}`;
    return `  - ${key}\n    A: [${choice.addresses.join(', ')}]\n`;
  });
  const chosen = await rig.write(`${id}.geo`, `${zone.name}:\n${entries.join('')}`);
  const config = await rig.write(
    `${id}.conf`,
    `server:
  rundir: "${folder}"
  listen: ${at.address}@${at.port}
  edns-client-subnet: on
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "${folder}"
mod-geoip:
  - id: choice
    config-file: "${chosen}"
    ttl: 60
    mode: ${'weight' in choices[0] ? 'weighted' : 'subnet'}
zone:
  - domain: ${zone.name}
    file: "${file}"
    zonefile-sync: -1
    journal-content: none
    module: mod-geoip/choice
`,
  );
  // In the foreground, as all daemons here.
  const argv = ['knotd', '-c', config];
  const asking = `dig @${at.address} -p ${at.port} ${zone.name} SOA +tries=1 +time=1 | grep -q 'status: NOERROR'`;
  await rig.start({ name: `knotd ${at.address}`, place, argv, answers: ['sh', '-c', asking] });
}
