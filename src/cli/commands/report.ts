// Owns `probe report <journey>`: renders a written-down journey again. Loads nothing of the wire.
import { readJourney } from '../../journey/read.ts';
import { readJourneyText } from '../journey-file.ts';
import type { Launch } from '../launch.ts';
import { type OutputOptions, openOutput } from '../output.ts';

export async function runReport(file: string, raw: Record<string, unknown>, launch: Launch): Promise<number> {
  const journey = await readJourney(await readJourneyText(file, launch.io), file, launch.probes);
  const output = await openOutput(raw as unknown as OutputOptions, launch);
  try {
    return await output.report(journey);
  } finally {
    await output.discard();
  }
}
