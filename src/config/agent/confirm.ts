// Owns how an agent's file asks that what failed is repeated before it is called failed. Repeats nothing.
import { z } from 'zod';
import { parseDuration } from '../../model/duration.ts';
import { UsageError } from '../../model/usage-error.ts';
import { duration } from '../journey/ride.ts';

export interface Confirm {
  /** How often at most; never 0. */
  readonly times: number;
  /** From the end of one to the begin of the next, ms. */
  readonly afterMs: number;
}

const MOST_REPEATS = 5;
const USUAL_PAUSE = '500ms';

/** A number of times (0: never), or a mapping. */
export const confirmSchema = z.union(
  [
    z.int().min(0).max(MOST_REPEATS),
    z.strictObject({
      times: z.int().min(1).max(MOST_REPEATS).default(1),
      after: duration.default(USUAL_PAUSE),
    }),
  ],
  `a number of times from 0 to ${MOST_REPEATS} is wanted, or { times: 1, after: ${USUAL_PAUSE} }`,
);

/**
 * @param budgetMs for all of it
 * @param where it is written @throws UsageError
 */
export function confirmOf(
  given: z.infer<typeof confirmSchema> | undefined,
  budgetMs: number,
  where: string,
): Confirm | null {
  const { times, after } = typeof given === 'object' ? given : { times: given ?? 0, after: USUAL_PAUSE };
  if (times === 0) return null;
  const afterMs = parseDuration(after, 'after');
  if (times * afterMs < budgetMs) return { times, afterMs };
  throw new UsageError(
    `${where}: the pauses alone take the ${budgetMs / 1000}s that a turn has`,
    'write a shorter after:, or a longer interval:',
  );
}
