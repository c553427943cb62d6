// Owns running the real command line from its source, as a person would, and reading what it says.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Journey } from '../../../src/model/journey.ts';
import { HERE, type Place, type Ran, run } from './rig.ts';

const BIN = fileURLToPath(new URL('../../../src/bin.ts', import.meta.url));

/** The command with the Node that runs the tests. */
export function probeArgv(args: readonly string[], place: Place = HERE): readonly string[] {
  return [...place, process.execPath, BIN, ...args];
}

export function probe(args: readonly string[], place: Place = HERE): Promise<Ran> {
  return run(probeArgv(args, place));
}

export interface Ridden extends Ran {
  readonly journey: Journey;
}

/** Rides with `--format json`. @throws Error with standard error when no journey came out */
export async function ride(args: readonly string[], place: Place = HERE): Promise<Ridden> {
  const ran = await probe([...args, '--format', 'json'], place);
  return { ...ran, journey: readJourney(ran) };
}

export function readJourney(ran: Ran): Journey {
  try {
    return JSON.parse(ran.stdout) as Journey;
  } catch {
    throw new Error(`no journey, exit code ${ran.code ?? 'none'}:\n${ran.stderr}\n${ran.stdout.slice(0, 2000)}`);
  }
}

/** A ride that is under way, in a process group of its own. */
export interface Riding {
  readonly pid: number;
  interrupt(): void;
  ended(): Promise<Ran>;
}

export function startRide(args: readonly string[]): Riding {
  const [program = '', ...rest] = probeArgv([...args, '--format', 'json']);
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const ended = collect(child);
  return { pid: child.pid ?? 0, interrupt: () => void child.kill('SIGINT'), ended: () => ended };
}

function collect(child: ChildProcess): Promise<Ran> {
  const read = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      read[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...read }));
  });
}
