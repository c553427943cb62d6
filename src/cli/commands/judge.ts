// Owns `probe judge <journey>`: judges a written-down journey again, as of when it was ridden unless told otherwise.
import { readJourney } from '../../journey/read.ts';
import { UsageError } from '../../model/usage-error.ts';
import { readJourneyText } from '../journey-file.ts';
import { type JudgingOptions, judgedJourney, policyFrom } from '../judging.ts';
import type { Launch } from '../launch.ts';
import { type OutputOptions, openOutput } from '../output.ts';

export async function runJudge(file: string, raw: Record<string, unknown>, launch: Launch): Promise<number> {
  const options = raw as unknown as JudgingOptions & OutputOptions & { readonly asOf?: string };
  const policy = await policyFrom(options, launch);
  const journey = await readJourney(await readJourneyText(file, launch.io), file, launch.probes);
  const output = await openOutput(options, launch);
  return output.report(await judgedJourney(journey, policy, asOf(options.asOf, journey.startedAt), launch));
}

function asOf(option: string | undefined, ridden: string): number {
  const ms = Date.parse(option ?? ridden);
  if (Number.isNaN(ms))
    throw new UsageError(`--as-of: "${option ?? ''}" is not a time`, 'for example 2026-12-01T00:00:00Z');
  return ms;
}
