// Owns looking at config files every so often: one that changed is read again. Reads no config itself.
import { createHash } from 'node:crypto';
import type { Reloadable } from '../agent/reloads.ts';
import { readBytes } from './input-file.ts';

interface Watched {
  readonly file: string;
  readonly reloadable: Reloadable;
}

const MOST_BYTES = 67_108_864;

/** @returns what ends it */
export function reloadOnChange(watched: readonly Watched[], everyMs: number): () => void {
  const known = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    for (const { file, reloadable } of watched) {
      const now = await fingerprint(file);
      const before = known.get(file);
      known.set(file, now);
      // A fault of ours is told by the reading itself, and must not end the looking.
      if (before !== undefined && before !== now) await reloadable.reload().catch(() => undefined);
    }
  };
  let isEnded = false;
  const again = (): void => {
    if (isEnded) return;
    timer = setTimeout(() => void look().finally(again), everyMs);
    timer.unref();
  };
  void look().finally(again);
  return () => {
    clearTimeout(timer);
    isEnded = true;
  };
}

/** One that cannot be read has one of its own: reading it again says why. */
async function fingerprint(file: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readBytes(file, 'auto-reload', MOST_BYTES))
      .digest('hex');
  } catch {
    return 'unreadable';
  }
}
