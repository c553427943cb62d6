// Owns the tests of what the access probe asks beyond the ride: against a real server.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { AskedRequest } from '../../../src/contract/call.ts';
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

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function serve(listener: RequestListener): Promise<Endpoint> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  const address = '127.0.0.1' as IpAddress;
  return { id: endpointId(address, port), address, port, family: 4, zone: null, zoneSource: null, ttlSeconds: null };
}

async function gathered(
  endpoint: Endpoint,
  options: AccessOptions = defaults,
  scripts: readonly TraceScript[] = [{ status: 200 }],
  request?: AskedRequest,
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
      ...{ target, net: { now, dns: undefined as never, call: calls.call } },
      ...(request === undefined ? {} : { request }),
    }),
  );
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  accessEvidence.parse(JSON.parse(JSON.stringify(attempt.value)));
  return { value: attempt.value, sent: meter.read() };
}

describe('the preflight', () => {
  test('is one OPTIONS request of a made-up origin, with nothing of the caller in it', async () => {
    const seen: unknown[] = [];
    const endpoint = await serve(({ method, url, headers }, response) => {
      seen.push([method, url, headers['origin'], headers['access-control-request-method'], headers['x-key']]);
      response.writeHead(204, { Allow: 'GET, HEAD, OPTIONS', 'Access-Control-Allow-Methods': 'GET' }).end();
    });
    const request = { method: 'POST', headers: [['X-Key', 'mine']], body: null } as const;
    const { value, sent } = await gathered(endpoint, defaults, [{ status: 200 }], request);
    expect(seen).toEqual([['OPTIONS', '/keys', 'https://outrider.invalid', 'POST', undefined]]);
    expect(sent).toMatchObject({ requests: 1, connections: 1 });
    expect(value.preflight).toMatchObject({
      ...{ status: 204, allow: ['GET', 'HEAD', 'OPTIONS'], allowMethods: ['GET'], origins: 'none', credentials: false },
    });
  });

  test.each([
    ['https://outrider.invalid', 'true', 'reflected', true],
    ['*', 'true', 'any', true],
    ['*', null, 'any', false],
    ['null', 'true', 'null', true],
    ['https://app.example', 'True', 'others', false],
  ] as const)('reads Access-Control-Allow-Origin %s, credentials %s', async (origin, credentials, origins, allowed) => {
    const endpoint = await serve((_, response) => {
      response.setHeader('access-control-allow-origin', origin);
      if (credentials !== null) response.setHeader('access-control-allow-credentials', credentials);
      response.end();
    });
    const { value } = await gathered(endpoint);
    expect(value.preflight).toMatchObject({ origins, credentials: allowed });
  });

  test.each<[string, AccessOptions, readonly TraceScript[]]>([
    ['switched off', { ...defaults, preflight: false }, [{ status: 200 }]],
    ['no answer in the ride', defaults, []],
    ['a caller who is throttled', defaults, [{ status: 200 }, { status: 429 }]],
  ])('is not sent with %s', async (_, options, scripts) => {
    const endpoint = await serve((__, response) => void response.end());
    const { value, sent } = await gathered(endpoint, options, scripts);
    expect(value.preflight).toBeUndefined();
    expect(sent.requests).toBe(0);
  });

  test('says why there is no answer', async () => {
    const endpoint = await serve((request) => request.socket.destroy());
    expect((await gathered(endpoint)).value.preflight).toMatchObject({ status: null, origins: 'none' });
  });
});

describe('TRACE', () => {
  const only: AccessOptions = { preflight: false, tryTrace: true };
  test('is told by its echo', async () => {
    const endpoint = await serve(({ method, url }, response) => {
      response
        .writeHead(200, { 'content-type': 'message/http' })
        .end(`${method} ${url} HTTP/1.1\r\nx-internal: 1\r\n\r\n`);
    });
    expect((await gathered(endpoint, only)).value.trace).toMatchObject({ status: 200, echoed: true });
  });
  test('answered as if it were GET is no echo', async () => {
    const endpoint = await serve((_, response) => void response.end('hello'));
    expect((await gathered(endpoint, only)).value.trace).toMatchObject({ status: 200, echoed: false });
  });
});
