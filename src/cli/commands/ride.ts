// Owns `probe <target>`: settings, ride, judgement, report, exit code.
import { observe } from '../../journey/observe.ts';
import { deadlineHints, planOf } from '../../journey/plan.ts';
import type { Progress } from '../../journey/ride.ts';
import { UsageError } from '../../model/usage-error.ts';
import { withJourneyFile } from '../journey-option.ts';
import { judgedJourney, policyFrom } from '../judging.ts';
import type { Launch } from '../launch.ts';
import { type OutputOptions, openOutput } from '../output.ts';
import { progressLine } from '../progress.ts';
import { type RideOptions, rideSettings } from '../ride-options.ts';

/** Commands of the plan that are not there yet: a host of such a name is ridden by its URL. */
const RESERVED = new Set(['diff', 'learn', 'serve']);

/** @param isTyped whether an option stands on the command line */
export async function runRide(
  typed: string | undefined,
  raw: Record<string, unknown>,
  isTyped: (option: string) => boolean,
  launch: Launch,
): Promise<number> {
  if (typed !== undefined && RESERVED.has(typed))
    throw new UsageError(`the command ${typed} is not there yet`, `for a host of that name: probe https://${typed}/`);
  const { target, file, ...joined } = await withJourneyFile(typed, raw, isTyped, launch);
  const options = joined.options as unknown as RideOptions & OutputOptions;
  const settings = await rideSettings(target, options, launch, file);
  const policy = await policyFrom(options, null, launch);
  if (options.plan === true) {
    await launch.io.out(`${planOf(settings, launch.probes).join('\n')}\n`);
    return 0;
  }
  const output = await openOutput(options, launch);
  const hints = options.quiet === true ? [] : deadlineHints(settings, launch.probes);
  for (const hint of hints) launch.io.err(`probe: ${hint}\n`);
  const stop = new AbortController();
  const ignoreInterrupts = launch.io.onInterrupt(() => stop.abort());
  const progress = progressLine(launch.io, options.progress && options.quiet !== true);
  try {
    const observation = await observe(settings, launch.probes, {
      id: launch.io.newId(),
      startedAtMs: launch.io.wallClockMs(),
      vantage: launch.io.vantage(),
      signal: stop.signal,
      onProgress: (step: Progress) => progress.show(step),
    });
    progress.clear();
    const asOfMs = Date.parse(observation.startedAt);
    return await output.report(await judgedJourney(observation, policy, asOfMs, launch));
  } finally {
    await output.discard();
    progress.clear();
    ignoreInterrupts();
  }
}
