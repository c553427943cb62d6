// Owns reading a config again while the agent runs: a valid one is taken, else the old one is kept and why is said. One reading at a time.
import { UsageError } from '../model/usage-error.ts';
import type { AgentLog } from './log/agent-log.ts';

export interface Reloads {
  readonly lastWasTaken: boolean;
  /** Unix ms */
  readonly takenAtMs: number;
  /** Times since the start, which is none of them. */
  readonly taken: number;
  readonly refused: number;
}

export interface Reloadable {
  state(): Reloads;
  /** @returns why the new one was not taken; null when it was */
  reload(): Promise<string | null>;
}

/** @param take reads the config and puts it in the place of the old one; rejects with UsageError for one that is not valid */
export function reloadable(
  take: () => Promise<void>,
  wallClockMs: () => number,
  log: Pick<AgentLog, 'info' | 'error'>,
  file: string,
): Reloadable {
  let state: Reloads = { lastWasTaken: true, takenAtMs: wallClockMs(), taken: 0, refused: 0 };
  let queue: Promise<unknown> = Promise.resolve();
  const once = async (): Promise<string | null> => {
    try {
      await take();
      log.info('the config was read again', { file });
      state = { ...state, lastWasTaken: true, takenAtMs: wallClockMs(), taken: state.taken + 1 };
      return null;
    } catch (error) {
      state = { ...state, lastWasTaken: false, refused: state.refused + 1 };
      if (!(error instanceof UsageError)) throw error;
      const remedy = error.remedy === null ? {} : { remedy: error.remedy };
      log.error('the config was not taken, the one before it is kept', { file, err: error.message, ...remedy });
      return error.message;
    }
  };
  return {
    state: () => state,
    reload() {
      const next = queue.then(once);
      queue = next.catch(() => undefined);
      return next;
    },
  };
}
