// Owns how large a pool is of which each answer shows a part. Imports nothing.

/**
 * Lower-bound estimate of the number of members, seen and unseen: Chao's estimator for incidence data, bias-corrected (Chao,
 * Biometrics 43, 1987). `seen`: in how many of `answers` each member was. Members that were in one answer only tell of those in none.
 */
export function estimatePool(seen: readonly number[], answers: number): number {
  const once = seen.filter((count) => count === 1).length;
  const twice = seen.filter((count) => count === 2).length;
  const share = answers < 1 ? 0 : (answers - 1) / answers;
  return seen.length + (share * once * (once - 1)) / (2 * (twice + 1));
}

/** How many ways there are to choose `size` of `pool`; capped, because only "few" or "many" is asked. */
export function combinations(pool: number, size: number, cap = 1e6): number {
  let ways = 1;
  for (let step = 1; step <= Math.min(size, pool - size); step++) {
    ways = (ways * (pool - step + 1)) / step;
    if (ways >= cap) return cap;
  }
  return Math.round(ways);
}

/** How many of `kinds` equally likely ones are expected to be seen in that many draws. */
export function expectedDistinct(kinds: number, draws: number): number {
  return kinds * (1 - (1 - 1 / kinds) ** draws);
}
