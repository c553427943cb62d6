// Owns who gets the samples of a ride beside the report: a receiver of OTLP, a HAR file. Looked at before anything is sent, and loaded only
// when asked for. Whoever cannot be told changes no verdict: it is said on standard error.
import type { RideSettings } from '../journey/settings.ts';
import type { Journey } from '../model/journey.ts';
import type { StepTrace } from '../model/step-trace.ts';
import type { RequestTrace, Ride } from '../model/trace.ts';
import type { Launch } from './launch.ts';
import type { OtlpSettings } from './otlp-settings.ts';
import { openReportFile, type ReportFile } from './report-file.ts';

export interface TraceExportOptions {
  readonly otlp?: string;
  readonly har?: string;
  readonly quiet?: boolean;
  readonly plan?: boolean;
}

export interface TraceExports {
  /** What `--plan` says. */
  readonly plan: readonly string[];
  keep(ride: Ride): void;
  /** A sample beyond the ride. */
  keepMore(trace: RequestTrace): void;
  keepStep(step: StepTrace): void;
  /** Never rejects for what a receiver does. @throws WriteError */
  hand(journey: Journey): Promise<void>;
  /** A file that was made for nothing goes. Harmless after `hand`. */
  discard(): Promise<void>;
}

/** Null when nobody asked. @throws UsageError */
export async function openTraceExports(
  options: TraceExportOptions,
  settings: RideSettings,
  launch: Launch,
): Promise<TraceExports | null> {
  if (options.otlp === undefined && options.har === undefined) return null;
  const otlp =
    options.otlp === undefined ? null : await (await import('./otlp-settings.ts')).otlpSettings(options.otlp, launch);
  const plan = otlp === null ? [] : [`otlp: the spans of each sample and step to ${new URL(otlp.receiver.url).host}`];
  if (otlp?.note != null && options.quiet !== true) launch.io.err(`probe: --otlp: ${otlp.note}\n`);
  const har =
    options.har === undefined || options.plan === true ? null : await openReportFile(options.har, launch.io, '--har');
  const steps: StepTrace[] = [];
  const more: RequestTrace[] = [];
  let ride: Ride = { traces: [], lookups: [], certificates: new Map() };
  return {
    plan,
    keep(given) {
      ride = given;
    },
    keepMore(trace) {
      more.push(trace);
    },
    keepStep(step) {
      steps.push(step);
    },
    async hand(journey) {
      const kept: Kept = { journey, ride: withMore(ride, more), steps, settings, launch };
      if (har !== null) await writeHar(har, kept);
      if (otlp !== null) await sendSpans(otlp, kept, options.quiet === true);
    },
    discard: async () => har?.discard(),
  };
}

/** Those beyond the ride are numbered on from all of the ride: no two of an address have one number. */
function withMore(ride: Ride, more: readonly RequestTrace[]): Ride {
  const numbered = more.map((trace, at) => ({ ...trace, sequence: ride.traces.length + at }));
  return { ...ride, traces: [...ride.traces, ...numbered] };
}

interface Kept {
  readonly journey: Journey;
  readonly ride: Ride;
  readonly steps: readonly StepTrace[];
  readonly settings: RideSettings;
  readonly launch: Launch;
}

async function writeHar(file: ReportFile, { journey, ride, steps, settings, launch }: Kept): Promise<void> {
  const { renderHar } = await import('../export/har.ts');
  const { shownHeaders } = await import('../net/sample/request.ts');
  const { fieldNames } = await import('../net/auth/credentials.ts');
  const { request, traceSampled = true } = settings;
  const { credentials } = request;
  const names = credentials === undefined ? [] : fieldNames(credentials);
  const headers = [...shownHeaders(settings), ...names.map((name) => [name, `[secret ${name}]`] as const)];
  await file.write(
    renderHar({
      ...{ journey, ride, steps, version: launch.version },
      request: {
        ...{ method: request.method, headers, bodyBytes: request.body?.byteLength ?? 0 },
        ...{ traced: request.traced ?? [], sampled: traceSampled },
      },
    }),
  );
}

/** A receiver that is slow is not waited for longer, ms. */
const PATIENCE_MS = 60_000;

async function sendSpans(otlp: OtlpSettings, kept: Kept, isQuiet: boolean): Promise<void> {
  const { journey, ride, steps, settings, launch } = kept;
  const { spansOf } = await import('../trace/spans.ts');
  const { exportSpans } = await import('../export/otlp.ts');
  const { newSpanId, openTraceIds } = await import('../net/trace-ids.ts');
  const { request, traceSampled: sampled = true } = settings;
  const ids = { mint: openTraceIds(), newSpanId };
  const ofSteps =
    steps.length === 0
      ? []
      : (await import('../trace/step-spans.ts')).spansOfSteps({
          ...{ journey, steps, userAgent: request.userAgent, sampled, ...ids },
        });
  const spans = [...spansOf({ journey, ride, request, sampled, ...ids }), ...ofSteps];
  const attributes = {
    ...{ 'service.name': 'outrider', 'service.version': launch.version, 'host.name': journey.vantage.name },
    ...{ 'telemetry.sdk.name': 'outrider', 'telemetry.sdk.language': 'nodejs' },
    ...{ 'telemetry.sdk.version': launch.version, 'outrider.journey.verdict': journey.verdict },
    ...otlp.attributes,
  };
  const resource = { attributes, version: launch.version, startedAtMs: Date.parse(journey.startedAt) };
  const sending = { ...otlp.sending, signal: AbortSignal.timeout(PATIENCE_MS) };
  const { failures, spans: sent, traces } = await exportSpans(spans, resource, otlp.receiver, sending);
  for (const failure of failures) launch.io.err(`probe: --otlp: ${failure}\n`);
  if (failures.length === 0 && launch.io.stderrIsTerminal && !isQuiet)
    launch.io.err(`probe: ${sent} spans of ${traces} traces sent to ${new URL(otlp.receiver.url).host}\n`);
}
