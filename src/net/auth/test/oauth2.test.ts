// Owns the tests of tokens: against real token endpoints in this process, over TLS and in the clear. No way out shows a secret.
import {
  createServer as createPlain,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer } from 'node:https';
import { afterEach, expect, test } from 'vitest';
import type { ClientCredentials } from '../../../model/credentials.ts';
import { Secret } from '../../../model/secret.ts';
import { parseTarget } from '../../../model/target.ts';
import { type DnsName, type IpAddress, visible } from '../../../model/text.ts';
import { type OpenedCall, openCall } from '../../call/call.ts';
import { now } from '../../clock.ts';
import { createMeter } from '../../meter.ts';
import { StepFailure } from '../../sample/step.ts';
import { listen, rootPem, serverIdentity } from '../../sample/test/servers.ts';
import { openAuthorization } from '../open-authorization.ts';

const CANARY = 'canary/+ 9d21';
const signal = new AbortController().signal;
const opened: OpenedCall[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly form: Readonly<Record<string, string>>;
}

/** A token endpoint that gives one answer after the other, the last one again and again. */
async function endpoint(answers: readonly (readonly [number, unknown])[], isPlain = false) {
  const asked: Asked[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
    asked.push({ path: request.url ?? '', authorization: request.headers.authorization, form });
    const [status, body] = answers[Math.min(asked.length, answers.length) - 1] ?? [500, ''];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  const serve: RequestListener = (request, response) => void answer(request, response);
  const server = await listen(isPlain ? createPlain(serve) : createServer(serverIdentity, serve));
  return { server, asked, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function authorized(port: number, change: Partial<ClientCredentials> = {}, caPem: readonly string[] = [rootPem]) {
  const clock = { atMs: 1_000_000 };
  const credentials: ClientCredentials = {
    ...{ scheme: 'oauth2', tokenUrl: `https://sampled.example:${port}/token`, scope: 'read write', audience: null },
    ...{ clientId: new Secret('client id', 'probe'), clientSecret: new Secret('client secret', CANARY) },
    send: 'header',
    ...change,
  };
  const records = [{ address: '127.0.0.61' as IpAddress, family: 4 as const, ttlSeconds: 30 }];
  const name = 'sampled.example' as DnsName;
  const calls = openCall({
    ...{ target: parseTarget('https://target.example/'), servername: null, identity: null, http: 'negotiated' },
    ...{ trust: { caPem, insecure: false }, timeoutMs: 5_000, families: [4], userAgent: 'token-test' },
    dns: {
      lookup: () =>
        Promise.resolve({
          ...{ startMs: now(), durationMs: 1, aliases: [], canonicalName: name, addresses: records, problem: null },
          ...{ familyProblems: { ipv4: null, ipv6: null }, resolver: 'test' },
        }),
    },
    ...{ originMs: now(), startedAtMs: 0, headerBytes: 32_768, meter: createMeter() },
  });
  opened.push(calls);
  const authorization = await openAuthorization(credentials, { call: calls.call, wallMs: () => clock.atMs });
  const shown = async (): Promise<string> => {
    await authorization.ready(signal);
    try {
      const request = { method: 'GET', path: '/', headers: [], body: null, atMs: 0 };
      return authorization
        .fields(request)
        .map(([field, value]) => `${field}: ${value.open()}`)
        .join('\n');
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      return `${error.problem.code}@${error.problem.step}: ${visible(error.problem.detail ?? '')}`;
    }
  };
  return { shown, clock, authorization };
}

const token = (value: string, rest: object = { expires_in: 600 }) =>
  [200, { access_token: value, token_type: 'Bearer', ...rest }] as const;

test('a token is fetched once, kept till shortly before it ends, and then fetched again', async () => {
  await using served = await endpoint([token('one'), token('two')]);
  const { server, asked } = served;
  const { shown, clock, authorization } = await authorized(server.port);
  expect(await Promise.all([shown(), shown()])).toEqual(['authorization: Bearer one', 'authorization: Bearer one']);
  clock.atMs += 500_000;
  expect(await shown()).toBe('authorization: Bearer one');
  expect(asked).toEqual([
    {
      path: '/token',
      // RFC 6749 2.3.1: form-encoded, then joined.
      authorization: `Basic ${Buffer.from('probe:canary%2F%2B+9d21').toString('base64')}`,
      form: { grant_type: 'client_credentials', scope: 'read write' },
    },
  ]);
  clock.atMs += 100_000;
  expect(await shown()).toBe('authorization: Bearer two');
  expect(authorization.secrets().map(String)).toContain('[secret access token]');
});

test('client id and secret go in the body where that is asked for, with the audience', async () => {
  await using served = await endpoint([token('one')]);
  const { server, asked } = served;
  await (await authorized(server.port, { send: 'body', scope: null, audience: 'https://kms.example' })).shown();
  const form = { grant_type: 'client_credentials', audience: 'https://kms.example', client_id: 'probe' };
  expect(asked).toEqual([{ path: '/token', authorization: undefined, form: { ...form, client_secret: CANARY } }]);
});

test.each<readonly [string, readonly [number, unknown], RegExp]>([
  [
    'that refuses the client and repeats its secret',
    [401, { error: 'invalid_client', error_description: `not known: probe ${CANARY}` }],
    /example:\d+ answered 401 invalid_client \(not known: \[secret client id\] \[secret client secret\]\); look at the client id and secret/,
  ],
  ['without such a scope', [400, { error: 'invalid_scope' }], /answered 400 invalid_scope; look at scope:/],
  ['that is none', [404, '<html>'], /answered 404: look at tokenUrl:/],
  ['that answers a page', [200, '<html>'], /answered 200 without an access_token: is the URL/],
  ['with another type of token', token('x', { token_type: 'DPoP' }), /of a type that is not bearer/],
  ['with a token that breaks the header', token('x\r\nset-cookie: a=b'), /a token that cannot be sent/],
  ['that gives a list', [200, [1, 2]], /without an access_token/],
  [
    'that says more than is read before its token',
    [200, `${' '.repeat(70_000)}{"access_token":"x"}`],
    /without an access_token/,
  ],
])('a token endpoint %s', async (_how, answer, expected) => {
  await using served = await endpoint([answer]);
  const { server, asked } = served;
  const { shown } = await authorized(server.port);
  const said = await shown();
  expect(said).toMatch(/^no-credentials@send: no token: /);
  expect(said).toMatch(expected);
  expect(said).not.toContain(CANARY);
  // A ride is not to press it.
  await shown();
  expect(asked).toHaveLength(1);
});

test('nothing is sent to a token endpoint that cannot be verified', async () => {
  await using served = await endpoint([token('one')]);
  const { server, asked } = served;
  expect(await (await authorized(server.port, {}, [])).shown()).toMatch(
    /not sent: the server could not be verified.*--ca-file/,
  );
  expect(asked).toEqual([]);
});

test('one that is down, and up again later', async () => {
  const { server } = await endpoint([token('one')], true);
  const { port } = server;
  await server[Symbol.asyncDispose]();
  const { shown } = await authorized(port, { tokenUrl: `http://127.0.0.61:${port}/token` });
  expect(await shown()).toMatch(/^no-credentials@send: no token: 127\.0\.0\.61:\d+: connection refused/);
});

test('a new one that cannot be had leaves the old one while it holds', async () => {
  await using served = await endpoint([token('one'), [503, ''], token('two')]);
  const { server, asked } = served;
  const { shown, clock } = await authorized(server.port);
  await shown();
  clock.atMs += 580_000;
  expect(await shown()).toBe('authorization: Bearer one');
  expect(await shown()).toBe('authorization: Bearer one');
  expect(asked).toHaveLength(2);
  clock.atMs += 20_000;
  expect(await shown()).toBe('authorization: Bearer two');
});
