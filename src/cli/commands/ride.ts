// Owns `probe <target>`: settings, ride, judgement, report, exit code.
import { planOf } from '../../journey/plan.ts';
import { UsageError } from '../../model/usage-error.ts';
import { withJourneyFile } from '../journey-option.ts';
import { expectationsFrom, judgedJourney, policyFrom } from '../judging.ts';
import type { Launch } from '../launch.ts';
import { type OutputOptions, openOutput } from '../output.ts';
import { type RideOptions, rideSettings } from '../ride-options.ts';
import { ridden } from '../riding.ts';

/** Commands of the plan that are not there yet: a host of such a name is ridden by its URL. */
const RESERVED = new Set(['serve']);

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
  const expectations = await expectationsFrom(options, null, launch);
  if (options.plan === true) {
    await launch.io.out(`${planOf(settings, launch.probes).join('\n')}\n`);
    return 0;
  }
  const output = await openOutput(options, launch);
  try {
    const observation = await ridden(settings, options, launch);
    const asOfMs = Date.parse(observation.startedAt);
    return await output.report(await judgedJourney(observation, policy, asOfMs, launch, expectations));
  } finally {
    await output.discard();
  }
}
