// Owns signed zones for a test: keys, signatures and DS records by BIND's own tools. Never signs anything itself.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Zone } from './dns.ts';
import { outputOf, type Rig } from './rig.ts';

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
