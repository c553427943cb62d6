// Owns the tests of what the access probe asks once beyond the ride: against a real server.
import { afterEach, describe, expect, test } from 'vitest';
import type { TraceScript } from '../../../test/support/traces.ts';
import { options as defaults } from '../defaults.ts';
import type { AccessOptions } from '../options.ts';
import { endServers, gathered, serve } from './served.ts';

afterEach(endServers);

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
  const only: AccessOptions = { ...defaults, preflight: false, tryTrace: true };
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
