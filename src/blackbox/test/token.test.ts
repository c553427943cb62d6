// Holds the http prober's tokens to what clientcredentials does: how they are asked for, how long they are kept, and that nothing of them is shown.
import { generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecure } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { readBlackboxConfig } from '../config/read.ts';
import { unsupported } from '../config/unsupported.ts';
import { failureIn, listening, probed, roomOf, valueOf } from './asking.ts';
import { identity, ROOT_PEM } from './certified.ts';
import { openProxy } from './proxying.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(answer: RequestListener, secure = false): Promise<number> {
  const server = secure ? createSecure(identity(), answer) : createServer(answer);
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return await listening(server);
}

interface TokenRequest {
  readonly headers: IncomingHttpHeaders;
  readonly form: Record<string, string>;
}

interface Endpoint {
  readonly port: number;
  readonly asked: TokenRequest[];
}

type Says = (asked: TokenRequest) => { status?: number; type?: string; body: string };

async function endpoint(says: Says, secure = false): Promise<Endpoint> {
  const asked: TokenRequest[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const one = { headers: request.headers, form: Object.fromEntries(new URLSearchParams(await text(request))) };
    asked.push(one);
    const { status = 200, type = 'application/json', body } = says(one);
    response.writeHead(status, { 'content-type': type }).end(body);
  };
  const port = await serve((request, response) => void answer(request, response), secure);
  return { port, asked };
}

/** Takes nothing but `authorization`. */
async function target(authorization: string): Promise<string> {
  const port = await serve((request, response) =>
    response.writeHead(request.headers.authorization === authorization ? 200 : 401).end(),
  );
  return `http://here.example:${port}`;
}

const SECRET = 'canary/secret';
const BASIC = `Basic ${Buffer.from('client:canary%2Fsecret').toString('base64')}`;
const TOKEN = JSON.stringify({ access_token: 'canary-token', token_type: 'bearer', expires_in: 3600 });

const room = (port: number, more = '', scheme = 'http') =>
  roomOf(
    `modules: {m: {prober: http, timeout: 5s, http: {oauth2: {client_id: client, client_secret: ${SECRET}, token_url: "${scheme}://here.example:${port}/token"${more}}}}}`,
  );

describe('a token', () => {
  test('is asked for with the form and the Basic header of x/oauth2, once, and sent', async () => {
    const { port, asked } = await endpoint(() => ({ body: TOKEN }));
    const url = await target('Bearer canary-token');
    const asker = room(port, ', scopes: [read, write], endpoint_params: {audience: a}');
    const pages = [await probed(asker, 'm', url), await probed(asker, 'm', url)];
    expect(pages.map((page) => valueOf(page, 'probe_success'))).toEqual([1, 1]);
    expect(pages.join('')).not.toContain('canary');
    expect(asked).toHaveLength(1);
    expect(asked[0]?.headers).toMatchObject({
      ...{ authorization: BASIC, 'content-type': 'application/x-www-form-urlencoded' },
      'user-agent': 'Blackbox-Exporter/test',
    });
    expect(asked[0]?.form).toEqual({ grant_type: 'client_credentials', scope: 'read write', audience: 'a' });
  });

  test('is asked for once by probes that start together', async () => {
    const { port, asked } = await endpoint(() => ({ body: TOKEN }));
    const url = await target('Bearer canary-token');
    const asker = room(port);
    const pages = await Promise.all(Array.from({ length: 5 }, () => probed(asker, 'm', url)));
    expect(pages.map((page) => valueOf(page, 'probe_success'))).toEqual([1, 1, 1, 1, 1]);
    expect(asked).toHaveLength(1);
  });

  test('is asked for with the secret in the body where the header does not do, and so from then on', async () => {
    const { port, asked } = await endpoint(({ form }) =>
      form['client_secret'] === SECRET
        ? { body: '{"access_token": "t", "expires_in": "5"}' }
        : { status: 401, body: '{"error": "invalid_client"}' },
    );
    const url = await target('Bearer t');
    const asker = room(port);
    for (const want of [2, 3]) {
      expect(valueOf(await probed(asker, 'm', url), 'probe_success')).toBe(1);
      // It is over ten seconds before its end: never kept.
      expect(asked).toHaveLength(want);
    }
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([BASIC, undefined, undefined]);
    expect(asked[2]?.form).toMatchObject({ client_id: 'client', client_secret: SECRET });
  });

  test('that the target does not take is asked for anew', async () => {
    const { port, asked } = await endpoint(() => ({ body: TOKEN }));
    const url = await target('Bearer another');
    const asker = room(port);
    for (const want of [1, 2]) {
      expect(failureIn(await probed(asker, 'm', url))).toBe('answer status target');
      expect(asked).toHaveLength(want);
    }
  });

  test.each([
    ['application/x-www-form-urlencoded', 'access_token=t&token_type=MAC&expires_in=60', 'MAC t'],
    ['text/plain', 'access_token=t', 'Bearer t'],
    ['application/json', '{"access_token":"t","token_type":"Own"}', 'Own t'],
  ])('may come as %s: %s', async (type, body, authorization) => {
    const { port } = await endpoint(() => ({ type, body }));
    expect(valueOf(await probed(room(port), 'm', await target(authorization)), 'probe_success')).toBe(1);
  });

  test('follows its secret’s file', async () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'token-'));
    const file = join(folder.path, 'secret');
    const { port, asked } = await endpoint(() => ({ body: TOKEN }));
    const url = await target('Bearer canary-token');
    const asker = roomOf(
      `modules: {m: {prober: http, http: {oauth2: {client_id: c, client_secret_file: ${file}, token_url: "http://here.example:${port}"}}}}`,
    );
    for (const secret of ['one\n', 'two']) {
      writeFileSync(file, secret);
      expect(valueOf(await probed(asker, 'm', url), 'probe_success')).toBe(1);
    }
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(
      ['c:one', 'c:two'].map((pair) => `Basic ${Buffer.from(pair).toString('base64')}`),
    );
  });

  test('comes over TLS by the roots of its own tls_config, and through its own proxy', async () => {
    const { port, asked } = await endpoint(() => ({ body: TOKEN }), true);
    const proxy = await openProxy();
    closing.push(() => proxy.close());
    const url = await target('Bearer canary-token');
    const own = `, tls_config: {ca: ${JSON.stringify(ROOT_PEM)}}, proxy_url: "http://127.0.0.1:${proxy.port}"`;
    const said = await probed(room(port, own, 'https'), 'm', url);
    expect(valueOf(said, 'probe_success')).toBe(1);
    expect(proxy.asked.map((one) => one.target)).toEqual([`here.example:${port}`]);
    // The chain of the token's server is not the target's.
    expect(said).not.toContain('probe_ssl');
    expect(asked).toHaveLength(1);
    const page = await probed(room(port, '', 'https'), 'm', url);
    expect(failureIn(page)).toBe('request token prober');
    expect(asked).toHaveLength(1);
  });

  test.each<[words: string, status: number, body: string]>([
    ['answered 400 \\"invalid_scope\\"', 400, '{"error":"invalid_scope"}'],
    [
      '\\"invalid_client\\" \\"<secret> is wrong\\"',
      401,
      `{"error":"invalid_client","error_description":"${SECRET} is wrong"}`,
    ],
    ['answered 400 \\"<secret>\\"', 400, JSON.stringify({ error: BASIC.slice('Basic '.length) })],
    ['missing access_token', 200, '{"token":"canary"}'],
    ['cannot parse json', 200, 'canary'],
    ['cannot be sent in a header', 200, '{"access_token":"canary\\n"}'],
    ['answered 302', 302, ''],
  ])('that is refused is told: %s', async (words, status, body) => {
    const { port, asked } = await endpoint(() => ({ status, body }));
    const page = await probed(room(port), 'm', await target('Bearer t'));
    expect(failureIn(page)).toBe('request token prober');
    expect(page).toContain(words);
    expect(page).not.toContain('canary');
    // By header, then by body.
    expect(asked).toHaveLength(2);
  });
});

const JWT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEY_PEM = privateKey.export({ type: 'pkcs1', format: 'pem' }) as string;

describe('a token by a signed assertion', () => {
  const signer = (port: number, more: string): ReturnType<typeof roomOf> =>
    roomOf(
      `modules: {m: {prober: http, timeout: 5s, http: {oauth2: {client_id: client, token_url: "http://here.example:${port}/token", grant_type: "${JWT}"${more}}}}}`,
      { wallClockMs: () => 1_700_000_000_999 },
    );
  const inline = `, client_certificate_key: ${JSON.stringify(KEY_PEM)}`;

  test.each([
    ['', 'sha256', 'RS256', {}],
    [', signature_algorithm: RS384', 'sha384', 'RS384', {}],
    [
      ', signature_algorithm: RS512, client_certificate_key_id: k1, iss: i, audience: a, scopes: [x, y], claims: {exp: 5, deep: {list: [1, true, "t"]}}',
      'sha512',
      'RS512',
      { iss: 'i', aud: 'a', scope: 'x y', exp: 5, deep: { list: [1, true, 't'] } },
    ],
  ])('is asked for as RFC 7523 says: %j', async (more, hash, alg, claims) => {
    const { port, asked } = await endpoint(() => ({ body: TOKEN }));
    const asker = signer(port, inline + more);
    const url = await target('Bearer canary-token');
    const pages = [await probed(asker, 'm', url), await probed(asker, 'm', url)];
    expect(pages.map((page) => valueOf(page, 'probe_success'))).toEqual([1, 1]);
    expect(pages.join('')).not.toMatch(/canary|PRIVATE/);
    expect(asked).toHaveLength(1);
    const { grant_type, assertion = '', ...rest } = asked[0]?.form ?? {};
    expect(grant_type).toBe(JWT);
    expect(rest).toEqual('scope' in claims ? { scope: 'x y' } : {});
    expect(asked[0]?.headers.authorization).toBeUndefined();
    const [head = '', body = '', signature = ''] = assertion.split('.');
    expect(verify(hash, Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    expect(read(head)).toEqual({ alg, typ: 'JWT', ...(more.includes('k1') ? { kid: 'k1' } : {}) });
    expect(read(body)).toEqual({
      ...{
        iss: 'client',
        sub: 'client',
        aud: `http://here.example:${port}/token`,
        iat: 1_700_000_000,
        exp: 1_700_000_600,
      },
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ...claims,
    });
  });

  test('is signed by the key of a file, and anew when that changes', async () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'token-'));
    const file = join(folder.path, 'key');
    const { port, asked } = await endpoint(() => ({ body: TOKEN }));
    const url = await target('Bearer canary-token');
    const asker = signer(port, `, client_certificate_key_file: ${file}`);
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    });
    for (const key of [KEY_PEM, other]) {
      writeFileSync(file, key);
      expect(valueOf(await probed(asker, 'm', url), 'probe_success')).toBe(1);
    }
    expect(asked).toHaveLength(2);
  });

  test.each([
    ['', 'client_certificate_key is empty'],
    [', client_certificate_key: canary', 'client_certificate_key is no private key in PEM'],
    [`, client_certificate_key: ${JSON.stringify(identity().key)}`, 'client_certificate_key is no RSA key'],
    [', client_certificate_key_file: /nonexistent/canary-not', 'unable to read oauth2 client certificate key'],
    [`${inline}, endpoint_params: {assertion: mine}`, 'cannot overwrite parameter'],
  ])('that cannot be signed is told: %j', async (more, words) => {
    const { port, asked } = await endpoint(() => ({ body: TOKEN }));
    const page = await probed(signer(port, more), 'm', await target('Bearer t'));
    expect(failureIn(page)).toBe('request token prober');
    expect(page).toContain(words);
    expect(asked).toHaveLength(0);
  });

  test('that is refused is asked for once, and not shown when it is sent back', async () => {
    const { port, asked } = await endpoint(({ form }) => ({
      status: 400,
      body: JSON.stringify({ error: 'invalid_grant', error_description: form['assertion'] }),
    }));
    const page = await probed(signer(port, inline), 'm', await target('Bearer t'));
    expect(failureIn(page)).toBe('request token prober');
    expect(page).toContain('\\"invalid_grant\\" \\"<secret>\\"');
    expect(asked).toHaveLength(1);
  });
});

test.each([
  ['http', 'http: {oauth2: {client_id: c, token_url: "http://t"}}', null],
  ['http', `http: {oauth2: {client_id: c, token_url: "http://t", grant_type: "${JWT}"}}`, null],
  [
    'http',
    `http: {oauth2: {client_id: c, token_url: "http://t", grant_type: "${JWT}", client_certificate_key_ref: r}}`,
    'keys that end in _ref',
  ],
  ['http', 'http: {oauth2: {client_id: c, token_url: "http://t", client_secret_ref: r}}', 'keys that end in _ref'],
  [
    'http',
    'http: {oauth2: {client_id: c, token_url: "http://t", proxy_url: "socks4://p"}}',
    'oauth2: proxy_url: of SOCKS only version 5',
  ],
  ['websocket', 'websocket: {http_config: {oauth2: {client_id: c, token_url: "http://t"}}}', null],
  ['websocket', 'websocket: {http_config: {proxy_url: "http://p"}}', null],
])('%s with %s at load: %s', (prober, block, words) => {
  const told = unsupported(readBlackboxConfig(`modules: {m: {prober: ${prober}, ${block}}}`))[0] ?? null;
  expect(told).toEqual(words === null ? null : expect.stringContaining(words));
});
