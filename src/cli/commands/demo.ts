// Owns `probe demo [command...]`: any command inside the embedded world, started before it and closed after it.
import { startWorld, type World } from '../../demo/world.ts';
import type { Launch } from '../launch.ts';
import type { Surroundings } from '../surroundings.ts';

type Run = (args: readonly string[], launch: Launch) => Promise<number>;

/** With no command: `probe kms.example`. Findings do not fail the demo unless --fail-on is given. */
export async function runDemo(command: readonly string[], launch: Launch, run: Run): Promise<number> {
  const world = await startWorld();
  try {
    const args = command.length === 0 || command[0]?.startsWith('-') === true ? ['kms.example', ...command] : command;
    if (launch.io.stderrIsTerminal)
      launch.io.err(`demo: kms.example is served on port ${world.port} of this machine, 127.0.0.0/8 only\n`);
    return await run(args, { ...launch, surroundings: insideOf(world) });
  } finally {
    await world.close();
  }
}

function insideOf(world: World): Surroundings {
  return {
    resolvers: [world.resolver],
    caPem: [world.caPem],
    zones: world.zones.map((zone) => ({ ...zone, source: 'world' })),
    defaultPort: world.port,
    probeOptions: { dns: { authorityPort: world.authorityPort } },
    findingsFail: false,
  };
}
