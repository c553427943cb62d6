// Owns waiting for a while that may be cut short. Never rejects.
import { setTimeout as pause } from 'node:timers/promises';

/** @param ms none from 0 down @returns false when nobody waits for it any more */
export function paused(ms: number, signal: AbortSignal): Promise<boolean> {
  return ms <= 0 ? Promise.resolve(!signal.aborted) : pause(ms, true, { signal }).catch(() => false);
}
