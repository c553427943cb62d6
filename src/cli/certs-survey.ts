// Owns one run of `probe certs` from options to report: files are read, targets are swept, what each shows is judged and collected.
import { setMaxListeners } from 'node:events';
import { assemble, type Collector, openCollector } from '../certs/assemble.ts';
import { findFiles } from '../certs/files/find.ts';
import { judgeFile } from '../certs/files/judge-file.ts';
import { readCertificateFile } from '../certs/files/read-file.ts';
import { type JudgeTargetContext, judgeTarget } from '../certs/judge-target.ts';
import type { EarlierReport } from '../certs/read-report.ts';
import { withChanges } from '../certs/since.ts';
import { type Swept, sweep } from '../certs/sweep.ts';
import type { FetchNamed } from '../contract/net.ts';
import type { AnyProbe } from '../contract/probe.ts';
import type { Policy } from '../journey/judge.ts';
import type { CertsReport } from '../model/certs.ts';
import { parseDuration } from '../model/duration.ts';
import type { Json } from '../model/json.ts';
import type { Target } from '../model/target.ts';
import { now } from '../net/clock.ts';
import { type OpenedDnsClient, openDnsClient } from '../net/dns/client.ts';
import { parseResolver } from '../net/dns/server-text.ts';
import { systemResolvers } from '../net/dns/system.ts';
import { createMeter, type Meter } from '../net/meter.ts';
import { openFetchNamed } from '../net/named/fetch-named.ts';
import { trustedRoots } from '../net/sample/roots.ts';
import { alpnOf, type Look, openLook } from '../net/tls/look.ts';
import { openHandshake } from '../net/tls/open-handshake.ts';
import { shellQuote } from '../report/escape/shell.ts';
import type { LifeThresholds } from '../x509/life.ts';
import { type CertsOptions, passwordsOf } from './certs-options.ts';
import type { Launch } from './launch.ts';
import { countLine } from './progress.ts';
import { bounded, familiesOf, resolverRoots, rootsOf, serverName, wholeNumber } from './ride-options.ts';
import { systemWords } from './system-words.ts';

/** Files that are open at once. */
const FILES_AT_ONCE = 16;

/** Everything that a run needs, looked at before anything is sent. */
interface Run {
  readonly targets: readonly Target[];
  readonly options: CertsOptions;
  readonly launch: Launch;
  readonly collector: Collector;
  readonly judging: Omit<JudgeTargetContext, 'net' | 'trustedRoots' | 'handshakeWith'>;
  /** Policy of the tls probe, its defaults filled in. */
  readonly tlsPolicy: unknown;
}

/** @throws UsageError for options that cannot be used, before anything is sent */
export async function survey(
  targets: readonly Target[],
  options: CertsOptions,
  policy: Policy,
  launch: Launch,
  earlier: EarlierReport | null = null,
): Promise<CertsReport> {
  const beganMs = now();
  const startedAtMs = launch.io.wallClockMs();
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...deadlineOf(options)]);
  setMaxListeners(0, signal);
  const ignoreInterrupts = launch.io.onInterrupt(() => stop.abort());
  try {
    const run = await prepare(targets, options, policy, launch, { signal, startedAtMs });
    const files = await readFiles(run);
    if (targets.length > 0) await sweepTargets(run);
    const seen = run.collector.read();
    const context = { severities: policy.severities, asOfMs: startedAtMs };
    return assemble(earlier === null ? seen : withChanges(seen, earlier, context), {
      ...{ startedAtMs, asOfMs: startedAtMs, durationMs: now() - beganMs },
      complete: !signal.aborted,
      asked: targets.length + files,
      judgedWith: { tls: run.tlsPolicy as Json, severities: policy.severities },
    });
  } finally {
    ignoreInterrupts();
  }
}

function deadlineOf({ deadline }: CertsOptions): readonly AbortSignal[] {
  return deadline === undefined
    ? []
    : [AbortSignal.timeout(bounded(parseDuration(deadline, '--deadline'), '--deadline'))];
}

async function prepare(
  targets: readonly Target[],
  options: CertsOptions,
  policy: Policy,
  launch: Launch,
  { signal, startedAtMs }: { readonly signal: AbortSignal; readonly startedAtMs: number },
): Promise<Run> {
  const tls = launch.probes.find(({ id }) => id === 'tls');
  if (tls === undefined) throw new Error('the tls probe is missing');
  const own = policy.probes['tls'];
  const tlsPolicy = own === undefined ? (await tls.defaults()).policy : (await tls.policy()).parse(own);
  const judging = {
    ...{ tls, options: await quietOptions(tls, options), policy, asOfMs: startedAtMs },
    ...{ version: launch.version, quote: shellQuote, signal, explain: options.explain === true },
  };
  return { targets, options, launch, collector: openCollector(), judging, tlsPolicy };
}

/** A sweep sends one handshake to each address, and nothing more unless asked. */
async function quietOptions(tls: AnyProbe, { revocation = false, bothKeys = false }: CertsOptions): Promise<unknown> {
  return {
    ...((await tls.defaults()).options as object),
    survey: false,
    handshakes: bothKeys ? 'key-types' : false,
    revocation,
  };
}

/** @returns how many files there were */
async function readFiles({ options, launch, collector, judging, tlsPolicy }: Run): Promise<number> {
  if (options.file.length + options.dir.length === 0) return 0;
  const passwords = await passwordsOf(options, launch);
  const explainBy = judging.explain ? trustedRoots((await rootsOf(options, launch)).caPem)() : null;
  const { asOfMs, policy, signal } = judging;
  const context = { thresholds: tlsPolicy as LifeThresholds, severities: policy.severities, asOfMs };
  const found = await Promise.all(
    options.dir.map(async (folder) => ({ folder, ...(await findFiles(folder, systemWords)) })),
  );
  const faults = found.flatMap((one) => one.faults);
  const empty = new Set(found.flatMap((one) => (one.faults.length > 0 ? [] : [one.folder])));
  const named = options.file.map((path) => ({ path, folder: null }));
  const paths = [...named, ...found.flatMap((one) => one.paths.map((path) => ({ path, folder: one.folder })))].values();
  let count = 0;
  const worker = async (): Promise<void> => {
    for (const { path, folder } of paths) {
      if (signal.aborted) return;
      const isFound = folder !== null;
      const read = await readCertificateFile(path, { passwords, isFound, asOfMs, explainBy, describe: systemWords });
      if (read.places.length > 0) count++;
      if (read.places.length > 0 && isFound) empty.delete(folder);
      collector.add({ ...read, problems: judgeFile(read, context) });
    }
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, worker));
  // What was moved or not mounted must not look well.
  if (!signal.aborted) faults.push(...[...empty].map((path) => ({ path, because: 'no certificate file is below it' })));
  for (const { path, because } of faults) {
    const place = {
      kind: 'file',
      id: path,
      path,
      entry: null,
      format: null,
      state: 'failed',
      chain: [],
      because,
    } as const;
    const read = { places: [place], certificates: {} };
    collector.add({ ...read, problems: judgeFile(read, context) });
  }
  return count + faults.length;
}

async function sweepTargets({ targets, options, launch, collector, judging }: Run): Promise<void> {
  const { look, dns, fetchNamed, roots, handshakeWith } = await openWire(options, launch);
  const settings = {
    ...{ targets, families: familiesOf(options), firstAddress: options.firstAddress === true },
    concurrency: wholeNumber(options.concurrency, '--concurrency', 1, 4096),
    servername: options.sni === undefined ? null : serverName(options.sni),
  };
  const progress = countLine(launch.io, options.progress && options.quiet !== true, targets.length, 'targets');
  const { signal } = judging;
  try {
    await sweep(settings, { look, lookup: (name, over) => dns.lookup(name, over), signal }, async (swept) => {
      collector.add(
        await judgeTarget(swept, { ...judging, trustedRoots: roots, handshakeWith, net: { now, dns, fetchNamed } }),
      );
      progress.step();
    });
  } finally {
    progress.clear();
    await dns.close();
  }
}

interface Wire {
  readonly look: Look;
  readonly dns: OpenedDnsClient;
  readonly fetchNamed: FetchNamed;
  readonly roots: () => readonly Uint8Array[];
  readonly handshakeWith: JudgeTargetContext['handshakeWith'];
}

async function openWire(options: CertsOptions, launch: Launch): Promise<Wire> {
  const meter = createMeter();
  const timeoutMs = bounded(parseDuration(options.timeout, '--timeout'), '--timeout');
  const { caPem } = await rootsOf(options, launch);
  const look = await openLook({ caPem, timeoutMs, meter });
  const dns = await openResolver(options, launch, { meter, timeoutMs });
  const asking = { dns, timeoutMs, meter, families: familiesOf(options), userAgent: `outrider/${launch.version}` };
  const handshakeWith = ({ target, servername }: Swept) => {
    const { host, port } = target;
    const starttls = target.starttls ?? null;
    return openHandshake({
      ...{ host, starttls, servername, timeoutMs, meter },
      alpn: alpnOf(port, starttls),
      identity: null,
    });
  };
  return {
    ...{ look, dns, roots: trustedRoots(caPem), fetchNamed: openFetchNamed(asking) },
    handshakeWith: options.bothKeys === true ? handshakeWith : null,
  };
}

async function openResolver(
  options: CertsOptions,
  launch: Launch,
  own: { readonly meter: Meter; readonly timeoutMs: number },
): Promise<OpenedDnsClient> {
  const given = options.resolver.map(parseResolver);
  const resolvers = given.length > 0 ? given : (launch.surroundings.resolvers ?? (await systemResolvers()));
  const isPlain = given.every(({ transport }) => transport === undefined);
  const caPem = isPlain ? null : await resolverRoots(options, launch);
  return openDnsClient({ ...own, resolvers, families: familiesOf(options), caPem });
}
