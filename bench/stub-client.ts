// Owns the speed of the DNS client in bulk: questions a second, 100 under way, against dnsperf on the same server in the same minute:
// BIND on one thread, which both keep busy, and nsd, which is faster than either.
// Its peers missing, it says so on standard error and compares nothing.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlainDnsServer } from '../src/contract/net.ts';
import type { DnsName, IpAddress } from '../src/model/text.ts';
import { openDnsClient } from '../src/net/dns/client.ts';
import { createMeter } from '../src/net/meter.ts';
import { freePort } from '../test/system/rig/ports.ts';
import { findTool } from '../test/system/rig/tools.ts';
import { type Line, pairs, time } from './measure.ts';

const ZONE = 'bulk.test';
const NAMES = 1_000;
const UNDER_WAY = 100;
const SECONDS = 1.5;
const PAIRS = 3;
const ADDRESS = '127.0.0.1' as IpAddress;

export async function* stubClient(): AsyncGenerator<Line> {
  const missing = ['dnsperf', 'named', 'nsd'].filter((name) => findTool(name) === null);
  if (missing.length > 0) {
    console.error(`bench: the DNS client is NOT compared on this machine: no ${missing.join(', no ')}`);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'outrider-bench-dns-'));
  try {
    await writeFile(join(folder, 'zone'), zone());
    const questions = join(folder, 'questions');
    await writeFile(
      questions,
      names()
        .map((name) => `${name} A\n`)
        .join(''),
    );
    yield await against('BIND', '0.5x', await startNamed(folder), questions);
    yield await against('nsd', 'none', await startNsd(folder), questions);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Serving {
  readonly server: PlainDnsServer;
  readonly daemon: ChildProcess;
}

async function against(kind: string, target: string, { server, daemon }: Serving, questions: string): Promise<Line> {
  try {
    const ours = () => perSecond(server);
    const theirs = () => perSecondOfDnsperf(server, questions);
    const name = `DNS client on ${kind}, ${UNDER_WAY} under way`;
    return { name, ...(await pairs(PAIRS, ours, theirs)), unit: '/s', against: 'dnsperf', target };
  } finally {
    daemon.kill();
  }
}

function names(): readonly DnsName[] {
  return Array.from({ length: NAMES }, (_, index) => `host-${index}.${ZONE}` as DnsName);
}

async function perSecond(server: PlainDnsServer): Promise<number> {
  const dns = openDnsClient({ resolvers: [server], timeoutMs: 5_000, meter: createMeter(), families: [4] });
  const asked = names();
  const { signal } = new AbortController();
  const startMs = performance.now();
  let answered = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - startMs < SECONDS * 1_000) {
      const name = asked[answered % NAMES] as DnsName;
      const { state } = await dns.query(server, { name, type: 'A', recursionDesired: false }, signal);
      if (state !== 'complete') throw new Error('a question was not answered');
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, worker));
  const elapsedMs = performance.now() - startMs;
  await dns.close();
  return (answered * 1_000) / elapsedMs;
}

/** One socket, one thread, questions with EDNS as ours. */
async function perSecondOfDnsperf({ address, port }: PlainDnsServer, questions: string): Promise<number> {
  const load = ['-c', '1', '-T', '1', '-q', `${UNDER_WAY}`, '-l', `${SECONDS}`, '-e'];
  const { stdout } = await time(['dnsperf', '-s', address, '-p', `${port}`, '-d', questions, ...load]);
  const found = /Queries per second:\s+([\d.]+)/.exec(stdout)?.[1];
  if (found === undefined) throw new Error('dnsperf told no rate');
  return Number(found);
}

function zone(): string {
  const soa = `${ZONE}. 60 IN SOA ns.${ZONE}. admin.${ZONE}. 1 60 60 600 60`;
  const hosts = names().map((name, index) => `${name}. 60 IN A 192.0.2.${index % 250}`);
  const nameServer = [`${ZONE}. 60 IN NS ns.${ZONE}.`, `ns.${ZONE}. 60 IN A 192.0.2.251`];
  return `${[soa, ...nameServer, ...hosts].join('\n')}\n`;
}

async function startNamed(folder: string): Promise<Serving> {
  const port = await freePort([ADDRESS]);
  const config = join(folder, 'named.conf');
  await writeFile(
    config,
    `options {
  directory "${folder}";
  listen-on port ${port} { ${ADDRESS}; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile "${join(folder, 'named.key')}";
  lock-file none;
  recursion no;
  dnssec-validation no;
  notify no;
};
controls { };
zone "${ZONE}" { type primary; file "${join(folder, 'zone')}"; };
`,
  );
  return started(['named', '-g', '-n', '1', '-c', config], port);
}

async function startNsd(folder: string): Promise<Serving> {
  const port = await freePort([ADDRESS]);
  const config = join(folder, 'nsd.conf');
  await writeFile(
    config,
    `server:
  ip-address: ${ADDRESS}@${port}
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: ""
  xfrdfile: ""
  zonelistfile: "${join(folder, 'zones')}"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: "${ZONE}"
  zonefile: "${join(folder, 'zone')}"
`,
  );
  return started(['nsd', '-d', '-c', config], port);
}

async function started([program = '', ...rest]: readonly string[], port: number): Promise<Serving> {
  const server = { address: ADDRESS, port };
  const daemon = spawn(findTool(program) ?? program, rest, { stdio: 'ignore' });
  const ended = new Promise<never>((_, reject) => daemon.once('exit', () => reject(new Error(`${program} ended`))));
  ended.catch(() => undefined);
  await Promise.race([ended, answering(server)]);
  return { server, daemon };
}

/** Waits until the server answers; a closed port is told at once, and asked again. */
async function answering(server: PlainDnsServer): Promise<void> {
  const dns = openDnsClient({ resolvers: [server], timeoutMs: 1_000, meter: createMeter(), families: [4] });
  const { signal } = new AbortController();
  for (let attempt = 0; attempt < 100; attempt++) {
    const asked = await dns.query(server, { name: ZONE as DnsName, type: 'SOA', recursionDesired: false }, signal);
    if (asked.state === 'complete' && asked.value.rcode === 'NOERROR') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the server does not answer');
}
