// Owns being told that something changed in a folder. Says not what, and is no more than a hint: whoever must know looks from time to time as well.
import { type FSWatcher, watch } from 'node:fs';

/** A file is often written in several steps, ms. */
const SETTLE_MS = 100;

export interface WatchedFolders {
  /** These from now on. */
  set(folders: Iterable<string>): void;
  close(): void;
}

/** @param onChange told of what changed since the last time, when it is calm for a moment */
export function watchFolders(onChange: (folders: ReadonlySet<string>) => void): WatchedFolders {
  const watched = new Map<string, FSWatcher>();
  let changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    const now = changed;
    changed = new Set();
    timer = undefined;
    onChange(now);
  };
  const drop = (folder: string): void => {
    watched.get(folder)?.close();
    watched.delete(folder);
  };
  const follow = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, () => {
        changed.add(folder);
        timer ??= setTimeout(tell, SETTLE_MS).unref();
      });
      // Gone, or no more of them may be followed: it is still looked at from time to time.
      watcher.on('error', () => drop(folder));
      watched.set(folder, watcher);
    } catch {
      // The same.
    }
  };
  return {
    set(folders) {
      const wanted = new Set(folders);
      for (const folder of watched.keys()) if (!wanted.has(folder)) drop(folder);
      for (const folder of wanted) if (!watched.has(folder)) follow(folder);
    },
    close() {
      clearTimeout(timer);
      for (const folder of [...watched.keys()]) drop(folder);
    },
  };
}
