// Owns `probe <target>`: settings, ride, judgement, report, exit code.
import { planOf } from '../../journey/plan.ts';
import type { RideSettings } from '../../journey/settings.ts';
import type { Journey, Observation } from '../../model/journey.ts';
import { agreeToSearch } from '../access-options.ts';
import { withJourneyFile } from '../journey-option.ts';
import { expectationsFrom, judgedJourney, policyFrom } from '../judging.ts';
import type { Launch } from '../launch.ts';
import { type OutputOptions, openOutput } from '../output.ts';
import { type RideOptions, rideSettings } from '../ride-options.ts';
import { type Given, ridden } from '../riding.ts';
import { openTraceExports, type TraceExportOptions, type TraceExports } from '../trace-exports.ts';

/** @param isTyped whether an option stands on the command line */
export async function runRide(
  typed: string | undefined,
  raw: Record<string, unknown>,
  isTyped: (option: string) => boolean,
  launch: Launch,
): Promise<number> {
  const { target, file, ...joined } = await withJourneyFile(typed, raw, isTyped, launch);
  const options = joined.options as unknown as RideOptions & OutputOptions & TraceExportOptions;
  const settings = await rideSettings(target, options, launch, file);
  const policy = await policyFrom(options, null, launch);
  const expectations = await expectationsFrom(options, null, launch);
  const exports = await openTraceExports(options, settings, launch);
  if (options.plan === true) {
    await launch.io.out(`${[...planOf(settings, launch.probes), ...(exports?.plan ?? [])].join('\n')}\n`);
    return 0;
  }
  try {
    await agreeToSearch(options, settings, launch);
    return await rideAndReport(settings, options, launch, exports, (observation) =>
      judgedJourney(observation, policy, Date.parse(observation.startedAt), launch, expectations),
    );
  } finally {
    await exports?.discard();
  }
}

async function rideAndReport(
  settings: RideSettings,
  options: RideOptions & OutputOptions,
  launch: Launch,
  exports: TraceExports | null,
  judge: (observation: Observation) => Promise<Journey>,
): Promise<number> {
  const output = await openOutput(options, launch);
  const given: Given =
    exports === null
      ? {}
      : {
          onRide: (ride) => exports.keep(ride),
          onSample: (trace) => exports.keepMore(trace),
          onStep: (step) => exports.keepStep(step),
        };
  try {
    const journey = await judge(await ridden(settings, options, launch, given));
    // The report is not kept waiting by whoever else is told.
    const exit = await output.report(journey);
    await exports?.hand(journey);
    return exit;
  } finally {
    await output.discard();
  }
}
