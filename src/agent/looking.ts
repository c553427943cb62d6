// Owns when a discovery looks: as each of its places is due, and when something changed in a folder of theirs. Knows nothing of what is found.
import type { Discovery } from './discovery.ts';
import { watchFolders } from './watched-folders.ts';

export interface Looking<T> {
  /** This one from now on, in the place of another; looks at what is due at once. */
  follow(discovery: Discovery<T>): void;
  end(): void;
}

export interface LookingRoom {
  /** What the discovery names is other than before. */
  readonly onChange: () => void;
  /** A fault of this program ended a look. */
  readonly onFault: (error: unknown) => void;
}

/** Between two looks, ms. */
const LEAST_WAIT_MS = 10;
/** setTimeout's own bound is 2^31-1. */
const MOST_WAIT_MS = 3_600_000;

export function openLooking<T>({ onChange, onFault }: LookingRoom): Looking<T> {
  let current: Discovery<T> | null = null;
  let timer: NodeJS.Timeout | undefined;
  const look = async (folders?: ReadonlySet<string>): Promise<void> => {
    const looked = current;
    try {
      // Another may have come between: then these are no longer asked.
      if ((await looked?.look(performance.now(), folders)) === true && looked === current) onChange();
    } catch (error) {
      onFault(error);
    }
    // A folder may have come, or come back.
    if (current !== null) watched.set(current.folders());
    again();
  };
  const again = (): void => {
    clearTimeout(timer);
    const dueMs = current?.dueMs() ?? Number.POSITIVE_INFINITY;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    const inMs = Math.min(MOST_WAIT_MS, Math.max(LEAST_WAIT_MS, dueMs - performance.now()));
    timer = setTimeout(() => void look(), inMs).unref();
  };
  const watched = watchFolders((folders) => void look(folders));
  return {
    follow(discovery) {
      current = discovery;
      watched.set(discovery.folders());
      void look();
    },
    end() {
      current = null;
      watched.close();
      clearTimeout(timer);
    },
  };
}
