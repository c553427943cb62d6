// Owns where the agent answers: addresses as people write them, all of them or none listened on.
import type { BearerTokens } from '../agent/bearer-tokens.ts';
import { openGatekeeper } from '../agent/gatekeeper.ts';
import type { AgentLog } from '../agent/log/agent-log.ts';
import { paced } from '../agent/log/paced.ts';
import { type Listening, listen, OPEN, type Route, type Where } from '../agent/server.ts';
import type { WebConfig } from '../agent/web-config.ts';
import { ipAddress } from '../model/target.ts';
import { UsageError } from '../model/usage-error.ts';

/** @throws UsageError when one cannot be listened on; then none is */
export async function listenOn(
  places: readonly Where[],
  route: Route,
  given: WebConfig | undefined,
  tokens: BearerTokens | null,
  log: Pick<AgentLog, 'error'>,
): Promise<readonly Listening[]> {
  const servers: Listening[] = [];
  const web = given ?? OPEN;
  // One for all: a rate is that of the agent.
  const mayPass = openGatekeeper(web, () => performance.now(), tokens);
  const tell = paced(log.error);
  const onFault = (error: unknown, path: string): void =>
    tell('a fault of this program ended an answer', { path, err: error instanceof Error ? error.message : 'unknown' });
  try {
    for (const place of places) servers.push(await listen(place, route, web, mayPass, onFault));
    return servers;
  } catch (error) {
    await Promise.all(servers.map((server) => server.close(0)));
    throw error;
  }
}

export function written({ address, port }: Listening): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
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
