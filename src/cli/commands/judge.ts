// Owns `probe judge <journey>`: judges a written-down journey again, by the policy and as of the time that it was ridden with
// unless told otherwise. Loads nothing of the wire.
import { readJourney } from '../../journey/read.ts';
import { UsageError } from '../../model/usage-error.ts';
import { readJourneyText } from '../journey-file.ts';
import { expectationsFrom, type JudgingOptions, judgedJourney, policyFrom } from '../judging.ts';
import type { Launch } from '../launch.ts';
import { type OutputOptions, openOutput } from '../output.ts';
import { storedPolicy } from '../policy.ts';

export async function runJudge(file: string, raw: Record<string, unknown>, launch: Launch): Promise<number> {
  const options = raw as unknown as JudgingOptions & OutputOptions & { readonly asOf?: string };
  const asOfMs = options.asOf === undefined ? null : instant(options.asOf);
  const journey = await readJourney(await readJourneyText(file, launch.io), file, launch.probes);
  const policy = await policyFrom(options, storedPolicy(journey, file, launch.probes), launch);
  const expectations = await expectationsFrom(options, journey, launch);
  const output = await openOutput(options, launch);
  try {
    const time = asOfMs ?? Date.parse(journey.startedAt);
    return await output.report(await judgedJourney(journey, policy, time, launch, expectations));
  } finally {
    await output.discard();
  }
}

const RFC3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** @returns Unix ms. @throws UsageError for what is not RFC 3339 5.6, of which Date.parse takes much more: `2026`, `1 May`, 30 February */
function instant(text: string): number {
  const [, day] = RFC3339.exec(text) ?? [];
  const dayMs = day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(dayMs) || new Date(dayMs).toISOString().slice(0, 10) !== day)
    throw new UsageError(`--as-of: "${text}" is not a time of RFC 3339`, 'for example 2026-12-01T00:00:00Z');
  return Date.parse(text.toUpperCase());
}
