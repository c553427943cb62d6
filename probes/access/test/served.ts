// Owns a real server in this process and a gather of the access probe against it, for tests.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AskedRequest } from '../../../src/contract/call.ts';
import type { SampleMore } from '../../../src/contract/net.ts';
import { type Endpoint, endpointId, parseTarget } from '../../../src/model/target.ts';
import type { IpAddress } from '../../../src/model/text.ts';
import { openCall } from '../../../src/net/call/call.ts';
import { now } from '../../../src/net/clock.ts';
import { createMeter } from '../../../src/net/meter.ts';
import { contextOf, type TraceScript, tracesOn } from '../../../test/support/traces.ts';
import { options as defaults } from '../defaults.ts';
import { accessEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';
import type { AccessOptions } from '../options.ts';

const servers: Server[] = [];
const closing: (() => Promise<unknown>)[] = [];

/** Ends what the last test began. */
export async function endServers(): Promise<void> {
  await Promise.all(closing.splice(0).map((close) => close()));
}

export async function serve(listener: RequestListener): Promise<Endpoint> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const address = '127.0.0.1' as IpAddress;
  return { id: endpointId(address, port), address, port, family: 4, zone: null, zoneSource: null, ttlSeconds: null };
}

export async function gathered(
  endpoint: Endpoint,
  options: AccessOptions = defaults,
  scripts: readonly TraceScript[] = [{ status: 200 }],
  request?: AskedRequest,
  sample?: SampleMore,
) {
  const target = parseTarget(`http://kms.example:${endpoint.port}/keys`);
  const meter = createMeter();
  const calls = openCall({
    ...{ target, servername: null, identity: null, http: 'negotiated', trust: { caPem: null, insecure: false } },
    ...{ timeoutMs: 5000, families: [4], userAgent: 'test', dns: { lookup: () => Promise.reject(new Error('asked')) } },
    ...{ originMs: now(), startedAtMs: Date.now(), headerBytes: 32_768, meter },
  });
  closing.push(() => calls.close());
  const attempt = await gather(
    contextOf(options, [endpoint], tracesOn(endpoint, scripts), {
      ...{
        target,
        net: { now, dns: undefined as never, call: calls.call, ...(sample === undefined ? {} : { sample }) },
      },
      ...(request === undefined ? {} : { request }),
    }),
  );
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  accessEvidence.parse(JSON.parse(JSON.stringify(attempt.value)));
  return { value: attempt.value, sent: meter.read() };
}

/** Afterwards nothing listens on that port. */
export async function stopOn(port: number): Promise<void> {
  const server = servers.find((each) => (each.address() as AddressInfo | null)?.port === port);
  await new Promise((resolve) => server?.close(resolve));
}
