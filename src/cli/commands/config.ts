// Owns `probe config check FILE` and `probe config schema`: files that a person writes, looked at without sending anything.
import { withJourneyFile } from '../journey-option.ts';
import type { Launch } from '../launch.ts';
import type { RideOptions } from '../ride-options.ts';
import { rideSettings } from '../ride-options.ts';

/**
 * Silent about a good file but for one line.
 * @param defaults of the options of a ride, as the command line has them
 * @throws UsageError with file, line and remedy
 */
export async function runConfigCheck(
  path: string,
  defaults: Readonly<Record<string, unknown>>,
  launch: Launch,
): Promise<number> {
  const given = { ...defaults, journey: path };
  const { target, options, file } = await withJourneyFile(undefined, given, () => false, launch).catch(
    // A file may leave the target to the command line.
    async (error: unknown) => {
      const joined = await withJourneyFile('target.invalid', given, () => false, launch);
      if (joined.file.target !== undefined) throw error;
      return joined;
    },
  );
  await rideSettings(target, options as unknown as RideOptions, launch, file);
  await launch.io.out(`${path}: good\n`);
  return 0;
}

export async function runConfigSchema(launch: Launch): Promise<number> {
  const { journeyFileSchema } = await import('../../config/journey/journey.ts');
  await launch.io.out(`${JSON.stringify(await journeyFileSchema(launch.probes), null, 2)}\n`);
  return 0;
}
