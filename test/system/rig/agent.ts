// Owns a running `probe serve` of a test: started from its source, read by its metrics, sent signals, ended.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { readSeries, type Series } from './blackbox.ts';
import { freePort } from './ports.ts';
import { probeArgv } from './probe.ts';
import type { Rig } from './rig.ts';

export interface AgentOptions {
  /** Of `probe serve`, without --listen. */
  readonly args: readonly string[];
  /** Where it listens, `ADDR:PORT`; a free port of this address without one. */
  readonly listen: string;
  /** Words before its own: another user, limits; `probe demo serve` with `demo`. */
  readonly before?: readonly string[];
  readonly demo?: true;
  /** A descriptor for its standard error; kept and read when absent. */
  readonly stderr?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningAgent {
  /** `ADDR:PORT` */
  readonly listen: string;
  readonly pid: number;
  /** What it wrote to standard error. */
  said(): string;
  signal(name: NodeJS.Signals): void;
  /** Exit code and signal, once it has ended. */
  readonly ended: Promise<readonly [number | null, NodeJS.Signals | null]>;
  hasEnded(): boolean;
  get(path: string, init?: RequestInit): Promise<{ readonly status: number; readonly text: string }>;
  metrics(): Promise<Series>;
}

/** Resolves once it is ready. @throws Error with what it said when it ends before that */
export async function startAgent(rig: Rig, options: AgentOptions): Promise<RunningAgent> {
  const [address = '', given] = options.listen.split(':');
  const listen = `${address}:${given ?? (await freePort([address]))}`;
  const serve = [...(options.demo === true ? ['demo'] : []), 'serve', ...options.args, '--listen', listen];
  const [program = '', ...argv] = probeArgv(serve, options.before);
  const child = spawn(program, argv, {
    stdio: ['ignore', 'ignore', options.stderr ?? 'pipe'],
    env: { ...process.env, ...options.env },
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let hasEnded = false;
  const ended = new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('exit', (code, signal) => {
      hasEnded = true;
      resolve([code, signal]);
    });
  });
  rig.defer(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const get: RunningAgent['get'] = async (path, init = {}) => {
    const answer = await fetch(`http://${listen}${path}`, init);
    return { status: answer.status, text: await answer.text() };
  };
  await until(async () => {
    if (hasEnded) throw new Error(`the agent ended at once:\n${said}`);
    return (await get('/-/ready').catch(() => null))?.status === 200 || null;
  });
  return {
    ...{ listen, pid: child.pid ?? 0, ended, get, said: () => said, hasEnded: () => hasEnded },
    signal: (name) => void child.kill(name),
    metrics: async () => readSeries((await get('/metrics')).text),
  };
}

/** Sum of the series of a family that have these labels. */
export function sumOf(series: Series, family: string, ...labels: readonly string[]): number {
  let sum = 0;
  for (const [name, value] of series)
    if (name.split('{', 1)[0] === family && labels.every((label) => name.includes(label))) sum += value;
  return sum;
}

/** Asks until there is an answer; the test's own timeout bounds it. */
export async function until<T>(ask: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    await sleep(50);
  }
}
