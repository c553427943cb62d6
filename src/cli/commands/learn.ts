// Owns `probe learn <target>`: rides one journey (or reads a written one) and writes down what is so, as expectations.
import { writeExpectations } from '../../config/expectations.ts';
import { learn } from '../../expect/learn.ts';
import { sectionsOf } from '../../expect/sections.ts';
import { readJourney } from '../../journey/read.ts';
import type { Journey } from '../../model/journey.ts';
import { UsageError } from '../../model/usage-error.ts';
import { EXIT } from '../io.ts';
import { readJourneyText } from '../journey-file.ts';
import { withJourneyFile } from '../journey-option.ts';
import { judgedJourney, policyFrom } from '../judging.ts';
import type { Launch } from '../launch.ts';
import { openReportFile, type ReportFile } from '../report-file.ts';
import { type RideOptions, rideSettings } from '../ride-options.ts';
import { ridden } from '../riding.ts';

interface LearnOptions extends RideOptions {
  readonly from?: string;
  readonly output?: string;
}

/** @param isTyped whether an option stands on the command line */
export async function runLearn(
  target: string | undefined,
  raw: Record<string, unknown>,
  isTyped: (option: string) => boolean,
  launch: Launch,
): Promise<number> {
  const options = raw as unknown as LearnOptions;
  if (target !== undefined && options.from !== undefined) {
    throw new UsageError('probe learn wants a target or --from FILE, not both', 'probe learn kms.example -o kms.yaml');
  }
  const file = options.output === undefined ? null : await openReportFile(options.output, launch.io);
  try {
    const journey = await journeyOf(target, options, isTyped, launch);
    const text = journey.complete ? await expectationsOf(journey, launch) : null;
    if (text === null) {
      launch.io.err(
        `probe: nothing is learned: ${journey.complete ? 'nothing steady was seen' : 'the ride was cut short'}\n`,
      );
      return EXIT.unknown;
    }
    await write(text, file, launch);
    return EXIT.ok;
  } finally {
    await file?.discard();
  }
}

async function write(text: string, file: ReportFile | null, { io }: Launch): Promise<void> {
  await (file === null ? io.out(text) : file.write(text));
}

async function journeyOf(
  typed: string | undefined,
  { from, ...raw }: LearnOptions,
  isTyped: (option: string) => boolean,
  launch: Launch,
): Promise<Journey> {
  if (from !== undefined) return readJourney(await readJourneyText(from, launch.io), from, launch.probes);
  const { target, file, ...joined } = await withJourneyFile(typed, { ...raw }, isTyped, launch);
  const options = joined.options as unknown as LearnOptions;
  const settings = await rideSettings(target, options, launch, file);
  const policy = await policyFrom(options, null, launch);
  const observation = await ridden(settings, options, launch);
  return judgedJourney(observation, policy, Date.parse(observation.startedAt), launch);
}

/** Null when nothing was seen that could be expected. */
async function expectationsOf(journey: Journey, { probes }: Launch): Promise<string | null> {
  const sections = await sectionsOf(probes);
  const { target, endpoints, hops } = journey;
  const given = { policy: {}, asOfMs: Date.parse(journey.startedAt), target, endpoints, hops };
  const { contract, left } = learn(journey, sections, given);
  if (journey.endpoints.length === 0 || Object.keys(contract).length === 0) return null;
  const text = await writeExpectations(contract, sections, headOf(journey));
  const not = left.map(({ section, key, because }) => `#   ${section}.${key}: ${because}\n`);
  return not.length === 0 ? text : `${text}\n# Not expected, and may be written by hand:\n${not.join('')}`;
}

function headOf({ target, startedAt, vantage, verdict, findings }: Journey): readonly string[] {
  const found = findings.filter(({ severity }) => severity !== 'notice');
  return [
    `What was so of ${target.url} at ${startedAt.slice(0, 16)}Z, seen from ${vantage.name}.`,
    'probe TARGET --expect THIS_FILE tells what is so no longer.',
    'Delete what you do not care about. A value holds everywhere, or place by place: a zone, else an address.',
    ...(found.length === 0
      ? []
      : [`That journey was ${verdict} (${found.length} found): what was wrong then is expected here.`]),
  ];
}
