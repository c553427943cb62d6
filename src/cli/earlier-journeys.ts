// Owns reading the earlier journeys that a ride is to be compared with, and refusing those that say nothing about its host.
import { readJourney } from '../journey/read.ts';
import type { Journey } from '../model/journey.ts';
import type { Target } from '../model/target.ts';
import { UsageError } from '../model/usage-error.ts';
import { readJourneyText } from './journey-file.ts';
import type { Launch } from './launch.ts';

/** A week of daily journeys, and one. */
const MAX_FILES = 8;

/** The oldest first, each once. @throws UsageError for a file that is no earlier journey to this host */
export async function readEarlier(
  files: readonly string[],
  target: Target,
  launch: Launch,
): Promise<readonly Journey[]> {
  if (files.length > MAX_FILES) {
    throw new UsageError(`--since: ${files.length} journeys are more than ${MAX_FILES}`, 'leave out the oldest');
  }
  const found = new Map<string, Journey>();
  for (const file of files) {
    const journey = await readJourney(await readJourneyText(file, launch.io), file, launch.probes);
    if (journey.target.host !== target.host) {
      throw new UsageError(
        `--since: ${file} is a journey to ${journey.target.host}, not to ${target.host}`,
        `write one with: probe ${target.input} -f json -o FILE`,
      );
    }
    if (Date.parse(journey.startedAt) > launch.io.wallClockMs()) {
      throw new UsageError(
        `--since: ${file} was ridden at ${journey.startedAt}, which is yet to come`,
        'look at the clocks of this machine and of the one that wrote it',
      );
    }
    found.set(journey.id, journey);
  }
  return [...found.values()].toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
}
