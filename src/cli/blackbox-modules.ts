// Owns the modules of /probe on the command line: the file that they stand in, read and read again, and what its probes are given.
import { lookup } from 'node:dns';
import { addressPolicy } from '../agent/address-policy.ts';
import { blackboxRoutes } from '../agent/blackbox-routes.ts';
import { paced } from '../agent/log/paced.ts';
import { type Reloadable, reloadable } from '../agent/reloads.ts';
import type { Route } from '../agent/server.ts';
import type { BlackboxConfig } from '../blackbox/config/modules.ts';
import { Refusal, readBlackboxConfig } from '../blackbox/config/read.ts';
import { unsupported } from '../blackbox/config/unsupported.ts';
import { openHistory } from '../blackbox/history.ts';
import type { ResolveName } from '../blackbox/probe.ts';
import { parseDuration } from '../model/duration.ts';
import type { Attributes, LogLevel } from '../model/logfmt.ts';
import { UsageError } from '../model/usage-error.ts';
import type { LoggedLaunch } from './agent-targets.ts';
import { readText } from './input-file.ts';
import { systemRoots } from './roots.ts';

export interface ModuleOptions {
  readonly timeoutOffset: string;
  readonly historyLimit: string;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly quirks: boolean;
  readonly logProber: LogLevel;
}

/** Of each level in a minute. */
const MOST_PROBE_LINES = 200;
const MOST_CONFIG_BYTES = 16_777_216;

export interface Modules {
  readonly count: () => number;
  readonly config: () => BlackboxConfig;
  readonly route: Route;
  readonly reloadable: Reloadable;
  /** Times that a probe asked for a module that is not there. */
  readonly unknown: () => number;
}

/** @throws UsageError for a file or option that cannot be used */
export async function openModules(
  file: string,
  options: ModuleOptions,
  { io, version, log }: LoggedLaunch,
): Promise<Modules> {
  let config = await load(file);
  let unknown = 0;
  const again = reloadable(
    async () => {
      config = await load(file);
    },
    () => io.wallClockMs(),
    log,
    file,
  );
  // Who asks for all of it gets it; else an outage of ten thousand targets must not fill a disk.
  const most = options.logProber === 'debug' ? Number.POSITIVE_INFINITY : MOST_PROBE_LINES;
  const { debug } = log;
  const tellProbe = { debug, info: paced(log.info, most), warn: paced(log.warn, most), error: paced(log.error, most) };
  const room = {
    resolve: byTheSystem,
    allows: addressPolicy(options.allow, options.deny),
    rootsPem: await systemRoots(io.env),
    wallClockMs: () => io.wallClockMs(),
    userAgent: `Blackbox-Exporter/outrider-${version}`,
    quirks: options.quirks,
    env: io.env,
    timeoutOffsetSeconds: parseDuration(options.timeoutOffset, '--timeout-offset') / 1000,
    logLevel: options.logProber,
    onLine: (level: LogLevel, message: string, attributes: Attributes) => tellProbe[level](message, attributes),
    onUnknownModule: () => {
      log.debug('unknown module');
      unknown++;
    },
  };
  const history = openHistory(Number(options.historyLimit));
  return {
    count: () => config.modules.size,
    config: () => config,
    route: blackboxRoutes({ config: () => config, history, room, reload: () => again.reload() }),
    reloadable: again,
    unknown: () => unknown,
  };
}

async function load(file: string): Promise<BlackboxConfig> {
  const text = await readText(file, '--blackbox-config', MOST_CONFIG_BYTES);
  try {
    const config = readBlackboxConfig(text);
    const [first, ...more] = unsupported(config);
    if (first === undefined) return await permitted(file, config);
    throw new UsageError(
      `${file}: ${first}${more.length === 0 ? '' : ` (and ${more.length} more)`}`,
      'leave such modules to blackbox_exporter, or take the key out',
    );
  } catch (error) {
    if (error instanceof Refusal) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

/** Asked once, of the system: an icmp module that may send nothing would fail for ever, and look like an outage. @throws UsageError */
async function permitted(file: string, config: BlackboxConfig): Promise<BlackboxConfig> {
  const name = [...config.modules].find(([, { prober }]) => prober === 'icmp')?.[0];
  if (name === undefined) return config;
  const refusal = await (await import('../net/icmp/echo.ts')).echoRefusal();
  if (refusal === null) return config;
  throw new UsageError(`${file}: module ${name}: ${refusal.because}`, refusal.remedy);
}

/** As other programs of this machine look names up: files, search domains and all (getaddrinfo). */
export const byTheSystem: ResolveName = (name, family, signal) =>
  new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`lookup ${name}: i/o timeout`)), { once: true });
    lookup(name, { all: true, order: 'verbatim', family: family ?? 0 }, (error, addresses) => {
      if (error !== null)
        reject(new Error(`lookup ${name}: ${error.code === 'ENOTFOUND' ? 'no such host' : error.message}`));
      else resolve(addresses.map(({ address }) => address));
    });
  });
