// Owns measuring: wall time of a process, medians, interleaved pairs, and the line that is printed. Judges nothing.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** One comparison. `ratio` is ours to theirs; both in `unit`. */
export interface Line {
  readonly name: string;
  readonly ours: number;
  readonly theirs: number;
  readonly unit: 'ms' | 'MiB' | 'µs' | '/s';
  readonly against: string;
  readonly target: string;
}

/** `name  ratio  ours against theirs  target`. */
export function format({ name, ours, theirs, unit, against, target }: Line): string {
  const ratio = `${(ours / theirs).toFixed(2)}x`;
  return `${name.padEnd(34)} ${ratio.padStart(7)}   ${round(ours)} ${unit}, ${against} ${round(theirs)} ${unit}   target: ${target}`;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2;
}

/** Runs both in turn, so that a busy minute falls on both; medians in ms. The first pair warms caches and is left out. */
export async function pairs(
  count: number,
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
): Promise<{ readonly ours: number; readonly theirs: number }> {
  const seen: { readonly ours: number[]; readonly theirs: number[] } = { ours: [], theirs: [] };
  for (let pair = 0; pair <= count; pair++) {
    const [a, b] = [await ours(), await theirs()];
    if (pair === 0) continue;
    seen.ours.push(a);
    seen.theirs.push(b);
  }
  return { ours: median(seen.ours), theirs: median(seen.theirs) };
}

export interface Ran {
  readonly wallMs: number;
  readonly stdout: string;
}

/** Runs a command; any exit code in `codes` is fine. @throws Error with its standard error otherwise */
export function time(
  argv: readonly string[],
  { codes = [0], env = {} }: { readonly codes?: readonly number[]; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> {
  const [program = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const read = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      read.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      read.stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      const wallMs = performance.now() - startMs;
      if (code !== null && codes.includes(code)) resolve({ wallMs, stdout: read.stdout });
      else reject(new Error(`${argv.slice(0, 6).join(' ')} ended with ${code ?? 'a signal'}:\n${read.stderr}`));
    });
  });
}

const MIB = 1_048_576;
/**
 * Writes what the process had at most to the file named in OUTRIDER_PEAK_FILE. getrusage(2): ru_maxrss is in KiB, and Node gives it so
 * everywhere. No file of TypeScript: Node would load its type stripper into what is measured, 20 MiB.
 */
const PEAK_HOOK = `data:text/javascript,${encodeURIComponent(`
  import { writeFileSync } from 'node:fs';
  const peakBytes = () => String(process.resourceUsage().maxRSS * 1024);
  process.on('exit', () => writeFileSync(process.env.OUTRIDER_PEAK_FILE, peakBytes()));
`)}`;

/** Peak resident memory of node with these arguments. @param file to be written with it */
export async function peakMiB(argv: readonly string[], file: string): Promise<number> {
  await time([process.execPath, '--import', PEAK_HOOK, ...argv], { env: { OUTRIDER_PEAK_FILE: file } });
  return Number(await readFile(file, 'utf8')) / MIB;
}
