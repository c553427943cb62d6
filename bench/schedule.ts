// Owns `npm run bench:schedule [-- KIND TARGETS INTERVAL ROUNDS]`: `probe serve` with very many targets on their schedule, nginx and the scraping
// Prometheus' stand-in on the same processors: turns missed, lag, memory, processor time, how late the event loop was. Asserts nothing.
// KIND: http, https, tcp (modules) or journey (a whole one, of one sample). Without arguments: what the README promises, and fewer journeys.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/system/rig/ports.ts';
import { findTool } from '../test/system/rig/tools.ts';
import { type Servers, startServers } from './nginx.ts';

const KINDS = ['http', 'https', 'tcp', 'journey'] as const;
type Kind = (typeof KINDS)[number];

interface Plan {
  readonly kind: Kind;
  readonly targets: number;
  readonly intervalSeconds: number;
  /** Intervals that are measured, after one that is not. */
  readonly rounds: number;
}

const PLANS: readonly Plan[] = [
  { kind: 'http', targets: 10_000, intervalSeconds: 15, rounds: 4 },
  { kind: 'https', targets: 10_000, intervalSeconds: 15, rounds: 4 },
  { kind: 'journey', targets: 1_000, intervalSeconds: 60, rounds: 1 },
];
const SCRAPE_MS = 15_000;
const MIB = 1024;

const bin = fileURLToPath(new URL('../dist/src/bin.js', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'outrider-bench-schedule-'));
try {
  if (!existsSync(bin)) throw new Error('dist/ is not there: npm run build');
  if (findTool('nginx') === null) throw new Error('no nginx on this machine');
  const servers = await startServers(folder);
  try {
    for (const plan of plansOf(process.argv.slice(2))) await measured(plan, servers);
  } finally {
    servers.stop();
  }
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : 'failed'}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

function plansOf([kind, targets = '10000', interval = '15', rounds = '4']: readonly string[]): readonly Plan[] {
  if (kind === undefined) return PLANS;
  const known = KINDS.find((one) => one === kind);
  if (known === undefined) throw new Error(`${kind} is none of ${KINDS.join(', ')}`);
  return [{ kind: known, targets: Number(targets), intervalSeconds: Number(interval), rounds: Number(rounds) }];
}

async function measured(plan: Plan, servers: Servers): Promise<void> {
  const { kind, targets, intervalSeconds, rounds } = plan;
  const config = join(folder, 'agent.yml');
  await writeFile(config, configOf(plan, servers));
  const port = await freePort(['127.0.0.1']);
  const argv = [bin, 'serve', '--config', config, '--listen', `127.0.0.1:${port}`];
  const agent = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    await ready(port);
    await passing(port, intervalSeconds * 1000 + SCRAPE_MS);
    const [before, cpuBefore, startMs] = [await scraped(port), cpuSeconds(agent.pid), performance.now()];
    await passing(port, rounds * intervalSeconds * 1000);
    const [after, cpu] = [await scraped(port), cpuSeconds(agent.pid) - cpuBefore];
    const seconds = (performance.now() - startMs) / 1000;
    const runs = sum(after.text, 'journey_runs_total') - sum(before.text, 'journey_runs_total');
    const well =
      sum(after.text, 'journey_runs_total', 'verdict="ok"') - sum(before.text, 'journey_runs_total', 'verdict="ok"');
    const missed = sum(after.text, 'journey_runs_missed_total') - sum(before.text, 'journey_runs_missed_total');
    const lag = lagBetween(before.text, after.text);
    const late = (percentile: number): string =>
      (sum(after.text, 'outrider_event_loop_delay_seconds', `percentile="${percentile}"`) * 1000).toFixed(1);
    console.log(
      [
        `${targets} targets (${kind}) every ${intervalSeconds} s, over ${seconds.toFixed(0)} s:`,
        `  runs      ${runs} (${(runs / seconds).toFixed(0)} a second), ${runs - well} not ok, ${missed} missed`,
        `  lag       p50 at most ${lag(0.5)}, p99 at most ${lag(0.99)}, all at most ${lag(1)}`,
        `  memory    ${statusOf(agent.pid, 'VmRSS')} MiB resident, ${statusOf(agent.pid, 'VmHWM')} at most`,
        `  processor ${((cpu / seconds) * 100).toFixed(0)} % of one, ${((cpu / runs) * 1000).toFixed(2)} ms a run, scrapes among it`,
        `  loop      p50 ${late(50)} ms late, p99 ${late(99)}, longest ${late(100)} of the last minute`,
        `  scrape    ${(after.text.length / 1e6).toFixed(1)} MB in ${(after.ms / 1000).toFixed(2)} s, every ${SCRAPE_MS / 1000} s`,
        `  machine   ${cpus().length} processors, load ${loadavg()
          .map((load) => load.toFixed(1))
          .join(' ')}`,
      ].join('\n'),
    );
  } finally {
    agent.kill('SIGKILL');
  }
}

function configOf({ kind, targets, intervalSeconds }: Plan, { http, https, rootFile }: Servers): string {
  const urls = { http, https, tcp: http.replace('http://', ''), journey: https.replace('127.0.0.1', 'bench.example') };
  const names = Array.from({ length: targets }, (_, at) => {
    const target = kind === 'tcp' ? urls.tcp : `${urls[kind]}/${at}`;
    return `  - { name: target-${at}, target: '${target}', labels: { team: team-${at % 50} } }`;
  });
  const tls = `tls_config: { ca_file: ${rootFile}, server_name: bench.example }`;
  // To one address, and to nobody's name servers.
  const journey = `{ samples: 1, caFile: ${rootFile}, connect: [127.0.0.1], skip: [dns, path] }`;
  return `schedule: { interval: ${intervalSeconds}s }
labels: { env: bench }
modules:
  http: { prober: http, timeout: 5s }
  https: { prober: http, timeout: 5s, http: { ${tls} } }
  tcp: { prober: tcp, timeout: 5s }
defaults: ${kind === 'journey' ? journey : `{ module: ${kind} }`}
targets:
${names.join('\n')}
`;
}

async function ready(port: number): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const text = await body(port, '/-/ready').catch(() => '');
    if (text === 'Ready') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the agent does not begin');
}

/** Time goes by, and somebody scrapes. */
async function passing(port: number, ms: number): Promise<void> {
  const endMs = performance.now() + ms;
  for (;;) {
    const leftMs = endMs - performance.now();
    await new Promise((resolve) => setTimeout(resolve, Math.min(leftMs, SCRAPE_MS)));
    if (leftMs <= SCRAPE_MS) return;
    await body(port, '/metrics');
  }
}

async function scraped(port: number): Promise<{ readonly text: string; readonly ms: number }> {
  const startMs = performance.now();
  const text = await body(port, '/metrics');
  return { text, ms: performance.now() - startMs };
}

function body(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('end', () => resolve(Buffer.concat(parts).toString('latin1'))).once('error', reject);
    }).once('error', reject);
  });
}

function sum(text: string, family: string, label = ''): number {
  let all = 0;
  for (const line of text.matchAll(new RegExp(`^${family}(?:\\{.*\\})? (.*)$`, 'gm')))
    if (line[0].includes(label)) all += Number(line[1]);
  return all;
}

/** Upper bound of the bucket in which a part of the runs between two scrapes had begun. */
function lagBetween(before: string, after: string): (part: number) => string {
  const bucketsOf = (text: string): readonly (readonly [string, number])[] =>
    [...text.matchAll(/^outrider_schedule_lag_seconds_bucket\{le="(.*)"\} (\d+)$/gm)].map(
      ([, bound = '', count]) => [bound, Number(count)] as const,
    );
  const earlier = new Map(bucketsOf(before));
  const grown = bucketsOf(after).map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)] as const);
  const all = grown.at(-1)?.[1] ?? 0;
  return (part) => {
    const bound = grown.find(([, count]) => count >= all * part)?.[0] ?? '+Inf';
    return bound === '+Inf' ? 'more than 30 s' : `${Number(bound) * 1000} ms`;
  };
}

/** User and system time (proc_pid_stat(5), fields 14 and 15 in ticks of 10 ms). */
function cpuSeconds(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** proc_pid_status(5), KiB there. */
function statusOf(pid: number | undefined, field: 'VmRSS' | 'VmHWM'): string {
  const found = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return (Number(found?.[1]) / MIB).toFixed(0);
}
