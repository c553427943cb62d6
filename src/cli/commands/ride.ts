// Owns `probe <target>`: settings, ride, judgement, report, exit code.
import { observe } from '../../journey/observe.ts';
import { deadlineHints, planOf } from '../../journey/plan.ts';
import type { Progress } from '../../journey/ride.ts';
import { UsageError } from '../../model/usage-error.ts';
import { judgedJourney, policyFrom } from '../judging.ts';
import type { Launch } from '../launch.ts';
import { type OutputOptions, openOutput } from '../output.ts';
import { progressLine } from '../progress.ts';
import { type RideOptions, rideSettings } from '../ride-options.ts';

/** Commands of the plan that are not there yet: a host of such a name is ridden by its URL. */
const RESERVED = new Set(['config', 'diff', 'learn', 'serve']);

export async function runRide(target: string, raw: Record<string, unknown>, launch: Launch): Promise<number> {
  if (RESERVED.has(target))
    throw new UsageError(`the command ${target} is not there yet`, `for a host of that name: probe https://${target}/`);
  const options = raw as unknown as RideOptions & OutputOptions;
  const settings = await rideSettings(target, options, launch);
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
