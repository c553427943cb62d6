// Owns the cost of a cold walk from the root, where round trips are all that counts, against `dig +trace` at the same servers.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { askZone } from '../probes/dns/ask-zone.ts';
import { findZone } from '../probes/dns/find-zone.ts';
import { dnsOptionsSchema } from '../probes/dns/options.ts';
import { openTree, walkTo } from '../probes/dns/walk.ts';
import { openWalk } from '../probes/dns/walk-bounds.ts';
import { parseTarget } from '../src/model/target.ts';
import { type DnsName, dnsName, type IpAddress } from '../src/model/text.ts';
import { now } from '../src/net/clock.ts';
import { openDnsClient } from '../src/net/dns/client.ts';
import { createMeter } from '../src/net/meter.ts';
import { LEVELS, NAME, RESOLVER } from './delegation-data.ts';
import { type Line, pairs, time } from './measure.ts';
import type { Place } from './place.ts';

const PAIRS = 9;
/** dig is started so often for one measurement: the shell around it starts once. */
const DIGS = 3;

export async function* delegation({ folder }: Place): AsyncGenerator<Line> {
  const world = spawn(process.execPath, [fileURLToPath(new URL('delegation-world.ts', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const port = await portOf(world);
    const hosts = join(folder, 'hosts');
    const lines = LEVELS.flatMap(({ servers }) => servers.map(({ name, address }) => `${address} ${name}\n`));
    await writeFile(hosts, lines.join(''));
    const missing = await digMs(port, hosts).then(
      () => null,
      (error: Error) => error.message,
    );
    if (missing !== null) {
      console.error(`bench: the delegation walk is SKIPPED, dig +trace cannot run here: ${missing}`);
      return;
    }
    const medians = await pairs(
      PAIRS,
      () => walkMs(port),
      () => digMs(port, hosts),
    );
    const name = 'cold walk, every server of 3 zones';
    yield { name, ...medians, unit: 'ms', against: 'dig +trace', target: '1x' };
  } finally {
    world.kill();
  }
}

async function portOf(world: ChildProcess): Promise<number> {
  if (world.stdout === null) throw new Error('no world');
  for await (const line of createInterface({ input: world.stdout })) return (JSON.parse(line) as { port: number }).port;
  throw new Error('the delegation ended before it began');
}

/** The walk, and all that each server of the zone is asked beside it but for its conformance, as the dns probe does both. */
async function walkMs(port: number): Promise<number> {
  const server = { address: RESOLVER as IpAddress, port };
  const client = openDnsClient({ resolvers: [server], timeoutMs: 5_000, families: [4, 6], meter: createMeter() });
  const { signal } = new AbortController();
  const lookup = await client.lookup(dnsName(NAME) as DnsName, signal);
  const startMs = performance.now();
  const context = {
    ...{ target: parseTarget(NAME), startedAtMs: 0, endpoints: [], lookup, earlier: {}, signal },
    ride: { traces: [], lookups: [], certificates: new Map() },
    options: dnsOptionsSchema.parse({ authorityPort: port, policyQueries: 0, conformance: 'none' }),
    net: { now, dns: client },
  };
  const finding = findZone(context, lookup.canonicalName, false);
  const walking = walkTo(openTree(openWalk(context)), lookup.canonicalName, finding);
  const found = await finding;
  if (found.zone === null) throw new Error('the zone was not found');
  const questions = { zone: found.zone, entry: lookup.canonicalName, thorough: true };
  const [walked, { evidence }] = await Promise.all([walking, askZone(context, questions, found.ns)]);
  const tookMs = performance.now() - startMs;
  await client.close();
  const asked = [...(walked?.above ?? []), evidence].map(({ nameservers }) =>
    nameservers.flatMap(({ byAddress }) => byAddress),
  );
  const answered = asked.map((servers) => servers.filter(({ error }) => error === null).length);
  const all = LEVELS.map(({ servers }) => servers.length);
  if (walked?.walk.state !== 'complete' || answered.join() !== all.join()) {
    throw new Error(`the walk did not hear every server: ${answered.join(', ')} of ${all.join(', ')}`);
  }
  return tookMs;
}

/** dig looks name servers up as every program does, so that a file of their names stands where /etc/hosts is: for this process alone. */
async function digMs(port: number, hosts: string): Promise<number> {
  const dig = `dig @${RESOLVER} -p ${port} +trace +nodnssec -4 ${NAME} A`;
  const script = `mount --bind "$0" /etc/hosts && for i in ${'. '.repeat(DIGS)}; do ${dig} || exit; done`;
  const { stdout, wallMs } = await time(['unshare', '--map-root-user', '--mount', 'sh', '-c', script, hosts]);
  const answers = stdout.match(/\t192\.0\.2\.1$/gm) ?? [];
  if (answers.length !== DIGS) throw new Error(`it found ${answers.length} answers of ${DIGS}:\n${stdout.slice(-500)}`);
  return wallMs / DIGS;
}
