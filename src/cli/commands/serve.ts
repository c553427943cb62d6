// Owns `probe serve`: its options, its configs, starting, reloading and ending. What it serves is the agent's.
import { dirname, resolve as resolvePath } from 'node:path';
import { type AgentPages, agentRoutes } from '../../agent/agent-routes.ts';
import { openJourneyModule } from '../../agent/journey-module.ts';
import { openAgentLog } from '../../agent/log/agent-log.ts';
import { watchLoopDelay } from '../../agent/loop-delay.ts';
import { prefixOf, underPrefix } from '../../agent/route-prefix.ts';
import type { Route, Where } from '../../agent/server.ts';
import { parseShard } from '../../agent/shard.ts';
import { readWebConfig, type WebConfig } from '../../agent/web-config.ts';
import type { BlackboxConfig } from '../../blackbox/config/modules.ts';
import { printBlackboxConfig, Refusal } from '../../blackbox/config/read.ts';
import { parseDuration } from '../../model/duration.ts';
import type { LogFormat, LogLevel } from '../../model/logfmt.ts';
import { UsageError } from '../../model/usage-error.ts';
import { type LoadedAgent, loadAgent } from '../agent-config.ts';
import { openTargets, ridingRoomOf, type Targets } from '../agent-targets.ts';
import { type Asking, type AskingOptions, openAsking } from '../asking.ts';
import { reloadOnChange } from '../auto-reload.ts';
import { type Modules, openModules } from '../blackbox-modules.ts';
import { seconds } from '../exporter-flags.ts';
import { readText } from '../input-file.ts';
import { EXIT } from '../io.ts';
import type { Launch, LoggedLaunch } from '../launch.ts';
import { listenOn, parseListen, written } from '../listen-address.ts';
import { type ModuleOptions, type ModuleRoom, openModuleRoom } from '../module-room.ts';
import { sectionsOf } from '../output.ts';
import { LISTEN } from '../serve-defaults.ts';

export interface ServeOptions extends ModuleOptions, AskingOptions {
  readonly config?: string;
  readonly blackboxConfig?: string;
  readonly webConfig?: string;
  readonly listen: readonly string[];
  readonly systemdSocket?: true;
  readonly externalUrl?: string;
  readonly routePrefix?: string;
  readonly autoReload?: string;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly shard?: string;
  readonly enableReload?: true;
  readonly check?: true;
}

/** How long requests and journeys under way may take to end after a SIGTERM. */
const DRAIN_MS = 10_000;
/** How long a slow reader of the log is waited for at the end. */
const LAST_WORDS_MS = 1000;
const MOST_WEB_CONFIG_BYTES = 16_777_216;

/** @param defaults of the options of a ride, as the command line has them */
export async function runServe(
  raw: Record<string, unknown>,
  defaults: Readonly<Record<string, unknown>>,
  launch: Launch,
): Promise<number> {
  const options = { ...raw, timeoutOffset: seconds(String(raw['timeoutOffset'])) } as unknown as ServeOptions;
  const { config, blackboxConfig } = options;
  if (config === undefined && blackboxConfig === undefined)
    throw new UsageError('probe serve: nothing to serve', 'give --config FILE, --blackbox-config FILE, or both');
  const logged = await withLog(options, launch);
  try {
    return await run(options, defaults, logged);
  } catch (error) {
    throw await toldOnce(error, options, logged);
  }
}

/** Who reads documents gets the refusal as one, and not a second time in words. */
async function toldOnce(error: unknown, { logFormat, check }: ServeOptions, { log }: LoggedLaunch): Promise<unknown> {
  if (!(error instanceof UsageError) || logFormat !== 'json' || check === true) return error;
  log.error('not started', { err: error.message, ...(error.remedy === null ? {} : { remedy: error.remedy }) });
  await log.flush(LAST_WORDS_MS);
  return new UsageError('', null);
}

async function run(
  options: ServeOptions,
  defaults: Readonly<Record<string, unknown>>,
  launch: LoggedLaunch,
): Promise<number> {
  const { config, blackboxConfig } = options;
  const shard = options.shard === undefined ? null : parseShard(options.shard);
  const moduleRoom = await openModuleRoom(options, launch);
  const modules = blackboxConfig === undefined ? null : await openModules(blackboxConfig, options, moduleRoom, launch);
  const otherModules = (): BlackboxConfig | null => modules?.config() ?? null;
  const load = (file: string): Promise<LoadedAgent> => loadAgent(file, defaults, otherModules, launch);
  const loaded = config === undefined ? null : await load(config);
  const web = await webOf(options);
  let targets: Targets | null = null;
  const asking = await openAsking(options, web, () => targets, defaults, launch);
  if (options.check === true) {
    if (loaded !== null) await launch.io.out(`${config ?? ''}: ${loaded.targets.length} targets\n`);
    if (modules !== null) await launch.io.out(`${blackboxConfig ?? ''}: ${modules.count()} modules\n`);
    return EXIT.ok;
  }
  const places = placesOf(options, launch);
  if (config !== undefined && loaded !== null)
    targets = openTargets(loaded, { file: config, load: () => load(config), shard, otherModules, moduleRoom }, launch);
  tellStart({ options, modules, moduleRoom, targets, web, asking }, loaded, launch);
  await serve(places, { options, modules, moduleRoom, targets, web, asking }, launch);
  await launch.log.flush(LAST_WORDS_MS);
  return EXIT.ok;
}

async function withLog({ logLevel, logFormat }: ServeOptions, launch: Launch): Promise<LoggedLaunch> {
  const { io } = launch;
  const wallClockMs = (): number => io.wallClockMs();
  const log = openAgentLog({
    level: logLevel,
    format: logFormat,
    sink: await io.logSink(),
    wallClockMs,
    isJournal: io.stderrIsJournal,
  });
  // Whatever else speaks on standard error speaks in the log.
  const err = (text: string): void => log.warn(text.replace(/^probe: /, '').trimEnd());
  return { ...launch, io: { ...io, err }, log };
}

function tellStart(
  { options, modules, web }: Served,
  loaded: LoadedAgent | null,
  { log, version }: LoggedLaunch,
): void {
  const { config = '', blackboxConfig = '', webConfig = '' } = options;
  log.info('starting', { version });
  if (loaded !== null)
    log.info('config loaded', { file: config, targets: loaded.targets.length, places: loaded.sources.length });
  if (modules !== null) log.info('config loaded', { file: blackboxConfig, modules: modules.count() });
  if (web !== undefined) log.info('config loaded', { file: webConfig, tls: web.tls !== null, users: web.users.size });
}

interface Served {
  readonly options: ServeOptions;
  readonly modules: Modules | null;
  readonly moduleRoom: ModuleRoom;
  readonly targets: Targets | null;
  /** Undefined: in the clear, for everybody. */
  readonly web: WebConfig | undefined;
  readonly asking: Asking;
}

async function serve(places: readonly Where[], served: Served, launch: LoggedLaunch): Promise<void> {
  const { io, log } = launch;
  const { options, targets, web, asking } = served;
  const delay = watchLoopDelay();
  const state = { isReady: false };
  const { prefix, home } = prefixOf(options.externalUrl ?? '', options.routePrefix ?? '');
  const route = await routeOf(served, { delay, isReady: () => state.isReady }, launch);
  const servers = await listenOn(places, underPrefix(route, prefix, home), web, asking.tokens, log);
  const ignoreHangups = io.onHangup(() => {
    void reloadAll(served);
  });
  // Not before somebody can be told of them.
  targets?.begin();
  state.isReady = true;
  for (const server of servers) log.info(`listening on ${written(server)}`);
  const stopLooking = watch(served);
  await new Promise<void>((resolve) => {
    io.onInterrupt(resolve);
  });
  state.isReady = false;
  const [journeys, underWay] = [targets?.agent.state().underWay ?? 0, targets?.probing.state().underWay ?? 0];
  log.info('ending: what is under way may end', { journeys, probes: underWay, seconds: DRAIN_MS / 1000 });
  stopLooking();
  targets?.end();
  const closing = servers.map((server) => server.close(DRAIN_MS));
  const riding = [targets?.agent.close(DRAIN_MS), targets?.probing.close(DRAIN_MS)];
  await Promise.all([...closing, ...riding, asking.journeys.close(DRAIN_MS)]);
  await served.modules?.threads.close();
  ignoreHangups();
  delay.stop();
  log.info('ended');
}

function placesOf({ listen, systemdSocket }: ServeOptions, { io }: Launch): readonly Where[] {
  if (systemdSocket === undefined) return (listen.length === 0 ? [LISTEN] : listen).map(parseListen);
  const sockets = io.inheritedSockets();
  if (sockets.length > 0) return sockets.map((fd) => ({ fd }));
  throw new UsageError('--systemd-socket: no socket was handed over', 'start it by a socket unit of systemd');
}

/** @returns what ends it */
function watch({ options: { config, blackboxConfig, autoReload }, targets, modules }: Served): () => void {
  if (autoReload === undefined) return () => undefined;
  const watched = [
    { file: config, reloadable: targets?.reloadable },
    { file: blackboxConfig, reloadable: modules?.reloadable },
  ].flatMap(({ file, reloadable }) => (file === undefined || reloadable === undefined ? [] : [{ file, reloadable }]));
  return reloadOnChange(watched, parseDuration(seconds(autoReload), '--auto-reload'));
}

/** Modules first: targets may name new ones. Each says by itself why it was refused; a fault of ours must not end the others. */
async function reloadAll({ modules, targets }: Served): Promise<void> {
  await Promise.allSettled([modules?.reloadable.reload()]);
  await Promise.allSettled([targets?.reloadable.reload()]);
}

async function routeOf(
  served: Served,
  { delay, isReady }: { readonly delay: ReturnType<typeof watchLoopDelay>; readonly isReady: () => boolean },
  launch: LoggedLaunch,
): Promise<Route> {
  const { options, modules, moduleRoom, targets, asking } = served;
  const { io, probes, version, log } = launch;
  const { collectProcessMetrics } = await import('../../metrics/process-metrics.ts');
  const [agent, probing] = [targets?.agent ?? null, targets?.probing ?? null];
  return agentRoutes({
    ...{ agent, probing },
    scrape: {
      ...{ agent, probing, version, delay },
      reloads: () => ({
        targets: targets?.reloadable.state() ?? null,
        modules: modules?.reloadable.state() ?? null,
      }),
      discovery: () => targets?.discovery() ?? null,
      unknownModules: () => modules?.unknown() ?? 0,
      probeThreads: () => modules?.threads.count() ?? 0,
      logCounts: () => log.counts(),
      asking: () => ({ ...asking.clients.state(), outcomes: asking.outcomes }),
      flaps: () => moduleRoom.flaps([modules?.config() ?? null, targets?.modules() ?? null]),
      processMetrics: collectProcessMetrics(),
    },
    reloadable: targets?.reloadable ?? null,
    takesReload: options.enableReload === true,
    config: () => shownConfig(options, targets, modules),
    isReady,
    wallClockMs: () => io.wallClockMs(),
    html: async (journey) => {
      const { htmlReporter } = await import('../../report/html.ts');
      const view = { columns: 80, colour: false, verbose: true, quiet: false };
      return htmlReporter.render(journey, await sectionsOf(journey, probes), view);
    },
    journey: journeyModuleOf(served, launch),
    asking,
    hasModule: (name) => modules?.config().modules.has(name) ?? false,
    below: modules?.route ?? null,
  });
}

function journeyModuleOf({ options, asking }: Served, launch: Launch): AgentPages['journey'] {
  return openJourneyModule({
    ...{ configured: asking.configured, strangers: asking.strangers, riding: ridingRoomOf(launch) },
    timeoutOffsetSeconds: parseDuration(options.timeoutOffset, '--timeout-offset') / 1000,
  });
}

/** Both files, secrets covered. */
async function shownConfig(
  { config = '' }: ServeOptions,
  targets: Targets | null,
  modules: Modules | null,
): Promise<string> {
  const { maskedConfig } = await import('../../config/agent/masked.ts');
  const shown = [
    ...(targets === null ? [] : [await maskedConfig(targets.text(), config)]),
    ...(modules === null ? [] : [printBlackboxConfig(modules.config())]),
  ];
  return shown.join('---\n');
}

async function webOf({ webConfig }: ServeOptions): Promise<WebConfig | undefined> {
  if (webConfig === undefined) return undefined;
  const text = await readText(webConfig, '--web-config', MOST_WEB_CONFIG_BYTES);
  try {
    return readWebConfig(text, dirname(resolvePath(webConfig)));
  } catch (error) {
    if (error instanceof Refusal) throw new UsageError(`${webConfig}: ${error.message}`);
    throw error;
  }
}
