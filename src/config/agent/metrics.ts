// Owns what the agent's file says of the metrics of all targets: the window of percentiles, and families that are left out.
import { z } from 'zod';
import { parseDuration } from '../../model/duration.ts';
import { UsageError } from '../../model/usage-error.ts';
import { duration } from '../journey/ride.ts';
import type { Written } from '../yaml.ts';

const MOST_PATTERNS = 100;
const [LEAST_WINDOW_MS, MOST_WINDOW_MS] = [60_000, 86_400_000];

export const metricsSchema = z.strictObject({
  window: duration.default('10m'),
  without: z
    .array(
      z
        .string()
        .regex(
          /^(journey|probe)_[a-z0-9_*]{0,100}$/,
          'families of targets begin with journey_ or probe_; * stands for any letters',
        ),
    )
    .max(MOST_PATTERNS)
    .default([]),
});

export interface AgentMetrics {
  readonly windowMs: number;
  readonly without: readonly string[];
}

/** @throws UsageError with the line */
export function metricsOf({ window, without }: z.infer<typeof metricsSchema>, place: Written['place']): AgentMetrics {
  const windowMs = parseDuration(window, 'window');
  if (windowMs < LEAST_WINDOW_MS || windowMs > MOST_WINDOW_MS)
    throw new UsageError(`${place(['metrics', 'window'])}: metrics.window: a minute to a day`);
  return { windowMs, without };
}
