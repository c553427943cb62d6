// Owns the speed of `probe certs`: certificates swept a second and CPU a handshake, against blackbox_exporter's tcp module with TLS and
// against a bare tls.connect loop, on the same servers in the same minutes. A peer that is missing is said on standard error.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findTool } from '../test/system/rig/tools.ts';
import { type ManyServers, startServers, writeFiles } from './certs-world.ts';
import { BLACKBOX, type Exporter, startExporter } from './exporter.ts';
import { type Line, pairs, peakMiB, time } from './measure.ts';
import type { Place } from './place.ts';

const TARGETS = 3_000;
const AT_ONCE = 64;
const PAIRS = 3;
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
  if (findTool(BLACKBOX) === null) {
    console.error(`bench: the sweep of certificates is NOT compared on this machine: no ${BLACKBOX}`);
    return;
  }
  const exporter = await exporterOf(servers.rootFile, folder);
  try {
    const ours = async (): Promise<number> => (TARGETS * 1_000) / (await time(sweep)).wallMs;
    const theirs = () => exporter.perSecond('tls', servers.targets, AT_ONCE);
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

async function exporterOf(rootFile: string, folder: string): Promise<Exporter> {
  const config = join(folder, 'blackbox.yml');
  await writeFile(
    config,
    `modules: { tls: { prober: tcp, timeout: 5s, tcp: { tls: true, tls_config: { ca_file: ${rootFile} } } } }\n`,
  );
  return startExporter([BLACKBOX, '--config.file', config, '--log.level', 'error'], '--web.listen-address');
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
