// Owns whether values lie closer together than chance puts them. Imports nothing.

/**
 * Chance that `n` values drawn evenly over `width` all lie within `spread` of each other (the distribution of the range:
 * David and Nagaraja, Order Statistics, 2.3). 1 for fewer than two values, or without a width.
 */
export function closenessChance(n: number, spread: number, width: number): number {
  if (n < 2 || width <= 0) return 1;
  const share = Math.min(1, Math.max(0, spread / width));
  return Math.min(1, n * share ** (n - 1) - (n - 1) * share ** n);
}
