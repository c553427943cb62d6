// The composition root: joins the probes to the engine and the command line. Nobody but bin.ts imports it.
import { probes } from '../probes/index.ts';
import { EXIT, type Io, processIo } from './cli/io.ts';
import type { Launch } from './cli/launch.ts';
import { runCommand } from './cli/program.ts';
import { REAL_WORLD } from './cli/surroundings.ts';
import { WriteError } from './cli/system-words.ts';
import { visible } from './model/text.ts';
import { UsageError } from './model/usage-error.ts';
import { version } from './version.ts';

export { judge } from './journey/judge.ts';
export { probes, version };

/** Runs one command line (without node and script) and resolves with its exit code. Never throws. */
export async function run(args: readonly string[], io: Io = processIo()): Promise<number> {
  const launch: Launch = { io, probes, version, surroundings: REAL_WORLD };
  try {
    return await runCommand(args, launch);
  } catch (error) {
    if (error instanceof UsageError) {
      if (error.message !== '') io.err(`probe: ${visible(error.message)}\n`);
      if (error.remedy !== null) io.err(`  ${visible(error.remedy)}\n`);
      return EXIT.usage;
    }
    if (error instanceof WriteError) {
      io.err(`probe: ${error.message}\n`);
      return EXIT.unknown;
    }
    return fault(error, io);
  }
}

/** What we did wrong is said as such; the stack only for who asks. */
function fault(error: unknown, io: Io): number {
  const words = error instanceof Error ? error.message : 'unknown error';
  io.err(`probe: a fault of this program: ${visible(words).slice(0, 500)}\n`);
  if ((io.env['OUTRIDER_DEBUG'] ?? '') !== '' && error instanceof Error) io.err(`${error.stack ?? ''}\n`);
  else io.err('  please report it with the output of the same command under OUTRIDER_DEBUG=1\n');
  return EXIT.unknown;
}
