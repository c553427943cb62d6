// Owns an agent of a test: `probe serve` within this process, till the port that it says it listens on answers. Asserts nothing.
import { type CapturedIo, captureIo, type Ran, runInside } from '../../../test/support/cli.ts';
import type { World } from '../../demo/world.ts';

export interface Running {
  readonly url: string;
  readonly io: CapturedIo;
  readonly ended: Promise<Ran>;
  /** Stops it as SIGTERM does. */
  readonly end: () => Promise<Ran>;
}

let ids = 0;

/** @param args behind `serve` @param given what else the process is given */
export async function startAgent(
  world: World,
  args: readonly string[],
  given: Parameters<typeof captureIo>[0] = {},
): Promise<Running> {
  const io = captureIo({ newId: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`, ...given });
  const ended = runInside(world, ['serve', '--listen', '127.0.0.1:0', ...args], io);
  return {
    ...{ url: await urlOf(io), io, ended },
    end() {
      io.interrupt();
      return ended;
    },
  };
}

/** Where an agent says that it answers. */
export async function urlOf(io: CapturedIo): Promise<string> {
  return `http://${await until(() => /listening on (127\.0\.0\.1:\d+)/.exec(io.captured().err)?.[1])}`;
}

/** Asks until there is an answer; the test's own timeout bounds it. */
export async function until<T>(
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer != null && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
