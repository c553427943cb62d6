// Owns name servers that do more than they should: a BIND that recurses for anybody and gives its zone away, and one that
// invents addresses for names that do not exist. Both ask the servers given and nobody else.
import type { DnsAddress, Zone } from './dns.ts';
import { HERE, type Rig } from './rig.ts';

/** What every missing name is said to have. */
export const INVENTED = '203.0.113.80';

/** Serves the zone, sends it to anybody, and resolves everything else. BIND listens on 127.0.0.1 alone of 127.0.0.0/8. */
export async function startOpenNamed(rig: Rig, at: DnsAddress, upstream: DnsAddress, zone: Zone): Promise<void> {
  const file = await rig.write('careless.zone', zone.text);
  const own = `zone "${zone.name}" { type primary; file "${file}"; allow-transfer { any; }; };\n`;
  await startForwarding(rig, 'careless', at, upstream, own, zone.name);
}

/** Resolves, and redirects whatever does not exist (BIND, zone type redirect). */
export async function startInventingNamed(rig: Rig, at: DnsAddress, upstream: DnsAddress): Promise<void> {
  const file = await rig.write(
    'inventing.zone',
    `$TTL 30\n@ IN SOA ns.invented. admin.invented. 1 60 60 600 30\n@ IN NS ns.invented.\n*. IN A ${INVENTED}\n`,
  );
  await startForwarding(rig, 'inventing', at, upstream, `zone "." { type redirect; file "${file}"; };\n`, '.');
}

async function startForwarding(
  rig: Rig,
  id: string,
  at: DnsAddress,
  upstream: DnsAddress,
  zones: string,
  ready: string,
): Promise<void> {
  const config = await rig.write(
    `${id}.conf`,
    `options {
  directory "${rig.folder}";
  listen-on port ${at.port} { ${at.address}; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile "${rig.folder}/${id}.key";
  lock-file none;
  recursion yes;
  allow-recursion { any; };
  dnssec-validation no;
  notify no;
  empty-zones-enable no;
  forward only;
  forwarders { ${upstream.address} port ${upstream.port}; };
};
controls { };
${zones}`,
  );
  const answers = [
    'sh',
    '-c',
    `dig @${at.address} -p ${at.port} ${ready} SOA +tries=1 +time=1 | grep -q 'status: NOERROR'`,
  ];
  await rig.start({ name: id, place: HERE, argv: ['named', '-g', '-n', '1', '-c', config], answers });
}
