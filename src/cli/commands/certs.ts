// Owns `probe certs [target...]`: what is asked for is looked at, reported in the form that was asked for, and said by the exit code.
import type { EarlierReport } from '../../certs/read-report.ts';
import type { CertsReport } from '../../model/certs.ts';
import { UsageError } from '../../model/usage-error.ts';
import { type CertsOptions, targetsOf } from '../certs-options.ts';
import { survey } from '../certs-survey.ts';
import { type Telling, tellingOf } from '../certs-telling.ts';
import { EXIT } from '../io.ts';
import { policyFrom } from '../judging.ts';
import type { Launch } from '../launch.ts';
import { exitCode, viewOf } from '../output.ts';
import { openReportFile } from '../report-file.ts';

/** For everybody who is told, tries and pauses together. */
const TELLING_MS = 60_000;

export async function runCerts(
  typed: readonly string[],
  raw: Record<string, unknown>,
  launch: Launch,
): Promise<number> {
  const options = raw as unknown as CertsOptions;
  const targets = await targetsOf(typed, options, launch);
  if (targets.length + options.file.length + options.dir.length === 0)
    throw new UsageError('nothing to look at', 'name targets, a list of them (--list), or files (--file, --dir)');
  const policy = await policyFrom(options, null, launch);
  const telling = await tellingOf(options, launch);
  const earlier = await earlierOf(options, launch);
  const files = await openFiles(options, launch);
  try {
    const report = await survey(targets, options, policy, launch, earlier);
    const untold = await handOver(report, { options, launch, files, telling });
    if (untold.length > 0 && report.verdict === 'ok') return EXIT.unknown;
    return exitCode(report.verdict, options.failOn ?? (launch.surroundings.findingsFail ? 'warning' : 'never'));
  } finally {
    await files.discard();
  }
}

interface Handing {
  readonly options: CertsOptions;
  readonly launch: Launch;
  readonly files: Awaited<ReturnType<typeof openFiles>>;
  readonly telling: Telling | null;
}

/**
 * An alert must depend neither on whether somebody reads the report, nor on room for it: everybody gets theirs, then what failed is said.
 * @returns a line for each who could not be told @throws WriteError
 */
async function handOver(report: CertsReport, { options, launch, files, telling }: Handing): Promise<readonly string[]> {
  const write = async (): Promise<void> => {
    const text = await render(report, options, launch);
    if (files.output !== null) await files.output.write(text);
    else if (text !== '' && options.quiet !== true) await launch.io.out(text);
  };
  const [told, ...written] = await Promise.allSettled([
    telling?.tell(report, () => metricsOf(report), AbortSignal.timeout(TELLING_MS)),
    files.textfile === null ? null : metricsOf(report).then((text) => files.textfile?.write(text)),
    write(),
  ]);
  const untold = told.status === 'fulfilled' ? (told.value ?? []) : [];
  for (const line of untold) launch.io.err(`probe: not told: ${line}\n`);
  for (const one of [told, ...written]) if (one.status === 'rejected') throw one.reason;
  return untold;
}

/** The schema of a report is loaded only where one is read. @throws UsageError */
async function earlierOf({ since }: CertsOptions, launch: Launch): Promise<EarlierReport | null> {
  if (since === undefined) return null;
  const [{ readReport }, { readJourneyText }] = await Promise.all([
    import('../../certs/read-report.ts'),
    import('../journey-file.ts'),
  ]);
  return readReport(await readJourneyText(since, launch.io), `--since: ${since}`);
}

/** Opened before the sweep, so that a path that cannot be written is said before anything is sent. @throws UsageError */
async function openFiles({ output, textfile }: CertsOptions, { io }: Launch) {
  const opened = {
    output: output === undefined ? null : await openReportFile(output, io),
    textfile: textfile === undefined ? null : await openReportFile(textfile, io, '--textfile'),
  };
  const discard = async (): Promise<void> => {
    await Promise.all([opened.output?.discard(), opened.textfile?.discard()]);
  };
  return { ...opened, discard };
}

async function metricsOf(report: CertsReport): Promise<string> {
  const { certsPrometheus } = await import('../../metrics/certs-prometheus.ts');
  return certsPrometheus(report);
}

async function render(report: CertsReport, options: CertsOptions, { io }: Launch): Promise<string> {
  switch (options.format) {
    case 'text': {
      if (options.explain === true) {
        const { certsExplained } = await import('../../report/certs/explain.ts');
        return certsExplained(report, viewOf(options, io));
      }
      const { certsText } = await import('../../report/certs/text.ts');
      return certsText(report, viewOf(options, io));
    }
    case 'json': {
      const { writeJson } = await import('../../report/json.ts');
      return writeJson(report);
    }
    case 'csv': {
      const { certsCsv } = await import('../../report/certs/csv.ts');
      return certsCsv(report);
    }
    case 'nagios': {
      const { certsNagios } = await import('../../report/certs/nagios.ts');
      return certsNagios(report);
    }
    case 'prometheus':
      return metricsOf(report);
  }
}
