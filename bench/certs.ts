// Owns the speed of `probe certs`: certificates swept a second and CPU a handshake, against blackbox_exporter's tcp module with TLS and
// against a bare tls.connect loop, on the same servers in the same minutes. A peer that is missing is said on standard error.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/system/rig/ports.ts';
import { findTool } from '../test/system/rig/tools.ts';
import { type ManyServers, startServers, writeFiles } from './certs-world.ts';
import { type Line, pairs, peakMiB, time } from './measure.ts';
import type { Place } from './place.ts';

const TARGETS = 3_000;
const AT_ONCE = 64;
const PAIRS = 3;
const EXPORTER = 'prometheus-blackbox-exporter';
const BARE = fileURLToPath(new URL('bare-handshakes.ts', import.meta.url));

export async function* certs({ probe, bin }: Place): AsyncGenerator<Line> {
  if (findTool('nginx') === null) {
    console.error('bench: the sweep of certificates is NOT measured on this machine: no nginx');
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'outrider-bench-certs-'));
  const servers = await startServers(folder, TARGETS);
  try {
    const list = join(folder, 'targets');
    await writeFile(list, `${servers.targets.join('\n')}\n`);
    const sweep = [...probe, 'certs', '--list', list, '--ca-file', servers.rootFile, '--no-progress', '-q'];
    yield* cpu(
      [...sweep, '--concurrency', `${AT_ONCE}`],
      [process.execPath, BARE, list, servers.rootFile, `${AT_ONCE}`],
    );
    yield* memory(bin, servers, folder);
    yield* files(probe, folder);
    yield* rate([...sweep, '--concurrency', `${AT_ONCE}`], servers, folder);
  } finally {
    servers.daemon.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

async function* cpu(sweep: readonly string[], bare: readonly string[]): AsyncGenerator<Line> {
  const each = async (argv: readonly string[]): Promise<number> => (await cpuMs(argv)) / TARGETS;
  const measured = await pairs(
    PAIRS,
    () => each(sweep),
    () => each(bare),
  );
  yield { name: 'probe certs, CPU a target', ...measured, unit: 'ms', against: 'bare tls.connect', target: '1.2x' };
}

/** CPU of a process and its threads, user and system, as its shell tells it (POSIX times). */
async function cpuMs(argv: readonly string[]): Promise<number> {
  const { stdout } = await time(['sh', '-c', '"$@" >/dev/null; times', 'sh', ...argv]);
  const children = stdout.trim().split('\n').at(-1) ?? '';
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  if (parts.length !== 2) throw new Error('the shell told no times');
  return parts.reduce((sum, [, minutes, seconds]) => sum + (Number(minutes) * 60 + Number(seconds)) * 1_000, 0);
}

async function* rate(sweep: readonly string[], servers: ManyServers, folder: string): AsyncGenerator<Line> {
  if (findTool(EXPORTER) === null) {
    console.error(`bench: the sweep of certificates is NOT compared on this machine: no ${EXPORTER}`);
    return;
  }
  const exporter = await startExporter(servers.rootFile, folder);
  try {
    const ours = async (): Promise<number> => (TARGETS * 1_000) / (await time(sweep)).wallMs;
    const theirs = () => exporter.perSecond(servers.targets);
    const before = exporter.cpuMs();
    const measured = await pairs(PAIRS, ours, theirs);
    const each = (exporter.cpuMs() - before) / ((PAIRS + 1) * TARGETS);
    yield { name: 'probe certs, targets swept', ...measured, unit: '/s', against: 'blackbox_exporter', target: '1.4x' };
    const cpu = (await cpuMs(sweep)) / TARGETS;
    yield {
      name: 'probe certs, CPU a target',
      ours: cpu,
      theirs: each,
      unit: 'ms',
      against: 'blackbox_exporter',
      target: 'none',
    };
  } finally {
    exporter.daemon.kill();
  }
}

async function startExporter(rootFile: string, folder: string) {
  const config = join(folder, 'blackbox.yml');
  await writeFile(
    config,
    `modules: { tls: { prober: tcp, timeout: 5s, tcp: { tls: true, tls_config: { ca_file: ${rootFile} } } } }\n`,
  );
  const port = await freePort(['127.0.0.1']);
  const listen = ['--web.listen-address', `127.0.0.1:${port}`, '--log.level', 'error'];
  const daemon = spawn(EXPORTER, ['--config.file', config, ...listen], { stdio: 'ignore' });
  await listening(port);
  return { daemon, perSecond: (targets: readonly string[]) => scrapeAll(port, targets), cpuMs: () => cpuOf(daemon) };
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${EXPORTER} does not answer`);
}

/** User and system time so far in ms (proc_pid_stat(5), fields 14 and 15 in ticks of 10 ms). */
function cpuOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Its metrics are asked for as Prometheus does, over connections that stay; what is read is not parsed, to leave it the machine. */
async function scrapeAll(port: number, targets: readonly string[]): Promise<number> {
  const startMs = performance.now();
  const left = targets.values();
  const worker = async (): Promise<void> => {
    const socket = connect(port, '127.0.0.1');
    for (const target of left) await scrape(socket, target);
    socket.destroy();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return (targets.length * 1_000) / (performance.now() - startMs);
}

const LAST_CHUNK = '\r\n0\r\n\r\n';

function scrape(socket: Socket, target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const fail = (): void => reject(new Error(`${EXPORTER} hung up`));
    const read = (text: Buffer): void => {
      answer += text.toString('latin1');
      if (!isWhole(answer)) return;
      socket.off('data', read).off('close', fail);
      if (answer.includes('\nprobe_success 1\n')) resolve();
      else reject(new Error(`${EXPORTER} did not succeed with ${target}`));
    };
    socket.on('data', read).once('close', fail);
    socket.write(`GET /probe?module=tls&target=${target} HTTP/1.1\r\nHost: blackbox\r\n\r\n`);
  });
}

function isWhole(answer: string): boolean {
  const head = answer.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, head))?.[1];
  return length === undefined ? answer.endsWith(LAST_CHUNK) : answer.length >= head + 4 + Number(length);
}

const FILES = 10_000;
/** A process for each file is slow: fewer are measured, and their time is stretched to as many as ours. */
const FILES_OF_OPENSSL = 500;

async function* files(probe: readonly string[], folder: string): AsyncGenerator<Line> {
  const [many, few] = [join(folder, 'many'), join(folder, 'few')];
  await writeFiles(many, FILES);
  await writeFiles(few, FILES_OF_OPENSSL);
  const ours = async (): Promise<number> =>
    (await time([...probe, 'certs', '--dir', many, '--no-progress', '-q'])).wallMs;
  const loop = 'for file in "$1"/*.pem; do openssl x509 -noout -enddate -in "$file" >/dev/null || exit 1; done';
  const theirs = async (): Promise<number> =>
    (await time(['sh', '-c', loop, 'sh', few])).wallMs * (FILES / FILES_OF_OPENSSL);
  yield {
    name: `probe certs --dir, ${FILES} files`,
    ...(await pairs(2, ours, theirs)),
    unit: 'ms',
    against: 'openssl x509 in a loop',
    target: '0.02x',
  };
}

/** Five times the targets must not need five times the memory. A tenth of them are dead, and each of the others shows a wrong name. */
async function* memory(bin: string, { targets, rootFile }: ManyServers, folder: string): AsyncGenerator<Line> {
  const port = targets[0]?.split(':')[1] ?? '';
  const peak = async (count: number): Promise<number> => {
    const list = join(folder, `targets-${count}`);
    const each = Array.from({ length: count }, (_, index) => {
      const isDead = index % 10 === 0;
      return `127.2.${index >> 8}.${index & 255}:${isDead ? 1 : port}\n`;
    });
    await writeFile(list, each.join(''));
    const rest = ['--ca-file', rootFile, '--no-progress', '-q', '--fail-on', 'never'];
    return peakMiB([bin, 'certs', '--list', list, ...rest], join(folder, `peak-${count}`));
  };
  const [ours, theirs] = [await peak(10_000), await peak(2_000)];
  yield { name: 'probe certs, 10,000 targets', ours, theirs, unit: 'MiB', against: '2,000 targets', target: '1.5x' };
}
