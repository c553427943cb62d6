// Owns the tests of the request that every sample sends, as the server gets it, and of what the caller may not ask for.
// Never asserts how a server answers.
import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../model/secret.ts';
import type { DnsName } from '../../../model/text.ts';
import { UsageError } from '../../../model/usage-error.ts';
import { openSampler } from '../sampler.ts';
import { type Change, optionsFor, outcomeOf, sampleOf } from './riding.ts';
import { listen, onRequest, rootPem, serverIdentity, startTls } from './servers.ts';

const CANARY = 'canary-5f1c0b2e';
type Request = NonNullable<Change['request']>;

/** What a server of each version received: method, path, names and values, in lower case and sorted. */
async function receivedOver(http: '1.1' | '2', request: Request, path: string): Promise<readonly string[]> {
  const lines: string[] = [];
  if (http === '1.1') {
    await using server = await startTls((socket: Socket) =>
      onRequest(socket, (head) => {
        const [first = '', ...fields] = (head.split('\r\n\r\n')[0] ?? '').split('\r\n');
        lines.push(
          first.replace(' HTTP/1.1', ''),
          ...fields.map((line) => line.replace(/^[^:]*/, (name) => name.toLowerCase())),
        );
        socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      }),
    );
    expect(outcomeOf((await sampleOf(server, { http, request, path })).trace)).toBe('204');
    return lines
      .filter((line) => line !== 'connection: keep-alive')
      .map((line) => line.replace(String(server.port), 'PORT'))
      .toSorted();
  }
  const secure = createSecureServer(serverIdentity);
  secure.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const { ':method': method, ':path': at, ':authority': authority, ':scheme': _scheme, ...rest } = headers;
    lines.push(
      `${method} ${at}`,
      `host: ${authority}`,
      ...Object.entries(rest).map(([name, value]) => `${name}: ${String(value)}`),
    );
    stream.respond({ ':status': 204 }, { endStream: true });
  });
  await using server = await listen(secure);
  expect(outcomeOf((await sampleOf(server, { http, request, path })).trace)).toBe('204');
  return lines.map((line) => line.replace(String(server.port), 'PORT')).toSorted();
}

const PLAIN = ['accept: */*', 'host: sampled.example:PORT', 'user-agent: sampler-test'];

const requests: readonly (readonly [string, Request, readonly string[]])[] = [
  ['nothing special', {}, [...PLAIN, 'GET /a?b=c%20d']],
  ['another method', { method: 'OPTIONS' }, [...PLAIN, 'OPTIONS /a?b=c%20d']],
  ['a body', { method: 'POST', body: Buffer.from('hello') }, [...PLAIN, 'POST /a?b=c%20d', 'content-length: 5']],
  [
    'another Host',
    { headers: [['Host', 'given.example']] },
    ['GET /a?b=c%20d', 'accept: */*', 'host: given.example', 'user-agent: sampler-test'],
  ],
  [
    'our defaults replaced',
    {
      headers: [
        ['User-Agent', 'mine'],
        ['ACCEPT', 'a/b'],
      ],
    },
    ['GET /a?b=c%20d', 'accept: a/b', 'host: sampled.example:PORT', 'user-agent: mine'],
  ],
  [
    'a secret',
    { headers: [['Authorization', new Secret('token', CANARY)]] },
    [...PLAIN, 'GET /a?b=c%20d', `authorization: ${CANARY}`],
  ],
  [
    'two cookies',
    {
      headers: [
        ['Cookie', 'a=b'],
        ['cookie', new Secret('session', 'c=d')],
      ],
    },
    [...PLAIN, 'GET /a?b=c%20d', 'cookie: a=b; c=d'],
  ],
  ['an empty value', { headers: [['X-Empty', '']] }, [...PLAIN, 'GET /a?b=c%20d', 'x-empty: ']],
];

describe.each(['1.1', '2'] as const)('over HTTP/%s', (http) => {
  test.for(requests)('the server gets %s', async ([, request, expected]) => {
    expect(await receivedOver(http, request, '/a?b=c%20d')).toEqual(expected.toSorted());
  });
});

const NOWHERE = { address: '127.0.0.61', port: 1 };
const header = (name: string, value: string): Change => ({
  request: { headers: [[name, new Secret('given', value)]] },
});

const mistakes: readonly (readonly [string, Change])[] = [
  ['a Content-Length', header('Content-Length', CANARY)],
  ['a Transfer-Encoding', header('Transfer-Encoding', CANARY)],
  ['a Connection', header('connection', CANARY)],
  ['a TE', header('TE', CANARY)],
  ['HTTP2-Settings', header('HTTP2-Settings', CANARY)],
  ['a name with a space', header('bad name', CANARY)],
  ['an empty name', header('', CANARY)],
  ['a value with a line break', header('X-Split', `${CANARY}\r\nInjected: 1`)],
  ['a value beyond Latin-1', header('X', `${CANARY}\u4f60`)],
  [
    'two Hosts',
    {
      request: {
        headers: [
          ['Host', CANARY],
          ['host', CANARY],
        ],
      },
    },
  ],
  ['a user agent with a line break', { request: { userAgent: 'a\r\nX: y' } }],
  ['a user agent beyond Latin-1', { request: { userAgent: 'sampler \u4f60' } }],
  ['a method with a space', { request: { method: 'GE T' } }],
  ['an empty method', { request: { method: '' } }],
  ['CONNECT', { request: { method: 'CONNECT' } }],
  ['HTTP/2 over plain http', { scheme: 'http', http: '2' }],
  ['an address as SNI', { servername: '127.0.0.1' as DnsName }],
  [
    'roots that are no PEM',
    { trust: { caPem: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'], insecure: false } },
  ],
  ['roots that are text', { trust: { caPem: ['hello'], insecure: false } }],
  [
    'roots of which the second is broken',
    { trust: { caPem: [`${rootPem}\n${rootPem.replace('MII', 'AAA')}`], insecure: false } },
  ],
  ['a key that is no PEM', { identity: { certificatePem: serverIdentity.cert, key: new Secret('key', CANARY) } }],
];

test.for(mistakes)("%s is the caller's mistake, and no secret is repeated", async ([, change]) => {
  const error = await openSampler(optionsFor(NOWHERE, change)).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  expect(String(error) + JSON.stringify(error)).not.toContain(CANARY);
});
