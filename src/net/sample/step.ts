// Owns one step of a sample: bounded in time, stopped by the caller's signal, ended exactly once.
import { type Problem, type ProblemCode, problem, type Step } from '../../model/problem.ts';

/** A step that ended badly: the problem is the world's, not ours. */
export class StepFailure extends Error {
  readonly problem: Problem;
  constructor(failed: Problem) {
    super(failed.code);
    this.problem = failed;
  }
}

export interface StepBounds {
  readonly step: Step;
  readonly timeoutMs: number;
  readonly onTimeout: ProblemCode;
  /** What had not come when the time was over, where the code does not say it. */
  readonly missing?: Problem['detail'];
  readonly signal: AbortSignal;
}

/**
 * Calls `late` after the time, unless stopped. What arrived meanwhile is heard first: a process that was busy for longer than the
 * bound must not call the other side late.
 */
export function startBound(timeoutMs: number, late: () => void): { stop(): void } {
  let last: NodeJS.Immediate | undefined;
  // Timers come before I/O in a turn of the loop, immediates after it.
  const timer = setTimeout(() => {
    last = setImmediate(late);
  }, timeoutMs);
  return {
    stop() {
      clearTimeout(timer);
      clearImmediate(last);
    },
  };
}

/** Runs `start` and settles with what it hands over, or with a StepFailure for the timeout or the signal. */
export function runStep<T>(
  bounds: StepBounds,
  start: (done: (value: T) => void, fail: (failure: Problem) => void) => void,
): Promise<T> {
  const { step, timeoutMs, onTimeout, missing = null, signal } = bounds;
  return new Promise((resolve, reject) => {
    let ended = false;
    const end = (settle: () => void): void => {
      if (ended) return;
      ended = true;
      timer.stop();
      signal.removeEventListener('abort', cancel);
      settle();
    };
    const fail = (failure: Problem): void => end(() => reject(new StepFailure(failure)));
    const cancel = (): void => fail(problem('cancelled', step));
    const timer = startBound(timeoutMs, () => fail(problem(onTimeout, step, missing)));
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) {
      cancel();
      return;
    }
    try {
      start((value) => end(() => resolve(value)), fail);
    } catch (error) {
      // A fault of ours: it must not leave the timer behind.
      end(() => reject(error));
    }
  });
}
