// Owns repeating a failed probe before it is called failed, all of it within the timeout, and what is told of it: a flap must not vanish.
// What this side did wrong is not repeated: it would be wrong again.
import { attempted } from '../model/attempts.ts';
import type { Confirm } from './config/extension.ts';
import type { Failure } from './failure.ts';
import { secondsSince } from './gauges.ts';
import type { Outcome } from './run.ts';

/** A success whose first attempt failed. */
export const isFlap = ({ success, gauges }: Outcome): boolean =>
  success && gauges.value('probe_first_attempt_failed') === 1;

/** @param attempt one, with seconds for it */
export async function confirmed(
  { times, after }: Confirm,
  timeoutSeconds: number,
  signal: AbortSignal,
  attempt: (timeoutSeconds: number) => Promise<Outcome>,
): Promise<Outcome> {
  const startMs = performance.now();
  const outcomes = await attempted(
    { times, afterMs: after, budgetMs: timeoutSeconds * 1000 },
    signal,
    (mostMs) => attempt(mostMs / 1000),
    mayHeal,
  );
  const last = outcomes.at(-1) ?? outcomes[0];
  const first = outcomes[0].failure;
  tell(last, { made: outcomes.length, first, timeoutSeconds, tookSeconds: secondsSince(startMs) });
  return { ...last, log: outcomes.map(({ log }) => log).join('') };
}

const mayHeal = ({ success, failure }: Outcome): boolean =>
  !success && failure?.reason !== 'config' && failure?.reason !== 'not-allowed';

interface Made {
  readonly made: number;
  readonly first: Failure | null;
  readonly timeoutSeconds: number;
  readonly tookSeconds: number;
}

function tell({ gauges }: Outcome, { made, first, timeoutSeconds, tookSeconds }: Made): void {
  gauges.gauge('probe_timeout_seconds', '').set(timeoutSeconds);
  gauges.gauge('probe_attempts', 'Attempts that were made; the other families are those of the last').set(made);
  gauges
    .gauge('probe_attempts_duration_seconds', 'How long all attempts took, with the pauses between them')
    .set(tookSeconds);
  gauges
    .gauge('probe_first_attempt_failed', 'Whether the first attempt failed, whatever became of the others')
    .set(first === null ? 0 : 1);
  if (first !== null)
    gauges
      .labelled('probe_first_attempt_failure_info', 'Where on its way the first attempt failed, why, and whose fault', {
        ...first,
      })
      .set(1);
}
