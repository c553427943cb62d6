// Owns where a report goes and what it costs: format, file, colour, width, exit code.
import type { AnyProbe, MetricSample } from '../contract/probe.ts';
import type { Reporter, View } from '../contract/reporter.ts';
import type { Section } from '../contract/section.ts';
import type { Journey, Verdict } from '../model/journey.ts';
import { LEFT_OUT } from '../model/observation-words.ts';
import { EXIT, type Io } from './io.ts';
import type { FORMATS, Launch } from './launch.ts';
import { openReportFile } from './report-file.ts';

export interface OutputOptions {
  readonly format: (typeof FORMATS)[number];
  readonly output?: string;
  readonly failOn?: 'warning' | 'critical' | 'never';
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** False for --no-color. */
  readonly color: boolean;
}

export interface Output {
  /** Prints or writes the report; resolves with the exit code. @throws WriteError */
  report(journey: Journey): Promise<number>;
  /** When there is nothing to report after all; a file that was made for it goes. Harmless after `report`. */
  discard(): Promise<void>;
}

/** Opened before the ride, so that a path that cannot be written is said before anything is sent. @throws UsageError */
export async function openOutput(options: OutputOptions, launch: Launch): Promise<Output> {
  const file = options.output === undefined ? null : await openReportFile(options.output, launch.io);
  let isDone = false;
  return {
    async report(journey) {
      const text = await render(journey, options, launch);
      isDone = true;
      await (file === null ? launch.io.out(text) : file.write(text));
      return exitCode(told(journey), options.failOn ?? (launch.surroundings.findingsFail ? 'warning' : 'never'));
    },
    async discard() {
      if (!isDone) await file?.discard();
      isDone = true;
    },
  };
}

/** A journey that was cut short before anything was found has not shown that all is well. */
function told({ complete, verdict }: Journey): Verdict {
  return complete || verdict !== 'ok' ? verdict : 'unknown';
}

/** `never` still says 0 only; an `unknown` verdict is 3 unless `never`. */
export function exitCode(verdict: Verdict, failOn: 'warning' | 'critical' | 'never'): number {
  if (failOn === 'never') return EXIT.ok;
  return verdict === 'warning' && failOn === 'critical' ? EXIT.ok : EXIT[verdict];
}

async function render(journey: Journey, options: OutputOptions, launch: Launch): Promise<string> {
  if (options.format === 'prometheus') {
    const { renderPrometheus } = await import('../metrics/prometheus.ts');
    return renderPrometheus(journey, await samplesOf(journey, launch.probes));
  }
  const reporter = await reporterOf(options.format);
  return reporter.render(journey, await sectionsOf(journey, launch.probes), viewOf(options, launch.io));
}

async function reporterOf(format: Exclude<OutputOptions['format'], 'prometheus'>): Promise<Reporter> {
  switch (format) {
    case 'text':
      return (await import('../report/text.ts')).textReporter;
    case 'json':
      return (await import('../report/json.ts')).jsonReporter;
    case 'markdown':
      return (await import('../report/markdown.ts')).markdownReporter;
    case 'html':
      return (await import('../report/html.ts')).htmlReporter;
  }
}

/** NO_COLOR (no-color.org) and a missing terminal switch colour off; FORCE_COLOR is for pagers. */
export function viewOf(options: Omit<OutputOptions, 'format'>, io: Io): View {
  const refused = !options.color || (io.env['NO_COLOR'] ?? '') !== '' || io.env['TERM'] === 'dumb';
  const forced = (io.env['FORCE_COLOR'] ?? '') !== '' && io.env['FORCE_COLOR'] !== '0';
  return {
    columns: io.columns,
    colour: !refused && options.output === undefined && (io.stdoutIsTerminal || forced),
    verbose: options.verbose === true,
    quiet: options.quiet === true,
  };
}

export async function sectionsOf(journey: Journey, probes: readonly AnyProbe[]): Promise<readonly Section[]> {
  return Promise.all(
    probes
      // A journey from before there was such a probe has nothing to show of it.
      .filter(({ id }) => journey.probes[id] !== undefined && journey.probes[id].because !== LEFT_OUT)
      .map(async (probe): Promise<Section> => {
        const evidence = journey.evidence[probe.id] ?? null;
        if (evidence !== null) return (await probe.section())(evidence);
        const state = journey.probes[probe.id];
        const because = state?.because ?? state?.problem?.code ?? 'nothing was gathered';
        return { title: probe.id, blocks: [{ kind: 'unknown', because }] };
      }),
  );
}

export async function samplesOf(journey: Journey, probes: readonly AnyProbe[]): Promise<readonly MetricSample[]> {
  const lists = await Promise.all(
    probes.map(async (probe) => {
      const evidence = journey.evidence[probe.id] ?? null;
      return evidence === null ? [] : [...(await probe.metrics())(evidence)];
    }),
  );
  return lists.flat();
}
