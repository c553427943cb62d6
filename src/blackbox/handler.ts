// Owns `/probe` as blackbox_exporter answers it: parameters, their refusals in their order, one probe, its gauges or its debug page.

import { canonicalHeader } from './config/client.ts';
import type { BlackboxConfig, Module } from './config/modules.ts';
import { printModule } from './config/read.ts';
import { everyAddress, type Outcome, quorumOf } from './every-address.ts';
import { CONTENT_TYPES, type Exposition, expose, type Gauges } from './gauges.ts';
import type { History } from './history.ts';
import type { ResolveName } from './probe.ts';
import { type RunRoom, runProbe } from './run.ts';
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
  readonly onUnknownModule: () => void;
}

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
