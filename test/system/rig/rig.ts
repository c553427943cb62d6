// Owns the life of one test's daemons: a temporary folder, processes in the foreground, and their end, whatever happens.
// Never leaves a process or a file behind, and never touches one that it did not start.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTool } from './tools.ts';

/** Where a command runs: a prefix of its argv; empty for this machine's own network. */
export type Place = readonly string[];
export const HERE: Place = [];

export interface Daemon {
  readonly name: string;
  /** Ends it with all its children; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface DaemonOptions {
  readonly name: string;
  readonly place: Place;
  readonly argv: readonly string[];
  /** A command that exits 0 once the daemon answers; it runs in the same place. */
  readonly answers: readonly string[];
}

export interface Rig {
  /** Readable by every user, so that tests may give up root. */
  readonly folder: string;
  write(name: string, text: string): Promise<string>;
  read(name: string): Promise<string>;
  start(options: DaemonOptions): Promise<Daemon>;
  /** Called at the end, last come first served. */
  defer(end: () => Promise<void> | void): void;
  close(): Promise<void>;
}

/** How long a daemon may take to answer, ms. */
const PATIENCE_MS = 15_000;
const STOP_MS = 5_000;

export async function openRig(): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'outrider-system-'));
  await chmod(folder, 0o755);
  const ends = new AsyncDisposableStack();
  // Tried again: a command that was under way when the test failed may still write there.
  ends.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return {
    folder,
    async write(name, text) {
      const path = join(folder, name);
      await writeFile(path, text);
      return path;
    },
    read: (name) => readFile(join(folder, name), 'utf8'),
    async start(options) {
      const daemon = launch(options);
      ends.defer(() => daemon.stop());
      await untilItAnswers(options, daemon);
      return daemon;
    },
    defer: (end) => ends.defer(async () => end()),
    close: () => ends.disposeAsync(),
  };
}

interface Launched extends Daemon {
  /** What it has written so far, and whether it has ended by itself. */
  state(): { readonly output: string; readonly ended: boolean };
}

/** In a process group of its own, and told by the kernel to end should this process be killed (prctl(2), PR_SET_PDEATHSIG). */
function launch({ name, place, argv }: DaemonOptions): Launched {
  const [program = '', ...rest] = withPath([...place, 'setpriv', '--pdeathsig', 'TERM', ...withPath(argv)]);
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-20_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = endOf(child);
  child.on('error', (error) => {
    output += error.message;
  });
  return { name, state: () => ({ output, ended: hasEnded(child) }), stop: () => stopGroup(child, ended) };
}

function withPath([program = '', ...rest]: readonly string[]): readonly string[] {
  return [findTool(program) ?? program, ...rest];
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

async function stopGroup(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.pid === undefined) return;
  signalGroup(child.pid, 'SIGTERM');
  await Promise.race([ended, sleep(STOP_MS, undefined, { ref: false })]);
  signalGroup(child.pid, 'SIGKILL');
  await ended;
}

/** True when some process of the group was there to take the signal; signal 0 only asks. kill(2) */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}

async function untilItAnswers(options: DaemonOptions, daemon: Launched): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline && !daemon.state().ended) {
    if ((await run([...options.place, ...options.answers])).code === 0) return;
    await sleep(50);
  }
  const { output, ended } = daemon.state();
  throw new Error(`${options.name} ${ended ? 'ended at once' : `did not answer in ${PATIENCE_MS} ms`}:\n${output}`);
}

export interface Ran {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. Rejects only when it cannot be started. */
export function run(argv: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const [program = '', ...rest] = withPath(argv);
    const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
    const read = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      read.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      read.stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...read }));
    // A command that ends without reading its input is no error here.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** The same, and its output; a non-zero exit is an error. */
export async function outputOf(argv: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await run(argv, input);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code ?? 'a signal'}:\n${stderr}`);
  return stdout;
}
