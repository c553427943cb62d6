// Owns where the benchmarks run: the built command, a world in another process, and a temporary folder.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { World } from '../src/demo/world.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** What `bench/world.ts` prints. */
export type OtherWorld = Pick<World, 'port' | 'resolver' | 'authorityPort' | 'caPem' | 'zones'>;

export interface Place {
  readonly folder: string;
  /** argv of the built command. */
  readonly probe: readonly string[];
  readonly bin: string;
  readonly demo: OtherWorld;
  readonly healthy: OtherWorld;
  /** Arguments that ride a world of this place. */
  readonly rideArgs: (world: OtherWorld) => readonly string[];
}

/** @throws Error when the command is not built */
export async function inPlace(work: (place: Place) => Promise<void>): Promise<void> {
  const bin = path('../dist/src/bin.js');
  if (!existsSync(bin)) throw new Error('dist/ is not there: npm run build');
  const folder = await mkdtemp(join(tmpdir(), 'outrider-bench-'));
  const worlds: ChildProcess[] = [];
  try {
    const [demo, healthy] = await Promise.all((['demo', 'healthy'] as const).map((kind) => startWorld(kind, worlds)));
    if (demo === undefined || healthy === undefined) throw new Error('no world');
    for (const world of [demo, healthy]) await writeFile(caFile(folder, world), world.caPem);
    const rideArgs = (world: OtherWorld): readonly string[] => {
      const resolver = `${world.resolver.address}#${world.resolver.port}`;
      return [`kms.example:${world.port}`, '--resolver', resolver, '--ca-file', caFile(folder, world)];
    };
    await work({ folder, probe: [process.execPath, bin], bin, demo, healthy, rideArgs });
  } finally {
    for (const world of worlds) world.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

export function caFile(folder: string, world: OtherWorld): string {
  return join(folder, `root-${world.port}.pem`);
}

async function startWorld(kind: 'demo' | 'healthy', worlds: ChildProcess[]): Promise<OtherWorld> {
  const child = spawn(process.execPath, [path('world.ts'), kind], { stdio: ['pipe', 'pipe', 'inherit'] });
  worlds.push(child);
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as OtherWorld;
  throw new Error(`the ${kind} world ended before it began`);
}
