// Owns the text of files that modules name, looked at whenever it is asked for and read when they have changed. Judges no text.

import { readFileSync, type Stats, statSync } from 'node:fs';
import { BoundedMap } from '../model/bounded-map.ts';
import { now } from '../net/clock.ts';

interface Kept {
  readonly stamp: string;
  readonly text: string;
  /** Monotonic ms at which the stamp was first seen. */
  readonly seenMs: number;
  /** It was read when nothing could change by that stamp any more. */
  readonly settled: boolean;
}

const MOST_KEPT = 1000;
/** A file may change twice by one stamp, ms: clocks of file systems go in steps. */
const STEP_MS = 2000;

const kept = new BoundedMap<string, Kept>(MOST_KEPT);

/** @throws Error of the system for a file that cannot be read */
export function fileText(path: string): string {
  const stats = statSync(path);
  const stamp = stampOf(stats);
  const found = kept.get(path);
  const known = found?.stamp === stamp ? found : undefined;
  if (known?.settled === true) return known.text;
  const seenMs = known?.seenMs ?? now();
  const settled = stats.isFile() && now() - seenMs > STEP_MS;
  const text = readFileSync(path, 'utf8');
  kept.set(path, { stamp, text, seenMs, settled });
  return text;
}

function stampOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}
