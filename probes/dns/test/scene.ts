// Owns the scene of this probe's tests: a real resolver, real authorities on loopback addresses, and one gathering among them.
import type { Socket } from 'node:net';
import type { GatherContext } from '../../../src/contract/probe.ts';
import { parseTarget } from '../../../src/model/target.ts';
import type { DnsName } from '../../../src/model/text.ts';
import { now } from '../../../src/net/clock.ts';
import { openDnsClient } from '../../../src/net/dns/client.ts';
import { type Respond, startServer, type TestServer } from '../../../src/net/dns/test/servers.ts';
import { createMeter } from '../../../src/net/meter.ts';
import { gather } from '../gather.ts';
import { type DnsOptions, dnsOptionsSchema } from '../options.ts';

export interface Scene {
  readonly name: string;
  readonly resolver: Respond;
  /** By loopback address; an address that is not here has nobody listening. */
  readonly authorities: Readonly<Record<string, Respond>>;
  /** Those that hang up on TCP. */
  readonly noTcp?: readonly string[];
  readonly options?: Partial<DnsOptions>;
  readonly families?: readonly (4 | 6)[];
  readonly signal?: AbortSignal;
  /** Called when the authorities listen, with the port of all of them. */
  readonly ready?: (port: number) => Promise<void>;
}

/** The port that the first got may be taken at another's address: then all begin again with another. */
async function startAuthorities(stack: AsyncDisposableStack, scene: Scene): Promise<Record<string, TestServer>> {
  for (let attempt = 0; ; attempt++) {
    const started: Record<string, TestServer> = {};
    let port: number | undefined;
    try {
      for (const [address, respond] of Object.entries(scene.authorities)) {
        const tcp = scene.noTcp?.includes(address) === true ? { tcp: (socket: Socket) => void socket.destroy() } : {};
        const server = await startServer(respond, { address, ...(port === undefined ? {} : { port }), ...tcp });
        started[address] = server;
        port = server.server.port;
      }
      for (const server of Object.values(started)) stack.use(server);
      return started;
    } catch (error) {
      for (const server of Object.values(started)) await server[Symbol.asyncDispose]();
      if (attempt === 5) throw error;
    }
  }
}

export async function play(scene: Scene) {
  await using stack = new AsyncDisposableStack();
  const resolving = stack.use(await startServer(scene.resolver));
  const authorities = await startAuthorities(stack, scene);
  const port = Object.values(authorities)[0]?.server.port;
  if (port !== undefined) await scene.ready?.(port);
  const meter = createMeter();
  const client = openDnsClient({
    resolvers: [resolving.server],
    timeoutMs: 500,
    families: scene.families ?? [4, 6],
    meter,
  });
  const signal = scene.signal ?? new AbortController().signal;
  const target = parseTarget(scene.name);
  const context: GatherContext<DnsOptions> = {
    target,
    startedAtMs: 0,
    endpoints: [],
    lookup: await client.lookup(target.host as DnsName, new AbortController().signal),
    ride: { traces: [], lookups: [], certificates: new Map() },
    options: dnsOptionsSchema.parse({ authorityPort: port ?? 53, ...scene.options }),
    earlier: {},
    net: { now, dns: client },
    signal,
  };
  const attempt = await gather(context);
  return { attempt, context, authorities, port, budget: meter.read() };
}
