// Runs command lines inside this process with captured streams: the same code as the real command, without the start-up.

import { probes } from '../../probes/index.ts';
import type { Io } from '../../src/cli/io.ts';
import type { Launch } from '../../src/cli/launch.ts';
import { runCommand } from '../../src/cli/program.ts';
import { REAL_WORLD, type Surroundings } from '../../src/cli/surroundings.ts';
import type { World } from '../../src/demo/world.ts';
import { run } from '../../src/main.ts';
import type { Journey } from '../../src/model/journey.ts';

export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

export interface CapturedIo extends Io {
  readonly captured: () => { readonly out: string; readonly err: string };
  /** What Ctrl-C does. */
  interrupt(): void;
  /** What SIGHUP does. */
  hangup(): void;
}

export function captureIo(part: Partial<Io> = {}): CapturedIo {
  let out = '';
  let err = '';
  let listener: () => void = () => undefined;
  let hangup: () => void = () => undefined;
  return {
    out: async (text) => void (out += text),
    err: (text) => void (err += text),
    logSink: async () => ({ write: (line) => void (err += line), dropped: () => 0, flush: async () => undefined }),
    standardInput: async () => '',
    ...{ stdoutIsTerminal: false, stderrIsTerminal: false, stderrIsJournal: false, columns: 80, env: {} },
    wallClockMs: () => Date.now(),
    newId: () => '00000000-0000-4000-8000-000000000000',
    vantage: () => ({ name: 'test', zone: null, addresses: [] }),
    inheritedSockets: () => [],
    onInterrupt: (callback) => {
      listener = callback;
      return () => undefined;
    },
    onHangup: (callback) => {
      hangup = callback;
      return () => undefined;
    },
    ...part,
    captured: () => ({ out, err }),
    interrupt: () => listener(),
    hangup: () => hangup(),
  };
}

/** Runs `probe ...args` in the real world's surroundings. */
export async function runCli(args: readonly string[], io: CapturedIo = captureIo()): Promise<Ran> {
  const exit = await run(args, io);
  return { exit, ...io.captured() };
}

/** Runs `probe ...args` with a world's resolver, root, zones and port as defaults. */
export async function runInside(world: World, args: readonly string[], io: CapturedIo = captureIo()): Promise<Ran> {
  const surroundings: Surroundings = {
    ...REAL_WORLD,
    resolvers: [world.resolver],
    caPem: [world.caPem],
    zones: world.zones.map((zone) => ({ ...zone, source: 'world' })),
    defaultPort: world.port,
    // A test waits for no second.
    leastRefreshMs: 1,
    probeOptions: { dns: { authorityPort: world.authorityPort } },
  };
  const launch: Launch = { io, probes, version: '0.0.0-test', surroundings };
  const exit = await runCommand(args, launch);
  return { exit, ...io.captured() };
}

/** A journey through a world, as its JSON document. */
export async function journeyThrough(world: World, ...args: readonly string[]): Promise<Journey> {
  const { out } = await runInside(world, [
    'kms.example',
    '-f',
    'json',
    '-n',
    '6',
    '--rate',
    '60',
    '--timeout',
    '3s',
    ...args,
  ]);
  return JSON.parse(out) as Journey;
}
