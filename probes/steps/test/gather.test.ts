// Owns the tests of going through steps against real servers: captures, redirects, cookies, codings, assertions, and that no secret is kept.
// Never asserts an absolute time.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/model/secret.ts';
import { SecretText } from '../../../src/model/secret-text.ts';
import { visible } from '../../../src/model/text.ts';
import { listen, serverIdentity, type TestServer } from '../../../src/net/sample/test/servers.ts';
import { goThrough, HOST, outcomesOf, recordOf } from './riding.ts';

type Serve = (request: IncomingMessage, response: ServerResponse, body: string) => void;

function withBody(serve: Serve) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => serve(request, response, Buffer.concat(parts).toString()));
  };
}
const plain = (serve: Serve): Promise<TestServer> => listen(createServer(withBody(serve)));
const secured = (serve: Serve): Promise<TestServer> => listen(createTlsServer(serverIdentity, withBody(serve)));
const overH2 = (serve: Serve): Promise<TestServer> =>
  listen(createSecureServer(serverIdentity, withBody(serve) as never));
const urlOf = ({ port }: TestServer, scheme = 'http', host = HOST): string => `${scheme}://${host}:${port}/`;

const CANARY = 'canary "7b"/?&=';
const secretText = (before = '') => new SecretText([before, new Secret('PASSWORD', CANARY)]);

/** Log in, create, read back: by token, by cookie, by id. Repeats what it is told. */
const keys: Serve = (request, response, body) => {
  const reply = (status: number, value: unknown): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const { url = '', method, headers } = request;
  if (url === '/login') {
    const { password } = JSON.parse(body) as { readonly password: string };
    response.setHeader('set-cookie', [
      'session=cookie-canary-1; Path=/; HttpOnly',
      'other=1; Domain=elsewhere.example',
    ]);
    reply(password === CANARY ? 200 : 401, { token: 'token/canary+2', echo: password });
    return;
  }
  const isKnown = headers.authorization === 'Bearer token/canary+2' && headers.cookie === 'session=cookie-canary-1';
  if (!isKnown) reply(403, { error: 'who are you', headers });
  else if (method === 'POST') reply(201, { id: 'a/b' });
  else if (url === '/keys/a%2Fb') reply(200, { id: 'a/b', alias: 'probe', n: 7, headers });
  else reply(404, { url });
};

const login = {
  name: 'log in',
  url: '/login',
  json: { password: secretText() },
  capture: { token: { json: '$.token' } },
};
const authorization = { Authorization: 'Bearer {{token}}' };
const create = {
  name: 'create',
  url: '/keys',
  headers: authorization,
  json: { alias: 'probe' },
  capture: { id: { json: '$.id' } },
};
const read = { name: 'read back', url: '/keys/{{id}}', headers: authorization };

describe.each([
  ['http', '1.1', plain],
  ['https', '1.1', secured],
  ['https', '2', overH2],
] as const)('over %s, HTTP/%s', (scheme, version, start) => {
  test('values go from one answer into the next request, on one connection, and into no record', async () => {
    await using server = await start(keys);
    const assert = [{ status: 200, json: { path: '$.alias', equals: 'probe' }, protocol: { http: version } }];
    const { attempt, sent } = await goThrough(urlOf(server, scheme), { steps: [login, create, { ...read, assert }] });
    if (attempt.state !== 'complete') throw new Error(attempt.state);
    expect(outcomesOf(attempt.value)).toEqual(['passed', 'passed', 'passed']);
    expect(sent).toMatchObject({ connections: 1, requests: 3 });
    const [first, second, third] = attempt.value.steps.map(({ shown }) => shown[0]?.exchanges[0]);
    expect(first).toMatchObject({ method: 'POST', status: 200, version, reused: false, cookiesTaken: ['session'] });
    expect(second).toMatchObject({ status: 201, reused: true, cookiesSent: 1 });
    expect(third?.url).toBe('/keys/{{id}}');
    expect(Object.keys(first?.spans ?? {})).toContain('connect');
    expect(Object.keys(second?.spans ?? {})).toEqual(['send', 'wait', 'receive', 'total']);
    const written = JSON.stringify(attempt.value);
    for (const secret of ['canary', encodeURIComponent(CANARY), 'Bearer t']) expect(written).not.toContain(secret);
  });
});

test('what an assertion saw has names in the places of secrets, captures and cookies, encoded or not', async () => {
  await using server = await plain(keys);
  const assert = [
    { json: { path: '$.echo', equals: 'another' }, body: { equals: 'nothing like it' } },
    { header: { name: 'set-cookie', matches: '^no' }, jsonSchema: { type: 'object', required: ['x'] } },
  ];
  const evidence = await recordOf(urlOf(server), { steps: [{ ...login, assert }] });
  const saw = evidence.steps[0]?.shown[0]?.assertions.map((one) => visible(one.saw ?? '')) ?? [];
  expect(saw.join(' ')).not.toContain('canary');
  expect(saw.join(' ')).toMatch(/\[secret capture token\].*\[secret PASSWORD\].*\[secret cookie session\]/);
  expect(outcomesOf(evidence)).toEqual(['unmet: 4 of 4 assertions did not hold']);
});

test('steps behind one that failed are left out, and the reason is told', async () => {
  await using server = await plain(keys);
  const wrong = { ...login, json: { password: 'guess' } };
  const evidence = await recordOf(urlOf(server), { steps: [wrong, create, read] });
  expect(outcomesOf(evidence)).toEqual([
    'failed: answered 401',
    'skipped: step "log in" failed',
    'skipped: step "log in" failed',
  ]);
});

const captures: readonly (readonly [string, object, string])[] = [
  ['nothing at the path', { json: '$.nothing' }, 'failed: the body has nothing at $.nothing, so that there is no it'],
  ['no such header', { header: 'X-No' }, 'failed: the answer has no header X-No, so that there is no it'],
  ['no such cookie', { cookie: 'no' }, 'failed: no cookie no was set, so that there is no it'],
  ['no match', { regex: 'never(.)' }, 'failed: the body does not match never(.), so that there is no it'],
  ['a header', { header: 'x-id' }, 'passed'],
  ['a group', { regex: '"n":(\\d+)' }, 'passed'],
  ['a cookie', { cookie: 'sid' }, 'passed'],
];
test.each(captures)('capture: %s', async (_what, it, expected) => {
  await using server = await plain((_request, response) =>
    response.setHeader('x-id', '42').setHeader('set-cookie', 'sid=s').end('{"n":12}'),
  );
  expect(outcomesOf(await recordOf(urlOf(server), { steps: [{ name: 'a', capture: { it } }] }))).toEqual([expected]);
});

describe('redirects', () => {
  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [302, 'PUT', 'PUT', 'data'],
    [303, 'PUT', 'GET', ''],
    [307, 'POST', 'POST', 'data'],
    [308, 'POST', 'POST', 'data'],
  ])('%i turns %s into %s', async (status, method, expected, carried) => {
    const seen: string[] = [];
    await using server = await plain((request, response, body) => {
      seen.push(`${request.method} ${request.url} ${body} ${request.headers['content-type'] ?? '-'}`);
      if (request.url === '/') response.writeHead(status, { location: 'next?code=canary' }).end();
      else response.end('there');
    });
    const headers = { 'content-type': 'text/plain' };
    const evidence = await recordOf(urlOf(server), { steps: [{ name: 'a', method, body: 'data', headers }] });
    expect(seen).toEqual([
      `${method} / data text/plain`,
      `${expected} /next?code=canary ${carried} ${carried === '' ? '-' : 'text/plain'}`,
    ]);
    const [first, second] = evidence.steps[0]?.shown[0]?.exchanges ?? [];
    expect(first?.redirect).toMatchObject({ method: expected, crossOrigin: false, dropped: [] });
    expect(second?.spans.wait?.durationMs).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify(evidence)).not.toContain('canary');
    expect(visible(second?.url ?? '')).toContain('next?code=…');
  });

  test('another origin gets no credentials and no cookies, and https to http is told', async () => {
    const got: object[] = [];
    await using there = await plain((request, response) => {
      got.push(request.headers);
      response.end('there');
    });
    await using here = await secured((_request, response) =>
      response.writeHead(302, { location: urlOf(there, 'http', 'other.example'), 'set-cookie': 'a=b' }).end(),
    );
    const headers = { Authorization: 'Basic x', 'X-Key': secretText(), 'X-Plain': 'kept', Cookie: 'c=d' };
    const evidence = await recordOf(urlOf(here, 'https'), { steps: [{ name: 'a', headers }] });
    expect(got).toHaveLength(1);
    expect(got[0]).toMatchObject({ 'x-plain': 'kept' });
    for (const name of ['authorization', 'x-key', 'cookie']) expect(got[0]).not.toHaveProperty(name);
    expect(evidence.steps[0]?.shown[0]?.exchanges[0]?.redirect).toMatchObject({
      ...{ crossOrigin: true, toPlaintext: true, dropped: ['Authorization', 'X-Key', 'Cookie'] },
    });
  });

  test('a body with secrets is not taken to another origin', async () => {
    await using there = await plain((_request, response) => response.end('there'));
    await using here = await plain((_request, response) =>
      response.writeHead(307, { location: urlOf(there, 'http', 'other.example') }).end(),
    );
    const evidence = await recordOf(urlOf(here), { steps: [{ name: 'a', body: secretText() }] });
    expect(outcomesOf(evidence)).toEqual(['failed: the redirect would take a body with secrets to another origin']);
    expect(there.taken()).toBe(0);
  });

  const broken: readonly (readonly [string, string, RegExp])[] = [
    ['in a circle', '/', /^failed: more than 3 redirects$/],
    ['to another scheme', 'file:///etc/passwd', /^failed: it could not be sent: its URL is neither http nor https$/],
    ['to no URL', 'http://[', /^failed: it could not be sent: its URL cannot be read$/],
    [
      'to a user name',
      'http://a:canary@b.example/',
      /^failed: it could not be sent: the URL of a request holds a user name/,
    ],
    ['to metadata', 'http://169.254.169.254/latest', /^failed: not sent: an answer led to an address/],
    ['to port 0', 'http://b.example:0/', /^failed: it could not be sent: the URL of a request has port 0$/],
  ];
  test.each(broken)('%s', async (_where, location, expected) => {
    await using server = await plain((_request, response) => response.writeHead(302, { location }).end());
    const [outcome] = outcomesOf(await recordOf(urlOf(server), { steps: [{ name: 'a', redirects: 3 }] }));
    expect(outcome).toMatch(expected);
  });

  test('none is followed where none is wanted', async () => {
    await using server = await plain((_request, response) => response.writeHead(302, { location: '/x' }).end());
    const steps = [{ name: 'a', redirects: 0, assert: [{ status: 302, header: { name: 'location', equals: '/x' } }] }];
    expect(outcomesOf(await recordOf(urlOf(server), { steps }))).toEqual(['passed']);
  });
});

const TEXT = 'the plain text of it';
const BOMB = Buffer.alloc(64_000_000);
const codings: readonly (readonly [string, string, Buffer, string])[] = [
  ['gzip', 'gzip', gzipSync(TEXT), 'passed'],
  ['brotli', 'br', brotliCompressSync(TEXT), 'passed'],
  ['zstd', 'zstd', zstdCompressSync(TEXT), 'passed'],
  ['deflate', 'deflate', deflateSync(TEXT), 'passed'],
  ['raw deflate', 'deflate', deflateRawSync(TEXT), 'passed'],
  ['two at once', 'gzip, br', brotliCompressSync(gzipSync(TEXT)), 'passed'],
  ['a gzip bomb', 'gzip', gzipSync(BOMB), 'unmet'],
  ['a brotli bomb', 'br', brotliCompressSync(BOMB), 'unmet'],
  ['a zstd bomb', 'zstd', zstdCompressSync(BOMB), 'unmet'],
  ['four at once', 'gzip, gzip, gzip, gzip', gzipSync(TEXT), 'unmet'],
  ['no such coding', 'rot13', Buffer.from(TEXT), 'unmet'],
  ['what is none', 'gzip', Buffer.from(TEXT), 'unmet'],
  ['an object member', 'constructor', Buffer.from(TEXT), 'unmet'],
];
test.each(codings)('a body in %s', async (_what, coding, body, expected) => {
  await using server = await plain((_request, response) => response.setHeader('content-encoding', coding).end(body));
  const steps = [{ name: 'a', assert: [{ body: { contains: 'plain text' } }] }];
  const evidence = await recordOf(urlOf(server), { steps });
  expect(evidence.steps[0]?.rounds[0]?.outcome).toBe(expected);
  expect(evidence.steps[0]?.shown[0]?.exchanges[0]?.codings).toEqual(coding.split(', '));
});

test('rounds are paced, and the shown ones are the first, the first that did not pass, and the last', async () => {
  let asked = 0;
  await using server = await plain((_request, response) => {
    asked += 1;
    response.statusCode = asked === 3 ? 503 : 200;
    response.end('ok');
  });
  const evidence = await recordOf(urlOf(server), { steps: [{ name: 'a' }], repeat: 5, every: '20ms' });
  const [step] = evidence.steps;
  expect(step?.rounds.map(({ outcome }) => outcome)).toEqual(['passed', 'passed', 'failed', 'passed', 'passed']);
  expect(step?.shown.map(({ round }) => round)).toEqual([0, 2, 4]);
  const starts = step?.rounds.map(({ startMs }) => startMs) ?? [];
  expect((starts[4] ?? 0) - (starts[0] ?? 0)).toBeGreaterThan(75);
});

test('a signal ends it with what is known', async () => {
  const stop = new AbortController();
  await using server = await plain((request, response) => {
    if (request.url === '/') response.end('ok');
    else stop.abort();
  });
  const steps = [{ name: 'a' }, { name: 'b', url: '/never' }];
  const { attempt } = await goThrough(urlOf(server), { steps }, stop.signal);
  expect(attempt.state).toBe('unfinished');
  if (attempt.state !== 'unfinished') return;
  expect(outcomesOf(attempt.value ?? { repeat: 0, completed: 0, steps: [] })).toEqual([
    'passed',
    'failed: stopped before it finished',
  ]);
});

test('without steps nothing is sent', async () => {
  expect((await goThrough('http://sampled.example:1/', {})).attempt.state).toBe('skipped');
});
