// Owns how many kinds turn up in so many draws. Imports nothing.

/** Chance that at most `seen` of `kinds` equally likely kinds turn up in `draws` draws (the occupancy problem; Feller I, II.11). */
export function atMostSeen(seen: number, kinds: number, draws: number): number {
  if (seen >= kinds) return 1;
  if (draws > MOST_DRAWS) return 0;
  // chances[k]: of k kinds after the draws so far.
  let chances = [1, ...Array.from({ length: kinds }, () => 0)];
  for (let draw = 0; draw < draws; draw++) {
    chances = chances.map((stays, k) => (stays * k) / kinds + ((chances[k - 1] ?? 0) * (kinds - k + 1)) / kinds);
  }
  return chances.slice(0, seen + 1).reduce((sum, chance) => sum + chance, 0);
}

/** By then every kind that is not very rare has turned up. */
const MOST_DRAWS = 10_000;

/**
 * How many kinds will turn up again in so many draws, but for a chance of `risk`: each with the share that it had, less half a sight,
 * because what was seen once is rarer than it looks (the bias that Good, Biometrika 40, 1953, corrects).
 */
export function seenAgain(counts: readonly number[], risk: number): number {
  const draws = counts.reduce((sum, count) => sum + count, 0);
  // chances[k]: of k kinds turning up; kinds taken as independent, which they nearly are.
  let chances = [1];
  for (const count of counts) {
    const missed = (1 - Math.max(0, count - 0.5) / draws) ** draws;
    const next = [...chances.map((chance) => chance * missed), 0];
    for (const [k, chance] of chances.entries()) next[k + 1] = (next[k + 1] ?? 0) + chance * (1 - missed);
    chances = next;
  }
  let [below, least] = [0, 0];
  for (const [k, chance] of chances.entries()) {
    below += chance;
    if (below > risk) break;
    least = k + 1;
  }
  return least;
}
