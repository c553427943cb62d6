// Owns the suggestion for a name that nobody knows: the known one that is fewest letters away. Compares; never decides what is known.
/** Of a name of this many letters per wrong one, more wrong ones are another word. */
const LETTERS_PER_MISTAKE = 3;
/** Longer than any id; what is longer is not compared. */
const MAX_LENGTH = 80;

/** The known name with the fewest letters to change, or null when none is near. */
export function nearest(name: string, known: readonly string[]): string | null {
  if (name.length > MAX_LENGTH) return null;
  const ranked = known
    .map((candidate) => ({ candidate, distance: distanceOf(name, candidate) }))
    .toSorted((a, b) => a.distance - b.distance);
  const first = ranked[0];
  return first !== undefined && first.distance * LETTERS_PER_MISTAKE <= first.candidate.length ? first.candidate : null;
}

/** `did you mean "x"? ` or nothing. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === null ? '' : `did you mean "${near}"? `;
}

/** Levenshtein: letters to add, drop or replace. */
function distanceOf(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [row, letter] of a.split('').entries()) {
    const line = [row + 1];
    for (const [column, other] of b.split('').entries()) {
      const replaced = (before[column] ?? 0) + (letter === other ? 0 : 1);
      line.push(Math.min(replaced, (before[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1));
    }
    before = line;
  }
  return before.at(-1) ?? 0;
}
