// Owns `probe certs [target...]`: what is asked for is swept, judged, reported in the form that was asked for, and said by the exit code.
import { setMaxListeners } from 'node:events';
import { assemble, type Collector, openCollector } from '../../certs/assemble.ts';
import { judgeTarget } from '../../certs/judge-target.ts';
import { sweep } from '../../certs/sweep.ts';
import type { Policy } from '../../journey/judge.ts';
import type { CertsReport } from '../../model/certs.ts';
import { parseDuration } from '../../model/duration.ts';
import type { Json } from '../../model/json.ts';
import { UsageError } from '../../model/usage-error.ts';
import { now } from '../../net/clock.ts';
import { openDnsClient } from '../../net/dns/client.ts';
import { parseResolver } from '../../net/dns/server-text.ts';
import { systemResolvers } from '../../net/dns/system.ts';
import { createMeter } from '../../net/meter.ts';
import { openLook } from '../../net/tls/look.ts';
import { shellQuote } from '../../report/escape/shell.ts';
import { type CertsOptions, targetsOf } from '../certs-options.ts';
import { policyFrom } from '../judging.ts';
import type { Launch } from '../launch.ts';
import { exitCode, viewOf } from '../output.ts';
import { countLine } from '../progress.ts';
import { openReportFile } from '../report-file.ts';
import { bounded, familiesOf, resolverRoots, rootsOf, serverName, wholeNumber } from '../ride-options.ts';

type Targets = Awaited<ReturnType<typeof targetsOf>>;

export async function runCerts(
  typed: readonly string[],
  raw: Record<string, unknown>,
  launch: Launch,
): Promise<number> {
  const options = raw as unknown as CertsOptions;
  const targets = await targetsOf(typed, options, launch);
  if (targets.length === 0)
    throw new UsageError('nothing to look at', 'name targets, or a file of them with --list FILE');
  const policy = await policyFrom(options, null, launch);
  const files = await openFiles(options, launch);
  try {
    const report = await surveyed(targets, options, policy, launch);
    // First: an alert must not depend on whether somebody reads the report.
    await files.textfile?.write(await metricsOf(report));
    const text = await render(report, options, launch);
    if (files.output !== null) await files.output.write(text);
    else if (text !== '') await launch.io.out(text);
    return exitCode(report.verdict, options.failOn ?? (launch.surroundings.findingsFail ? 'warning' : 'never'));
  } finally {
    await files.discard();
  }
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

async function surveyed(targets: Targets, options: CertsOptions, policy: Policy, launch: Launch): Promise<CertsReport> {
  const beganMs = now();
  const startedAtMs = launch.io.wallClockMs();
  const collector = openCollector();
  const stop = new AbortController();
  const deadlineMs =
    options.deadline === undefined ? null : bounded(parseDuration(options.deadline, '--deadline'), '--deadline');
  const signal = deadlineMs === null ? stop.signal : AbortSignal.any([stop.signal, AbortSignal.timeout(deadlineMs)]);
  setMaxListeners(0, signal);
  const ignoreInterrupts = launch.io.onInterrupt(() => stop.abort());
  try {
    const tlsPolicy = await sweepAll(targets, collector, { options, policy, launch, signal, startedAtMs });
    const complete = !signal.aborted;
    const durationMs = now() - beganMs;
    const judgedWith = { tls: tlsPolicy as Json, severities: policy.severities };
    return assemble(collector.read(), {
      startedAtMs,
      asOfMs: startedAtMs,
      durationMs,
      complete,
      asked: targets.length,
      judgedWith,
    });
  } finally {
    ignoreInterrupts();
  }
}

interface Sweeping {
  readonly options: CertsOptions;
  readonly policy: Policy;
  readonly launch: Launch;
  readonly signal: AbortSignal;
  readonly startedAtMs: number;
}

/** @returns the policy that the certificates were judged by */
async function sweepAll(
  targets: Targets,
  collector: Collector,
  { options, policy, launch, signal, startedAtMs }: Sweeping,
): Promise<unknown> {
  const { surroundings } = launch;
  const tls = launch.probes.find(({ id }) => id === 'tls');
  if (tls === undefined) throw new Error('the tls probe is missing');
  const timeoutMs = bounded(parseDuration(options.timeout, '--timeout'), '--timeout');
  const meter = createMeter();
  const families = familiesOf(options);
  const given = options.resolver.map(parseResolver);
  const resolvers = given.length > 0 ? given : (surroundings.resolvers ?? (await systemResolvers()));
  const caPem = given.every(({ transport }) => transport === undefined) ? null : await resolverRoots(options, launch);
  const dns = openDnsClient({ resolvers, timeoutMs, meter, families, caPem });
  const roots = await rootsOf(options, launch);
  const look = await openLook({ caPem: roots.caPem, timeoutMs, meter });
  const defaults = await tls.defaults();
  const judging = {
    ...{
      tls,
      options: defaults.options,
      policy,
      asOfMs: startedAtMs,
      version: launch.version,
      quote: shellQuote,
      signal,
    },
    net: { now, dns },
  };
  const settings = {
    ...{ targets, families, firstAddress: options.firstAddress === true },
    concurrency: wholeNumber(options.concurrency, '--concurrency', 1, 4096),
    servername: options.sni === undefined ? null : serverName(options.sni),
  };
  const progress = countLine(launch.io, options.progress && options.quiet !== true, targets.length, 'targets');
  try {
    await sweep(settings, { look, lookup: (name, stop) => dns.lookup(name, stop), signal }, async (swept) => {
      collector.add(await judgeTarget(swept, judging));
      progress.step();
    });
  } finally {
    progress.clear();
    await dns.close();
  }
  const own = policy.probes['tls'];
  return own === undefined ? defaults.policy : (await tls.policy()).parse(own);
}

async function render(report: CertsReport, options: CertsOptions, { io }: Launch): Promise<string> {
  if (options.quiet === true) return '';
  switch (options.format) {
    case 'text': {
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
