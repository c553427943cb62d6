// Owns `npm run bench:agent`: probes a second, CPU a probe, memory and the error of the connect time of `probe serve`, against blackbox_exporter
// with the same blackbox.yml on the same nginx in the same minutes. Prints ratios, asserts nothing.
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findTool } from '../test/system/rig/tools.ts';
import { BLACKBOX, type Exporter, startExporter } from './exporter.ts';
import { format, median, pairs } from './measure.ts';
import { type Servers, startServers } from './nginx.ts';

const PROBES = 1_500;
const AT_ONCE = 64;
const PAIRS = 3;
/** Of the connect time: more in flight than a busy agent has. */
const MANY = 500;

const bin = fileURLToPath(new URL('../dist/src/bin.js', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'outrider-bench-agent-'));
try {
  if (!existsSync(bin)) throw new Error('dist/ is not there: npm run build');
  for (const tool of ['nginx', BLACKBOX]) if (findTool(tool) === null) throw new Error(`no ${tool} on this machine`);
  await measured();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : 'failed'}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measured(): Promise<void> {
  const servers = await startServers(folder);
  const config = join(folder, 'blackbox.yml');
  await writeFile(config, configOf(servers.rootFile));
  const ours = await startExporter([process.execPath, bin, 'serve', '--blackbox-config', config], '--listen');
  const theirs = await startExporter(
    [BLACKBOX, '--config.file', config, '--log.level', 'error'],
    '--web.listen-address',
  );
  try {
    const kinds = [
      ['HTTPS', 'https', servers.https],
      ['TLS', 'tls', servers.https.replace('https://', '')],
      ['HTTP', 'http', servers.http],
      ['TCP', 'tcp', servers.http.replace('http://', '')],
    ] as const;
    for (const [name, module, target] of kinds)
      await compare(name, module, Array<string>(PROBES).fill(target), ours, theirs);
    await connectError(servers, ours, theirs);
    console.log(
      format({
        name: 'memory at most',
        ours: ours.peakMiB(),
        theirs: theirs.peakMiB(),
        unit: 'MiB',
        against: 'blackbox_exporter',
        target: 'none',
      }),
    );
  } finally {
    ours.daemon.kill();
    theirs.daemon.kill();
    servers.stop();
  }
}

async function compare(
  name: string,
  module: string,
  targets: readonly string[],
  ours: Exporter,
  theirs: Exporter,
): Promise<void> {
  const [own, other] = [metered(ours, module, targets), metered(theirs, module, targets)];
  const rate = await pairs(PAIRS, own.run, other.run);
  const against = 'blackbox_exporter';
  console.log(
    format({ name: `${name} probes`, ...rate, unit: '/s', against, target: name === 'HTTPS' ? '1.2x' : 'none' }),
  );
  const cpu = { ours: own.cpuMs(), theirs: other.cpuMs() };
  console.log(
    format({ name: `${name}, CPU a probe`, ...cpu, unit: 'ms', against, target: name === 'HTTPS' ? '0.65x' : 'none' }),
  );
}

/** Runs of one exporter, and the median of their CPU times a probe. The first is left out, as its rate is: an agent runs for weeks. */
function metered(exporter: Exporter, module: string, targets: readonly string[]) {
  const spent: number[] = [];
  return {
    run: async (): Promise<number> => {
      const before = exporter.cpuMs();
      const rate = await exporter.perSecond(module, targets, AT_ONCE);
      spent.push((exporter.cpuMs() - before) / targets.length);
      return rate;
    },
    cpuMs: (): number => median(spent.slice(1)),
  };
}

/** On loopback a connect takes some hundredths of a ms: what is told beyond is the exporter's own delay. */
async function connectError({ http }: Servers, ours: Exporter, theirs: Exporter): Promise<void> {
  const series = 'probe_http_duration_seconds{phase="connect"}';
  const each = async (exporter: Exporter): Promise<number> =>
    median(await exporter.values('http', Array<string>(MANY * 3).fill(http), MANY, series)) * 1_000;
  const figures = { ours: await each(ours), theirs: await each(theirs) };
  console.log(
    format({
      name: `connect as told, ${MANY} at once`,
      ...figures,
      unit: 'ms',
      against: 'blackbox_exporter',
      target: 'none',
    }),
  );
}

function configOf(rootFile: string): string {
  const tls = `tls_config: {ca_file: ${rootFile}, server_name: bench.example}`;
  return `modules:
  https: {prober: http, timeout: 5s, http: {${tls}}}
  http: {prober: http, timeout: 5s}
  tls: {prober: tcp, timeout: 5s, tcp: {tls: true, ${tls}}}
  tcp: {prober: tcp, timeout: 5s}
`;
}
