// Owns `/probe` as blackbox_exporter answers it: parameters, their refusals in their order, one probe, its gauges or its debug page.

import { canonicalHeader } from './config/client.ts';
import type { BlackboxConfig, Module } from './config/modules.ts';
import { printModule } from './config/read.ts';
import { everyAddress, type Outcome, quorumOf } from './every-address.ts';
import type { Failure } from './failure.ts';
import { CONTENT_TYPES, type Exposition, expose, Gauges, secondsSince } from './gauges.ts';
import type { History } from './history.ts';
import { type Level, openProbeLog } from './log.ts';
import type { ProbeContext, Prober, ResolveName } from './probe.ts';
import { probers } from './probers/by-name.ts';
import { probeTimeout } from './timeout.ts';

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What the handler is given beside the request. */
export interface ProbeRoom
  extends Pick<ProbeContext, 'resolve' | 'allows' | 'rootsPem' | 'wallClockMs' | 'userAgent' | 'quirks' | 'env'> {
  readonly config: BlackboxConfig;
  readonly history: History;
  readonly timeoutOffsetSeconds: number;
  /** Of the lines on the debug page. */
  readonly logLevel: Level;
  readonly onUnknownModule: () => void;
  /** Ends when the caller has gone. */
  readonly signal: AbortSignal;
}

export interface ProbeRequest {
  readonly query: URLSearchParams;
  /** `X-Prometheus-Scrape-Timeout-Seconds` */
  readonly scrapeTimeout: string | undefined;
  readonly exposition: Exposition;
}

const PLAIN = 'text/plain; charset=utf-8';
/** setTimeout's own bound. */
const MOST_MS = 2_147_483_647;

export async function answerProbe(request: ProbeRequest, room: ProbeRoom): Promise<Answer> {
  const { query } = request;
  const moduleName = query.get('module') ?? '';
  const name = moduleName === '' ? 'http_2xx' : moduleName;
  const given = room.config.modules.get(name);
  if (given === undefined) {
    room.onUnknownModule();
    return refusal(400, `Unknown module ${JSON.stringify(name)}`);
  }
  const timeoutSeconds = probeTimeout(request.scrapeTimeout, given.timeout, room.timeoutOffsetSeconds);
  if (timeoutSeconds === null)
    return refusal(
      500,
      `Failed to parse timeout from Prometheus header: strconv.ParseFloat: parsing ${JSON.stringify(request.scrapeTimeout)}: invalid syntax`,
    );
  const asked = query.get('target') ?? '';
  if (asked === '') return refusal(400, 'Target parameter is missing');
  const hostname = query.get('hostname') ?? '';
  const module = given.prober === 'http' && hostname !== '' ? withHost(given, hostname) : given;
  if (typeof module === 'string') return refusal(400, module);
  const target = unescaped(asked);
  const quorum = quorumOf(query.get('quorum'));
  if (quorum === null) return refusal(400, 'Parameter quorum is not all, any or a number from 1');
  const run = { name, target, hostname: hostname === '' ? null : hostname, timeoutSeconds };
  const one = (alone: Module, resolve: ResolveName): Promise<Outcome> =>
    runProbe({ ...run, module: alone }, { ...room, resolve });
  const every =
    query.get('addresses') === 'all' && module.prober !== 'unix'
      ? await everyAddress({ target, module, quorum }, room.resolve, room.signal, one)
      : null;
  const { gauges, success, log } = every ?? (await one(module, room.resolve));
  const debug = (): string => debugPage(room.config, name, gauges, log);
  room.history.add({ module: name, target, debug, success });
  if (query.get('debug') === 'true') return { status: 200, contentType: 'text/plain', body: debug() };
  return { status: 200, contentType: CONTENT_TYPES[request.exposition], body: expose(gauges, request.exposition) };
}

interface Run {
  readonly module: Module;
  readonly name: string;
  readonly target: string;
  readonly hostname: string | null;
  readonly timeoutSeconds: number;
}

async function runProbe({ module, name, target, hostname, timeoutSeconds }: Run, room: ProbeRoom): Promise<Outcome> {
  const gauges = new Gauges();
  const log = openProbeLog(room.logLevel, { module: name, target }, room.wallClockMs);
  const succeeded = gauges.gauge('probe_success', 'Displays whether or not the probe was a success');
  const took = gauges.gauge('probe_duration_seconds', 'Returns how long the probe took to complete in seconds');
  const bound = gauges.gauge('probe_timeout_seconds', 'Returns how long the probe timeout is in seconds');
  log.debug('Beginning probe', { probe: module.prober, timeout_seconds: timeoutSeconds });
  const startMs = performance.now();
  const timeoutMs = Math.min(MOST_MS, Math.max(0, timeoutSeconds * 1000));
  const { resolve, allows, rootsPem, wallClockMs, userAgent, quirks, env } = room;
  const prober: Prober = await probers[module.prober]();
  let failure: Failure | null = null;
  const fail = (told: Failure): void => {
    failure ??= told;
  };
  const success = await withBound(timeoutMs, room.signal, (signal) =>
    prober({
      ...{
        target,
        module,
        hostname,
        gauges,
        log,
        resolve,
        allows,
        rootsPem,
        wallClockMs,
        userAgent,
        quirks,
        env,
        signal,
        fail,
      },
      deadlineMs: startMs + timeoutMs,
    }),
  );
  const durationSeconds = secondsSince(startMs);
  took.set(durationSeconds);
  bound.set(timeoutSeconds);
  succeeded.set(success ? 1 : 0);
  if (!success) tellFailure(gauges, failure ?? UNSAID);
  if (success) log.debug('Probe succeeded', { duration_seconds: durationSeconds });
  else log.error('Probe failed', { duration_seconds: durationSeconds });
  return { gauges, success, log: log.text() };
}

const UNSAID: Failure = { phase: 'answer', reason: 'unexpected', fault: 'target' };

function tellFailure(gauges: Gauges, { phase, reason, fault }: Failure): void {
  gauges
    .labelled('probe_failure_info', 'Where on its way the probe failed, why, and whose fault that is', {
      phase,
      reason,
      fault,
    })
    .set(1);
}

async function withBound<T>(ms: number, outer: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const bound = new AbortController();
  const stop = (): void => bound.abort();
  const timer = setTimeout(stop, ms);
  outer.addEventListener('abort', stop, { once: true });
  if (ms === 0 || outer.aborted) stop();
  try {
    return await run(bound.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', stop);
  }
}

/** @returns why not, when the module names another host */
function withHost(module: Module, hostname: string): Module | string {
  for (const [name, value] of module.http.headers) {
    if (canonicalHeader(name) === 'Host' && value !== hostname)
      return `host header defined both in module configuration (${value}) and with URL-parameter 'hostname' (${hostname})`;
  }
  return { ...module, http: { ...module.http, headers: new Map([...module.http.headers, ['Host', hostname]]) } };
}

/** Decoded a second time, as the exporter does; what cannot be stays as it is. */
function unescaped(target: string): string {
  try {
    return decodeURIComponent(target.replaceAll('+', ' '));
  } catch {
    return target;
  }
}

function debugPage(config: BlackboxConfig, name: string, gauges: Gauges, log: string): string {
  return [
    `Logs for the probe:\n${log}`,
    `Metrics that would have been returned:\n${expose(gauges, 'text')}`,
    `Module configuration:\n${printModule(config, name)}`,
  ].join('\n\n\n');
}

const refusal = (status: number, words: string): Answer => ({ status, contentType: PLAIN, body: `${words}\n` });
