// Owns signed zones for a test: keys, signatures and DS records by BIND's own tools, and a BIND that validates them.
// Never signs anything itself.
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DnsAddress, Zone } from './dns.ts';
import { HERE, outputOf, type Rig, run } from './rig.ts';

export interface SignOptions {
  readonly algorithm: 'RSASHA256' | 'ECDSAP256SHA256' | 'ED25519';
  /** As `dnssec-signzone -s` and `-e` read them. */
  readonly from?: string;
  readonly until?: string;
  readonly nsec3?: boolean | 'opt-out';
  /** Of an RSA key; 2048 unless told. */
  readonly bits?: number;
  /** With the key of this version of the zone, not a new one. */
  readonly like?: SignedZone;
  /** With CDS and CDNSKEY records for the key (RFC 7344). */
  readonly sync?: boolean;
}

export interface SignedZone extends Zone {
  /** DS records for the parent, in master-file form. */
  readonly ds: string;
  /** The DNSKEY record. */
  readonly key: string;
  /** Where the files of the key are, without their endings. */
  readonly keyFile: string;
}

let versions = 0;

/** One key for all of the zone. `.` is written `root` in file names. */
export async function signZone(rig: Rig, name: string, records: string, options: SignOptions): Promise<SignedZone> {
  const version = `keys-${name === '.' ? 'root' : name}-${++versions}`;
  const folder = join(rig.folder, version);
  await mkdir(folder);
  const keyFile = options.like?.keyFile ?? (await makeKey(folder, name, options));
  const [unsigned, signed] = [join(folder, 'zone'), join(folder, 'zone.signed')];
  await rig.write(`${version}/zone`, records);
  const times = [...(options.from ? ['-s', options.from] : []), ...(options.until ? ['-e', options.until] : [])];
  const optOut = options.nsec3 === 'opt-out' ? ['-A'] : [];
  const hashed = options.nsec3 ? ['-3', '-', '-H', '0', ...optOut] : [];
  await outputOf([
    ...['dnssec-signzone', '-q', '-P', '-z', '-S', '-x', '-d', folder, '-K', dirname(keyFile), '-o', name],
    ...[...times, ...hashed, '-f', signed, unsigned],
  ]);
  const text = await readFile(signed, 'utf8');
  const ds = await outputOf(['dnssec-dsfromkey', '-2', `${keyFile}.key`]);
  const dnskey = (await readFile(`${keyFile}.key`, 'utf8')).split('\n').filter((line) => !line.startsWith(';'));
  return { name, text, ds: ds.trim(), key: dnskey.join('\n').trim(), keyFile };
}

async function makeKey(folder: string, name: string, { algorithm, bits, sync }: SignOptions): Promise<string> {
  const size = algorithm === 'RSASHA256' ? ['-b', `${bits ?? 2048}`] : [];
  const published = sync === true ? ['-P', 'sync', 'now'] : [];
  const made = await outputOf([
    ...['dnssec-keygen', '-q', '-K', folder, '-a', algorithm, ...size, ...published],
    ...['-f', 'KSK', name],
  ]);
  return join(folder, made.trim());
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

/** What delv makes of the name's A records at that resolver, from these anchors: the validator's word, or delv's own where it is none. */
export async function delvState({ address, port }: DnsAddress, anchors: string, name: string): Promise<string> {
  const { stdout, stderr } = await run(['delv', `@${address}`, '-p', `${port}`, '-a', anchors, '+root=.', name, 'A']);
  const text = stdout + stderr;
  // Of what does not exist it says `negative response, fully validated` behind `resolution failed`.
  if (text.includes('fully validated')) return 'secure';
  if (text.includes('unsigned answer')) return 'insecure';
  return text.includes('resolution failed') ? 'bogus' : text;
}
