// Owns `/probe` as blackbox_exporter answers it: parameters, their refusals in their order, one probe, its gauges or its debug page.

import { isIP } from 'node:net';
import type { AddressRanges } from '../model/address-ranges.ts';
import { canonicalHeader } from './config/client.ts';
import { type Quorum, quorumOf } from './config/extension.ts';
import type { BlackboxConfig, Module } from './config/modules.ts';
import { printModule } from './config/read.ts';
import { confirmed, isFlap } from './confirm.ts';
import { everyAddress, hostOf } from './every-address.ts';
import { CONTENT_TYPES, type Exposition, expose } from './gauges.ts';
import type { History, Result } from './history.ts';
import { resolverOf } from './own-resolver.ts';
import type { ResolveName } from './probe.ts';
import { askedName } from './query-name.ts';
import { type Outcome, type Run, type RunRoom, runProbe } from './run.ts';
import { probeTimeout } from './timeout.ts';

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What the handler is given beside the request. */
export interface ProbeRoom extends RunRoom {
  readonly config: BlackboxConfig;
  readonly history: History;
  readonly timeoutOffsetSeconds: number;
  /** Of the clouds: they tell zones. Null: none were given. */
  readonly networks: AddressRanges | null;
  readonly onUnknownModule: (name: string) => void;
  /** Absent: every probe is made here. */
  readonly elsewhere?: Elsewhere;
  /** A failure that a repeated attempt did not confirm. */
  readonly onFlap: (module: string) => void;
}

/** What came of a probe, wherever it was made. */
export interface Told {
  readonly success: boolean;
  readonly isFlap: boolean;
  readonly log: string;
  /** As text always, as OpenMetrics for who asked for it. */
  readonly exposed: (exposition: Exposition) => string;
}

/** A probe by a module as the file has it, which needs nothing but its name. */
export interface PlainAsk extends Omit<Run, 'module'> {
  readonly exposition: Exposition;
}

/** Has a probe made, in another thread or by `here`. */
export type Elsewhere = (ask: PlainAsk, signal: AbortSignal, here: () => Promise<Told>) => Promise<Told>;

export interface ProbeRequest {
  readonly query: URLSearchParams;
  /** `X-Prometheus-Scrape-Timeout-Seconds` */
  readonly scrapeTimeout: string | undefined;
  readonly exposition: Exposition;
}

const PLAIN = 'text/plain; charset=utf-8';

export async function answerProbe(request: ProbeRequest, room: ProbeRoom): Promise<Answer> {
  const { query } = request;
  const moduleName = query.get('module') ?? '';
  const name = moduleName === '' ? 'http_2xx' : moduleName;
  const given = room.config.modules.get(name);
  if (given === undefined) {
    room.onUnknownModule(name);
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
  const unsaid = hostname !== '' && isIP(hostOf(hostname)) === 0 ? room.allows(hostOf(hostname)) : null;
  if (unsaid !== null) return refusal(400, unsaid);
  const hosted = given.prober === 'http' && hostname !== '' ? withHost(given, hostname) : given;
  const module = typeof hosted === 'string' ? hosted : askedName(hosted, name, query.get('query_name'));
  if (typeof module === 'string') return refusal(400, module);
  const target = unescaped(asked);
  const quorum = quorumFor(module, query.get('quorum'));
  if (quorum === null) return refusal(400, 'Parameter quorum is not all, any or a number from 1');
  const run = { module, name, target, hostname: hostname === '' ? null : hostname, timeoutSeconds };
  const { exposition } = request;
  const isEvery = query.get('addresses') === 'all';
  const here = async (): Promise<Told> => toldOf(await probeAsWanted({ run, quorum, isEvery }, room));
  const elsewhere = module === given && !isEvery && isPlain(module) ? room.elsewhere : undefined;
  const ask = { name, target, hostname: run.hostname, timeoutSeconds, exposition };
  const { log, exposed, ...told } = await (elsewhere?.(ask, room.signal, here) ?? here());
  const { config } = room;
  const debug: Result['debug'] = (shown = (whole) => whole) => debugPage(config, name, exposed('text'), shown(log));
  // A flap is kept as long as a failure.
  const success = told.success && !told.isFlap;
  room.history.add({ module: name, target, debug, success, endedAtMs: room.wallClockMs() });
  if (query.get('debug') === 'true') return { status: 200, contentType: 'text/plain', body: debug() };
  return { status: 200, contentType: CONTENT_TYPES[exposition], body: exposed(exposition) };
}

/** Keys of our own need what only the agent has (networks, a count of flaps); the sequence of echoes is counted over all probes. */
function isPlain({ outrider, prober }: Module): boolean {
  return outrider === null && prober !== 'icmp';
}

function toldOf(outcome: Outcome): Told {
  const { success, gauges, log } = outcome;
  return { success, isFlap: isFlap(outcome), log, exposed: (exposition) => expose(gauges, exposition) };
}

type WantedRoom = RunRoom & Pick<ProbeRoom, 'networks' | 'onFlap'>;

interface Asked {
  readonly run: Run;
  readonly quorum: Quorum;
  readonly isEvery: boolean;
}

/** As the module's own keys want it: every address, failures repeated. */
export async function probeAsWanted({ run, quorum, isEvery }: Asked, room: WantedRoom): Promise<Outcome> {
  const { outrider } = run.module;
  const one = (module: Module, resolve: ResolveName, timeoutSeconds: number): Promise<Outcome> => {
    const attemptIn = (seconds: number): Promise<Outcome> =>
      runProbe({ ...run, module, timeoutSeconds: seconds }, { ...room, resolve });
    return outrider === null || outrider.confirm.times === 0
      ? attemptIn(timeoutSeconds)
      : confirmed(outrider.confirm, timeoutSeconds, room.signal, attemptIn);
  };
  const resolve = outrider === null ? room.resolve : resolverOf(outrider, room);
  const every = (isEvery || outrider?.all_addresses === true) && run.module.prober !== 'unix';
  const outcome = every
    ? await everyAddress({ ...run, quorum, networks: room.networks }, resolve, room.signal, one)
    : await one(run.module, resolve, run.timeoutSeconds);
  if (isFlap(outcome)) room.onFlap(run.name);
  return outcome;
}

/** The URL's word goes before the module's. */
export function quorumFor({ outrider }: Module, asked: string | null): Quorum | null {
  return asked === null || asked === '' ? (outrider?.quorum ?? 'all') : quorumOf(asked);
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

/** What a person is shown of one probe. @param metrics in the text format */
export function debugPage(config: BlackboxConfig, name: string, metrics: string, log: string): string {
  return [
    `Logs for the probe:\n${log}`,
    `Metrics that would have been returned:\n${metrics}`,
    `Module configuration:\n${printModule(config, name)}`,
  ].join('\n\n\n');
}

const refusal = (status: number, words: string): Answer => ({ status, contentType: PLAIN, body: `${words}\n` });
