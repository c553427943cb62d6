// Owns `probe diff <before> <after>`: two written journeys, what changed between them, exit code. Loads nothing of the wire.
import { diffOf } from '../../diff/diff.ts';
import { sectionsOf } from '../../expect/sections.ts';
import { readJourney } from '../../journey/read.ts';
import type { Diff } from '../../model/diff.ts';
import { UsageError } from '../../model/usage-error.ts';
import { EXIT } from '../io.ts';
import { readJourneyText } from '../journey-file.ts';
import type { DIFF_FORMATS, Launch } from '../launch.ts';
import { viewOf } from '../output.ts';
import { openReportFile } from '../report-file.ts';

interface DiffOptions {
  readonly format: (typeof DIFF_FORMATS)[number];
  readonly output?: string;
  readonly verbose?: boolean;
  readonly color: boolean;
}

const EXITS = { same: EXIT.ok, changed: EXIT.warning, unknown: EXIT.unknown } as const;

export async function runDiff(
  beforeFile: string,
  afterFile: string,
  raw: Record<string, unknown>,
  launch: Launch,
): Promise<number> {
  const options = raw as unknown as DiffOptions;
  if (beforeFile === '-' && afterFile === '-') {
    throw new UsageError('standard input holds one journey, not two', 'probe diff before.json -');
  }
  const { io, probes } = launch;
  const before = await readJourney(await readJourneyText(beforeFile, io), beforeFile, probes);
  const after = await readJourney(await readJourneyText(afterFile, io), afterFile, probes);
  const file = options.output === undefined ? null : await openReportFile(options.output, io);
  try {
    const diff = diffOf(before, after, await sectionsOf(probes));
    const text = await rendered(diff, options, launch);
    await (file === null ? io.out(text) : file.write(text));
    return EXITS[diff.outcome];
  } finally {
    await file?.discard();
  }
}

async function rendered(diff: Diff, options: DiffOptions, { io }: Launch): Promise<string> {
  switch (options.format) {
    case 'text':
      return (await import('../../report/diff/text.ts')).diffText(diff, viewOf(options, io));
    case 'json':
      return (await import('../../report/json.ts')).writeJson(diff);
    case 'markdown':
      return (await import('../../report/diff/markdown.ts')).diffMarkdown(diff);
  }
}
