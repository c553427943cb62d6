// Owns when a target's turns are: by a hash of its name, so that ten thousand do not start together and each keeps its moment over restarts.

/** FNV-1a with the last mixing of MurmurHash3: names that differ in a digit lie far from each other. @returns 0 to below 1 */
function fractionOf(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01_00_01_93);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

export interface Pace {
  readonly name: string;
  readonly intervalMs: number;
  readonly jitterMs: number;
}

/** Turns are numbered from the epoch on. @returns the first that is due after the moment, Unix ms */
export function turnAfter(pace: Pace, afterMs: number): { readonly turn: number; readonly dueMs: number } {
  const offsetMs = fractionOf(pace.name) * pace.intervalMs;
  let turn = Math.floor((afterMs - offsetMs) / pace.intervalMs);
  while (dueOf(pace, turn) <= afterMs) turn++;
  return { turn, dueMs: dueOf(pace, turn) };
}

/** When a turn is due: its place in the interval, and its own part of the jitter. */
export function dueOf({ name, intervalMs, jitterMs }: Pace, turn: number): number {
  const jitter = jitterMs === 0 ? 0 : fractionOf(`${name}\n${turn}`) * jitterMs;
  return turn * intervalMs + fractionOf(name) * intervalMs + jitter;
}
