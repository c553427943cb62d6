// Owns signed zones for a test: keys, signatures and DS records by BIND's own tools, and a BIND that validates them.
// Never signs anything itself.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DnsAddress, Zone } from './dns.ts';
import { HERE, outputOf, type Rig } from './rig.ts';

export interface SignOptions {
  readonly algorithm: 'RSASHA256' | 'ECDSAP256SHA256' | 'ED25519';
  /** As `dnssec-signzone -s` and `-e` read them. */
  readonly from?: string;
  readonly until?: string;
  readonly nsec3?: boolean;
}

export interface SignedZone extends Zone {
  /** DS records for the parent, in master-file form. */
  readonly ds: string;
  /** The DNSKEY record. */
  readonly key: string;
}

/** One key for all of the zone. `.` is written `root` in file names. */
export async function signZone(rig: Rig, name: string, records: string, options: SignOptions): Promise<SignedZone> {
  const folder = join(rig.folder, `keys-${name === '.' ? 'root' : name}`);
  await mkdir(folder);
  const bits = options.algorithm === 'RSASHA256' ? ['-b', '2048'] : [];
  const made = await outputOf([
    'dnssec-keygen',
    '-q',
    '-K',
    folder,
    '-a',
    options.algorithm,
    ...bits,
    '-f',
    'KSK',
    name,
  ]);
  const key = join(folder, `${made.trim()}.key`);
  const [unsigned, signed] = [join(folder, 'zone'), join(folder, 'zone.signed')];
  await rig.write(`keys-${name === '.' ? 'root' : name}/zone`, records);
  const times = [...(options.from ? ['-s', options.from] : []), ...(options.until ? ['-e', options.until] : [])];
  const hashed = options.nsec3 === true ? ['-3', '-', '-H', '0'] : [];
  await outputOf([
    ...['dnssec-signzone', '-q', '-P', '-z', '-S', '-x', '-d', folder, '-K', folder, '-o', name],
    ...[...times, ...hashed, '-f', signed, unsigned],
  ]);
  const text = await readFile(signed, 'utf8');
  const ds = await outputOf(['dnssec-dsfromkey', '-2', key]);
  const dnskey = (await readFile(key, 'utf8')).split('\n').filter((line) => !line.startsWith(';'));
  return { name, text, ds: ds.trim(), key: dnskey.join('\n').trim() };
}

/** named.conf(5) trust-anchors of a root, which delv -a reads too. */
export function trustAnchorsOf({ key }: SignedZone): string {
  const [, flags, protocol, algorithm, data = ''] = /DNSKEY (\d+) (\d+) (\d+) (.*)$/s.exec(key) ?? [];
  return `trust-anchors { . static-key ${flags} ${protocol} ${algorithm} "${data.replaceAll(/\s/g, '')}"; };\n`;
}

/** Asks that server for everything, and validates what it says. BIND listens on 127.0.0.1 alone of 127.0.0.0/8. */
export async function startValidatingNamed(
  rig: Rig,
  port: number,
  from: DnsAddress,
  anchors: string,
): Promise<DnsAddress> {
  const at = { address: '127.0.0.1', port };
  const config = await rig.write(
    'validating-named.conf',
    `options {
  directory "${rig.folder}";
  listen-on port ${port} { ${at.address}; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile "${rig.folder}/validating-named.key";
  lock-file none;
  recursion yes;
  dnssec-validation yes;
  forward only;
  forwarders { ${from.address} port ${from.port}; };
  empty-zones-enable no;
};
controls { };
${anchors}`,
  );
  const answers = ['sh', '-c', `dig @${at.address} -p ${port} . SOA +tries=1 +time=1 | grep -q 'status: NOERROR'`];
  await rig.start({ name: 'named', place: HERE, argv: ['named', '-g', '-n', '1', '-c', config], answers });
  return at;
}
