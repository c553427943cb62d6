// Owns `probe serve`: its options, its config, starting, reloading and ending. What it serves is the agent's.
import { lookup } from 'node:dns';
import { dirname, resolve as resolvePath } from 'node:path';
import { addressPolicy } from '../../agent/address-policy.ts';
import { blackboxRoutes } from '../../agent/blackbox-routes.ts';
import { listen } from '../../agent/server.ts';
import { readWebConfig, type WebConfig } from '../../agent/web-config.ts';
import type { BlackboxConfig } from '../../blackbox/config/modules.ts';
import { Refusal, readBlackboxConfig } from '../../blackbox/config/read.ts';
import { unsupported } from '../../blackbox/config/unsupported.ts';
import { openHistory } from '../../blackbox/history.ts';
import type { ResolveName } from '../../blackbox/probe.ts';
import { parseDuration } from '../../model/duration.ts';
import { ipAddress } from '../../model/target.ts';
import { UsageError } from '../../model/usage-error.ts';
import { readText } from '../input-file.ts';
import { EXIT } from '../io.ts';
import type { Launch } from '../launch.ts';
import { systemRoots } from '../roots.ts';

export interface ServeOptions {
  readonly blackboxConfig?: string;
  readonly webConfig?: string;
  readonly listen: string;
  readonly timeoutOffset: string;
  readonly historyLimit: string;
  readonly check?: true;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly quirks: boolean;
}

const MOST_CONFIG_BYTES = 16_777_216;
/** How long requests under way may take to end after a SIGTERM. */
const DRAIN_MS = 10_000;

export async function runServe(raw: Record<string, unknown>, launch: Launch): Promise<number> {
  const options = raw as unknown as ServeOptions;
  const file = options.blackboxConfig;
  if (file === undefined) throw new UsageError('probe serve: nothing to serve', 'give --blackbox-config FILE');
  let config = await load(file);
  const web = await webOf(options);
  if (options.check === true) {
    await launch.io.out(`${file}: ${config.modules.size} modules\n`);
    return EXIT.ok;
  }
  const where = parseListen(options.listen);
  const reload = async (): Promise<string | null> => {
    try {
      config = await load(file);
      return null;
    } catch (error) {
      if (error instanceof UsageError) return error.message;
      throw error;
    }
  };
  const history = openHistory(Number(options.historyLimit));
  const room = {
    resolve: byTheSystem,
    allows: addressPolicy(options.allow, options.deny),
    rootsPem: await systemRoots(launch.io.env),
    wallClockMs: () => launch.io.wallClockMs(),
    userAgent: `Blackbox-Exporter/outrider-${launch.version}`,
    quirks: options.quirks,
    timeoutOffsetSeconds: parseDuration(options.timeoutOffset, '--timeout-offset') / 1000,
    logLevel: 'info' as const,
    onUnknownModule: () => undefined,
  };
  const server = await listen(where, blackboxRoutes({ config: () => config, history, room, reload }), web);
  launch.io.err(
    `probe: listening on ${server.address.includes(':') ? `[${server.address}]` : server.address}:${server.port}\n`,
  );
  await new Promise<void>((resolve) => {
    launch.io.onInterrupt(resolve);
  });
  await server.close(DRAIN_MS);
  return EXIT.ok;
}

/** Undefined: in the clear, for everybody. */
async function webOf({ webConfig }: ServeOptions): Promise<WebConfig | undefined> {
  if (webConfig === undefined) return undefined;
  const text = await readText(webConfig, '--web-config', MOST_CONFIG_BYTES);
  try {
    return readWebConfig(text, dirname(resolvePath(webConfig)));
  } catch (error) {
    if (error instanceof Refusal) throw new UsageError(`${webConfig}: ${error.message}`);
    throw error;
  }
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
  const refusal = await (await import('../../net/icmp/echo.ts')).echoRefusal();
  if (refusal === null) return config;
  throw new UsageError(`${file}: module ${name}: ${refusal.because}`, refusal.remedy);
}

/** `ADDR:PORT`, `:PORT` (every address), `[V6]:PORT`. @throws UsageError */
export function parseListen(text: string): { readonly host: string; readonly port: number } {
  const found = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const host = found?.[1] ?? found?.[2] ?? '';
  const port = Number(found?.[3] ?? Number.NaN);
  if (found !== null && port < 65_536 && (host === '' || host === 'localhost' || ipAddress(host) !== null))
    return { host: host === '' ? '::' : host, port };
  throw new UsageError(`--listen: "${text}" is not ADDR:PORT`, 'for example 127.0.0.1:9115 or :9115 for every address');
}

/** As other programs of this machine look names up: files, search domains and all (getaddrinfo). */
const byTheSystem: ResolveName = (name, family, signal) =>
  new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`lookup ${name}: i/o timeout`)), { once: true });
    lookup(name, { all: true, order: 'verbatim', family: family ?? 0 }, (error, addresses) => {
      if (error !== null)
        reject(new Error(`lookup ${name}: ${error.code === 'ENOTFOUND' ? 'no such host' : error.message}`));
      else resolve(addresses.map(({ address }) => address));
    });
  });
