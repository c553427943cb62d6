// Owns one ride from the command line: progress on standard error, the first Ctrl-C stops it, what was seen so far is kept.
import { type ObserveContext, observe } from '../journey/observe.ts';
import { deadlineHints } from '../journey/plan.ts';
import type { Progress } from '../journey/ride.ts';
import type { RideSettings } from '../journey/settings.ts';
import type { Observation } from '../model/journey.ts';
import { visible } from '../model/text.ts';
import type { Launch } from './launch.ts';
import { progressLine } from './progress.ts';

export interface RidingOptions {
  readonly quiet?: boolean;
  readonly progress: boolean;
}

/** Whoever is given the samples themselves, and the steps. */
export type Given = Pick<ObserveContext, 'onRide' | 'onSample' | 'onStep'>;

export async function ridden(
  settings: RideSettings,
  options: RidingOptions,
  launch: Launch,
  given: Given = {},
): Promise<Observation> {
  const { io, probes } = launch;
  const hints = options.quiet === true ? [] : deadlineHints(settings, probes);
  for (const hint of hints) io.err(`probe: ${hint}\n`);
  const stop = new AbortController();
  const ignoreInterrupts = io.onInterrupt(() => stop.abort());
  const progress = progressLine(io, options.progress && options.quiet !== true);
  try {
    return await observe(settings, probes, {
      id: io.newId(),
      startedAtMs: io.wallClockMs(),
      vantage: io.vantage(),
      signal: stop.signal,
      onProgress: (step: Progress) => progress.show(step),
      ...given,
      onNoCredentials: ({ detail }) => {
        progress.clear();
        io.err(`probe: ${detail === null ? 'no credentials' : visible(detail)}: nothing is sent to the target\n`);
      },
    });
  } finally {
    progress.clear();
    ignoreInterrupts();
  }
}
