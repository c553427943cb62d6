// Credentials through the real command line: the service sees them, and no way out shows any, whatever the service sends back.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { captureIo, runCli } from '../support/cli.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';

const CANARY = 'canary-5b0e77a1f3';
const AWS = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: `${CANARY}-aws`,
  AWS_SESSION_TOKEN: `${CANARY}-s`,
};
const env = { SECRET: `${CANARY}-env`, ...AWS };

let folder: string;
let port: number;
let status = 200;
const requests: { readonly url: string; readonly headers: IncomingHttpHeaders }[] = [];
const tokens = (): number => requests.filter(({ url }) => url === '/token').length;
/** A service that says back everything it is sent, and a token endpoint of that kind. */
const service = createServer((request, response) => {
  const { url = '', headers } = request;
  requests.push({ url, headers });
  request.resume();
  request.on('end', () => {
    const echo = JSON.stringify(headers);
    const away = /^\/away\/(\d+)$/.exec(url)?.[1];
    if (away !== undefined) return response.writeHead(302, { location: `http://127.0.0.1:${away}/back` }).end();
    if (url !== '/token') return response.writeHead(200, { 'x-echo': echo }).end(`<h1>${echo}</h1>`);
    const refusal = { error: 'invalid_client', error_description: `${env.SECRET} ${echo}` };
    const given = { access_token: `${CANARY}-token-${tokens()}`, token_type: 'bearer', expires_in: 600 };
    return response.writeHead(status).end(JSON.stringify(status === 200 ? given : refusal));
  });
});
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-credentials-'));
  await once(service.listen(0, '127.0.0.1'), 'listening');
  ({ port } = service.address() as AddressInfo);
});
afterAll(async () => {
  service.closeAllConnections();
  await Promise.all([rm(folder, { recursive: true }), new Promise((done) => service.close(done))]);
});
beforeEach(() => {
  requests.length = 0;
  status = 200;
});

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}
const ride = (...args: readonly string[]) => {
  const target = `http://127.0.0.1:${port}/orders`;
  const fast = ['-n', '3', '--rate', '200', '--only', 'layers,access,hosts', '--fail-on', 'never'];
  return runCli([target, ...fast, ...args], captureIo({ env }));
};
const ridden = (): readonly IncomingHttpHeaders[] =>
  requests.flatMap(({ url, headers }) => (url === '/orders' && headers.authorization !== undefined ? [headers] : []));

const auths: readonly (readonly [name: string, args: () => Promise<readonly string[]>, shown: RegExp])[] = [
  [
    'basic from a file',
    async () => ['--auth', `basic:${await fileOf('basic', `probe:${CANARY}-pass\n`)}`],
    new RegExp(`^Basic ${Buffer.from(`probe:${CANARY}-pass`).toString('base64')}$`),
  ],
  [
    'bearer from a file',
    async () => ['--auth', `bearer:${await fileOf('token', `${CANARY}-tok\n`)}`],
    /^Bearer canary-\w+-tok$/,
  ],
  [
    'a signature',
    () => Promise.resolve(['--auth', 'sigv4:eu-west-1/execute-api']),
    /^AWS4-HMAC-SHA256 Credential=AKID/,
  ],
  [
    'basic from a journey file',
    async () => ['--journey', await fileOf('a.yaml', "auth: { basic: { user: probe, password: '${SECRET}' } }")],
    /^Basic /,
  ],
  [
    'bearer from a journey file',
    async () => {
      await fileOf('token', `${CANARY}-tok\n`);
      return ['--journey', await fileOf('b.yaml', 'auth: { bearer: { file: token } }')];
    },
    /^Bearer canary-\w+-tok$/,
  ],
  [
    'a token of a token endpoint',
    async () => {
      const oauth2 = `{ tokenUrl: 'http://127.0.0.1:${port}/token', clientId: probe, clientSecret: '\${SECRET}' }`;
      return ['--journey', await fileOf('c.yaml', `auth: { oauth2: ${oauth2} }`)];
    },
    /^Bearer canary-\w+-token-1$/,
  ],
];

describe.each(auths)('%s', (_name, args, shown) => {
  test('goes with every sample, and the document says by what name', async () => {
    const { out, err } = await ride(...(await args()), '-f', 'json');
    expect(err).toBe('');
    expect(ridden().length).toBeGreaterThanOrEqual(3);
    for (const { authorization } of ridden()) expect(authorization).toMatch(shown);
    const { riddenWith } = JSON.parse(out) as { riddenWith: { headerNames: string[] } };
    expect(riddenWith.headerNames).toContain('authorization');
    expect(tokens()).toBeLessThanOrEqual(1);
  });

  test.each(['text', 'json', 'markdown', 'html', 'prometheus'])('is not in the %s', async (format) => {
    const { out, err } = await ride(...(await args()), '-f', format, '-v');
    expect(requests.length).toBeGreaterThan(2);
    expectNoSecret(`${out}${err}`);
  });

  test('is in no archive, span or plan', async () => {
    await using receiver = await startOtlpReceiver();
    const har = join(folder, 'out.har');
    await ride(...(await args()), '--har', har, '--otlp', receiver.url);
    const archive = await readFile(har, 'utf8');
    expect(archive).toContain('[secret authorization]');
    expectNoSecret(`${archive}${JSON.stringify(receiver.requests)}`);
    requests.length = 0;
    const { out, exit } = await ride(...(await args()), '--plan');
    expect([exit, requests.length]).toEqual([0, 0]);
    expectNoSecret(out);
  });
});

/** Nor in another coding that the service was sent. */
function expectNoSecret(text: string): void {
  expect(text).not.toContain(CANARY);
  expect(text).not.toContain(Buffer.from(`probe:${CANARY}`).toString('base64').slice(0, 16));
  for (const { authorization = '' } of ridden()) {
    expect(text).not.toContain(authorization);
    // What stands behind the scheme, or the signature, by itself.
    expect(text).not.toContain(authorization.replace(/^(.*Signature=|\S+ )/, ''));
  }
}

test('a token endpoint that refuses: nothing is sent to the service without its token, and the cause is told', async () => {
  status = 401;
  const oauth2 = `{ tokenUrl: 'http://127.0.0.1:${port}/token', clientId: probe, clientSecret: '\${SECRET}' }`;
  const { out, err } = await ride('--journey', await fileOf('d.yaml', `auth: { oauth2: ${oauth2} }`));
  expect(ridden()).toEqual([]);
  expect(tokens()).toBe(1);
  expect(out).toContain('no-credentials');
  expect(`${out}${err}`).toContain('invalid_client');
  expectNoSecret(`${out}${err}`);
});

test('steps show who they are to the origin of the target alone, and no record tells it', async () => {
  const seen: (string | undefined)[] = [];
  const elsewhere = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(307, { location: `http://127.0.0.1:${port}/home` }).end();
  });
  await once(elsewhere.listen(0, '127.0.0.1'), 'listening');
  const { port: strange } = elsewhere.address() as AddressInfo;
  const file = await fileOf(
    'steps.yaml',
    `auth: { basic: { user: probe, password: '\${SECRET}' } }
steps:
  - { name: own, url: /own, assert: [{ body: { equals: x }, header: { name: x-echo, equals: x } }] }
  - { name: nobody, url: /nobody, auth: none }
  - { name: another, url: /another, headers: { authorization: Bearer mine } }
  - { name: away, url: /away/${strange} }
  - { name: there, url: 'http://127.0.0.1:${strange}/' , redirects: 0 }
`,
  );
  const { out, err } = await ride('--journey', file, '--only', 'steps', '-f', 'json');
  await new Promise((done) => elsewhere.close(done));
  expect(err).toBe('');
  const shown = requests.map(({ url, headers }) => [url, headers.authorization]);
  const basic = `Basic ${Buffer.from(`probe:${env.SECRET}`).toString('base64')}`;
  expect(shown.filter(([url]) => url !== '/orders')).toEqual([
    ['/own', basic],
    ['/nobody', undefined],
    ['/another', 'Bearer mine'],
    [`/away/${strange}`, basic],
    ['/home', undefined],
  ]);
  expect(seen).toEqual([undefined, undefined]);
  expect(out).toContain('[secret authorization]');
  expect(out).toMatch(/"dropped":\s*\[\s*"authorization"\s*\]/);
  expectNoSecret(out);
  expect(out).not.toContain(basic.slice(6));
});

test('the plan tells of the token that is fetched', async () => {
  const oauth2 = `{ tokenUrl: 'https://login.example/token', clientId: probe, clientSecret: '\${SECRET}' }`;
  const { out } = await ride('--journey', await fileOf('e.yaml', `auth: { oauth2: ${oauth2} }`), '--plan');
  expect(out).toContain('auth: 1 x POST for a token to login.example');
});

test.each<readonly [string, () => Promise<readonly string[]>, string]>([
  [
    'words that are no form',
    () => Promise.resolve(['--auth', `bearer ${CANARY}`]),
    '--auth: not of the form SCHEME:WHERE',
  ],
  ['an unknown scheme', () => Promise.resolve(['--auth', `digest:${CANARY}`]), '--auth: not of the form SCHEME:WHERE'],
  ['a file that is not there', () => Promise.resolve(['--auth', 'bearer:/nowhere/token']), '/nowhere/token'],
  [
    'a file without colon',
    async () => ['--auth', `basic:${await fileOf('f', CANARY)}`],
    'the file of basic credentials holds no colon',
  ],
  [
    'a token of two lines',
    async () => ['--auth', `bearer:${await fileOf('g', `${CANARY}\n${CANARY}\n`)}`],
    '--auth: the token of bearer credentials is empty, or holds a blank',
  ],
  [
    'a header beside it',
    async () => ['--auth', `bearer:${await fileOf('h', CANARY)}`, '-H', `authorization: ${CANARY}`],
    'credentials are given, and a header Authorization as well',
  ],
  ['a signature for nobody', () => Promise.resolve(['--auth', 'sigv4:eu-west-1']), 'sigv4 wants REGION/SERVICE'],
  [
    'a secret written into the file',
    async () => ['--journey', await fileOf('i.yaml', `target: https://kms.example/\nauth:\n  bearer: ${CANARY}\n`)],
    'i.yaml:3: auth.bearer: a secret is not written into the file',
  ],
  [
    'two at once',
    async () => [
      '--journey',
      await fileOf('j.yaml', "auth:\n  bearer: '${SECRET}'\n  sigv4: { region: a, service: b }\n"),
    ],
    'j.yaml:1: auth: give one of basic, bearer, oauth2, sigv4',
  ],
  [
    'a token endpoint in the clear',
    async () => [
      '--journey',
      await fileOf(
        'k.yaml',
        "auth:\n  oauth2: { tokenUrl: 'http://login.example/', clientId: a, clientSecret: '${SECRET}' }",
      ),
    ],
    'k.yaml:2: auth.oauth2.tokenUrl: an https URL without user name is wanted',
  ],
])('%s is refused before anything is sent', async (_what, args, says) => {
  const { exit, out, err } = await ride(...(await args()));
  expect([exit, out]).toEqual([64, '']);
  expect(err).toContain(says);
  expectNoSecret(err);
  expect(requests).toEqual([]);
});

test('without keys in the environment it is said which are missing', async () => {
  const { exit, err } = await runCli(['http://127.0.0.1/', '--auth', 'sigv4:a/b'], captureIo({ env: {} }));
  expect(exit).toBe(64);
  expect(err).toContain('--auth sigv4: the environment has no AWS_ACCESS_KEY_ID');
});
