// Owns draws that look random and are the same each time, for permutation tests and simulations. Never for secrets. Imports nothing.

/** Mulberry32 (T. Ettinger, public domain): uniform in [0, 1), period 2^32. */
export function drawsOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A copy in random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], draw: () => number): T[] {
  const copy = [...items];
  for (let at = copy.length - 1; at > 0; at--) {
    const other = Math.floor(draw() * (at + 1));
    const kept = copy[at] as T;
    copy[at] = copy[other] as T;
    copy[other] = kept;
  }
  return copy;
}
