// Owns the tests of one request beyond the ride: against real servers, over HTTP/1.1 and HTTP/2, in the clear and in TLS.
// Never asserts an absolute time.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { CallRecord, CallRequest } from '../../../contract/call.ts';
import { problem } from '../../../model/problem.ts';
import { Secret } from '../../../model/secret.ts';
import { parseTarget } from '../../../model/target.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import type { Lookup } from '../../../model/trace.ts';
import { UsageError } from '../../../model/usage-error.ts';
import { now } from '../../clock.ts';
import { createMeter } from '../../meter.ts';
import { endpointFor } from '../../sample/test/riding.ts';
import { listen, rootPem, serverIdentity, startTcp, startTls, type TestServer } from '../../sample/test/servers.ts';
import { type CallOptions, type OpenedCall, openCall } from '../call.ts';

const HOST = 'sampled.example';
const signal = new AbortController().signal;
const opened: OpenedCall[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

function lookupOf(addresses: readonly string[], failed: Lookup['problem'] = null): CallOptions['dns'] {
  const records = addresses.map((one) => ({ address: one as IpAddress, family: 4 as const, ttlSeconds: 30 }));
  const name = HOST as DnsName;
  const rest = { aliases: [], canonicalName: name, familyProblems: { ipv4: null, ipv6: null }, resolver: 'test' };
  return {
    lookup: () => Promise.resolve({ startMs: now(), durationMs: 1, ...rest, addresses: records, problem: failed }),
  };
}

function calling(change: Partial<CallOptions> = {}) {
  const meter = createMeter();
  const one = openCall({
    ...{ target: parseTarget(`https://${HOST}/`), servername: HOST as DnsName, identity: null, http: 'negotiated' },
    ...{ trust: { caPem: [rootPem], insecure: false }, timeoutMs: 5_000, families: [4, 6], userAgent: 'call-test' },
    ...{ dns: lookupOf([]), originMs: now(), startedAtMs: Date.now(), headerBytes: 32_768, meter },
    ...change,
  });
  opened.push(one);
  return { call: one.call, meter };
}

function requestTo(server: Pick<TestServer, 'address' | 'port'>, change: Partial<CallRequest> = {}, scheme = 'https') {
  return {
    ...{ url: `${scheme}://${HOST}:${server.port}/path?a=1`, method: 'GET', headers: [], body: null },
    ...{ endpoint: endpointFor(server), maxBodyBytes: 65_536, reach: 'any' as const },
    ...change,
  };
}

const outcome = ({ problem: failed, http }: CallRecord): string =>
  failed === null ? String(http?.status) : `${failed.code}@${failed.step}`;

/** Says what it was sent. */
function mirror(request: IncomingMessage, response: ServerResponse): void {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const { method, url, headers, httpVersion } = request;
    const body = Buffer.concat(parts).toString();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method, url, headers, httpVersion, body }));
  });
}

const kinds = [
  ['http', '1.1', (serve: RequestListener) => createServer(serve)],
  ['https', '1.1', (serve: RequestListener) => createTlsServer(serverIdentity, serve)],
  ['https', '2', (serve: RequestListener) => createSecureServer(serverIdentity, serve as never)],
] as const;

describe.each(kinds)('over %s, HTTP/%s', (scheme, version, create) => {
  const start = (serve: RequestListener): Promise<TestServer> => listen(create(serve));

  test('sends method, headers and body, and hands over what came', async () => {
    await using server = await start(mirror);
    const { call, meter } = calling();
    const headers = [
      ['authorization', new Secret('token', 'Bearer open-sesame')] as const,
      ['x-plain', 'yes'] as const,
    ];
    const record = await call(
      requestTo(server, { method: 'POST', headers, body: new Secret('body', '{"password":"hunter2"}') }, scheme),
      signal,
    );
    expect(outcome(record)).toBe('200');
    expect(record.http?.version).toBe(version);
    const said = JSON.parse(Buffer.from(record.body ?? []).toString());
    expect(said).toMatchObject({ method: 'POST', url: '/path?a=1', body: '{"password":"hunter2"}' });
    expect(said.headers).toMatchObject({ authorization: 'Bearer open-sesame', 'x-plain': 'yes' });
    const spans = ['connect', ...(scheme === 'https' ? ['tls'] : []), 'send', 'wait', 'receive', 'total'];
    expect(Object.keys(record.spans)).toEqual(spans);
    expect(record).toMatchObject({ reused: false, connection: null, unverified: null });
    expect(record.certificates.size).toBe(scheme === 'https' ? 2 : 0);
    expect(meter.read()).toMatchObject({ connections: 1, requests: 1 });
    expect(meter.read().bytesSent).toBeGreaterThan(50);
  });

  test('goes on on a kept connection, which is counted once', async () => {
    await using server = await start(mirror);
    const { call, meter } = calling();
    let connection: CallRecord['connection'] = null;
    for (let at = 0; at < 3; at++) {
      const record = await call(requestTo(server, { keep: true, connection }, scheme), signal);
      expect(outcome(record)).toBe('200');
      expect(record.reused).toBe(at > 0);
      expect('connect' in record.spans).toBe(at === 0);
      expect(record.spans.total?.durationMs).toBeGreaterThan(0);
      connection = record.connection;
      expect(connection?.isUsable()).toBe(true);
    }
    expect(server.taken()).toBe(1);
    expect(meter.read()).toMatchObject({ connections: 1, requests: 3 });
    connection?.close();
    const next = await call(requestTo(server, { connection }, scheme), signal);
    expect(next.reused).toBe(false);
    expect(server.taken()).toBe(2);
  });

  test('leaves a body in its coding, and cuts one that is too long', async () => {
    const bomb = gzipSync(Buffer.alloc(4_000_000));
    await using server = await start((_request, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(bomb);
    });
    const { call } = calling();
    const whole = await call(requestTo(server, {}, scheme), signal);
    expect(Buffer.from(whole.body ?? []).equals(bomb)).toBe(true);
    const cut = await call(requestTo(server, { maxBodyBytes: 100, keep: true }, scheme), signal);
    expect(cut.body?.byteLength).toBe(100);
    expect(cut.http).toMatchObject({ truncated: true, bodyBytes: 100 });
  });

  test('does not follow a redirect', async () => {
    await using server = await start((_request, response) => response.writeHead(302, { location: '/next' }).end());
    const record = await calling().call(requestTo(server, {}, scheme), signal);
    expect(record.http?.status).toBe(302);
    expect(record.http?.headers.filter(([name]) => /^location$/i.test(name as never))).toHaveLength(1);
  });

  test('an answer that never comes is a timeout, and a signal cuts it off', async () => {
    await using server = await start(() => undefined);
    expect(outcome(await calling({ timeoutMs: 300 }).call(requestTo(server, {}, scheme), signal))).toBe(
      'wait-timeout@wait',
    );
    const stop = new AbortController();
    const running = calling().call(requestTo(server, {}, scheme), stop.signal);
    stop.abort();
    expect((await running).problem?.code).toBe('cancelled');
  });
});

test('a kept connection that the server has closed is not used again', async () => {
  await using server = await listen(
    createServer((_request, response) => response.writeHead(200, { connection: 'close' }).end('bye')),
  );
  const { call } = calling();
  const first = await call(requestTo(server, { keep: true }, 'http'), signal);
  expect(first.connection).toBeNull();
  const second = await call(requestTo(server, { keep: true, connection: first.connection }, 'http'), signal);
  expect([outcome(second), second.reused]).toEqual(['200', false]);
});

test('requests to the target carry its trace headers, those to others do not', async () => {
  await using server = await listen(createServer(mirror));
  const { call } = calling({ tracing: { headers: ['traceparent'], sampled: true } });
  const own = await call(requestTo(server, {}, 'http'), signal);
  const sent = JSON.parse(Buffer.from(own.body ?? []).toString()).headers;
  expect(sent.traceparent).toBe(`00-${own.traceId}-${own.spanId}-01`);
  const strange = await call(requestTo(server, { url: `http://other.example:${server.port}/` }, 'http'), signal);
  expect(JSON.parse(Buffer.from(strange.body ?? []).toString()).headers).not.toHaveProperty('traceparent');
  expect(strange.traceId).toBeUndefined();
});

test('a kept connection is not used for another origin', async () => {
  await using one = await listen(createServer(mirror));
  await using other = await listen(createServer(mirror));
  const { call } = calling();
  const { connection } = await call(requestTo(one, { keep: true }, 'http'), signal);
  expect((await call(requestTo(other, { connection }, 'http'), signal)).reused).toBe(false);
});

const broken: readonly (readonly [string, (socket: Socket) => void, readonly string[]])[] = [
  ['resets', (socket) => socket.once('data', () => socket.resetAndDestroy()), ['reset@wait', 'reset@send']],
  ['closes', (socket) => socket.once('data', () => socket.end()), ['closed@wait']],
  ['answers nonsense', (socket) => socket.once('data', () => socket.write('nonsense\r\n\r\n')), ['http-protocol@wait']],
  [
    'sends endless headers',
    (socket) => socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`)),
    ['headers-too-large@wait'],
  ],
];
test.each(broken)('a server that %s is a problem, not a throw', async (_does, serve, expected) => {
  await using server = await startTcp(serve);
  const record = await calling().call(requestTo(server, { keep: true }, 'http'), signal);
  expect(expected).toContain(outcome(record));
  expect(record.connection).toBeNull();
});

test('a server that cannot be verified gets no secret and no body, unless told so', async () => {
  await using server = await startTls((socket) => socket.once('data', () => socket.end('HTTP/1.1 204 No\r\n\r\n')));
  const headers = [['authorization', new Secret('token', 'sesame')] as const];
  const distrusting = { trust: { caPem: [], insecure: false } };
  const insecure = { trust: { caPem: [], insecure: true } };
  const withheld = await calling(distrusting).call(requestTo(server, { headers }), signal);
  expect(outcome(withheld)).toBe('withheld@send');
  expect(withheld.unverified).toBe('UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
  expect(outcome(await calling(insecure).call(requestTo(server, { headers }), signal))).toBe('204');
  expect(outcome(await calling(distrusting).call(requestTo(server), signal))).toBe('204');
});

const lookups = [
  ['to the address that DNS gives', lookupOf(['127.0.0.61']), 'any', '200'],
  ['not inside when asked from outside', lookupOf(['127.0.0.61', '10.1.2.3']), 'public', 'out-of-reach@connect'],
  ['within a site when led there', lookupOf(['169.254.169.254', '127.0.0.61']), 'site', '200'],
  [
    'to no metadata when led there',
    lookupOf(['169.254.169.254', '100.100.100.200', '192.0.0.192', 'fd20:ce::254', '::ffff:6464:64c8']),
    'site',
    'out-of-reach@connect',
  ],
  ['nowhere for a name without address', lookupOf([], problem('nodata', 'resolve')), 'any', 'nodata@resolve'],
] as const;
test.each(lookups)('goes %s', async (_where, dns, reach, expected) => {
  await using server = await listen(createServer(mirror));
  const { endpoint: _, ...request } = requestTo(server, { reach }, 'http');
  const record = await calling({ dns }).call(request, signal);
  expect(outcome(record)).toBe(expected);
  expect(Object.keys(record.spans)[0]).toBe('resolve');
});

const unsendable: readonly Partial<CallRequest>[] = [
  { url: new Secret('url', 'ftp://secret-word.example/') },
  { url: new Secret('url', 'https://secret-word:x@a.example/') },
  { url: new Secret('url', 'https://a.example:0/secret-word') },
  { url: new Secret('url', 'secret-word') },
  { headers: [['x', new Secret('x', 'secret-word\r\ny: z')]] },
  { headers: [['content-length', '1']] },
  { method: 'CONNECT' },
];
test.each(unsendable)('what cannot be sent is a mistake that names no value: %o', async (change) => {
  const where = { address: '127.0.0.61', port: 9 };
  const failure: unknown = await calling()
    .call(requestTo(where, change), signal)
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UsageError);
  expect(`${String(failure)} ${(failure as UsageError).remedy}`).not.toContain('secret-word');
});
