// Holds the log of a running agent, at its most talkative, to the absence of every secret that it is given: in both configs, right and wrong ones, in URLs,
// in headers, in what a probed server says.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CapturedIo } from '../../../test/support/cli.ts';
import { startWorld, type World } from '../../demo/world.ts';
import { startAgent, until } from './running.ts';

const CANARY = 'canary-5d1f';
/** Wherever a person may write one. */
const AGENT = (port: number, more: string): string => `
schedule: { interval: 3s, concurrency: 2 }
defaults:
  samples: 1
  only: [tls]
  request: { headers: { Authorization: 'Bearer \${TOKEN}', X-Api-Key: '${CANARY}', Cookie: 'session=${CANARY}' } }
targets:
  - target: https://kms.example/keys?key=${CANARY}
    name: kms
  - target: https://nowhere.invalid/?token=${CANARY}#${CANARY}
discover:
  http:
    - url: 'http://127.0.0.1:${port}/targets?key=${CANARY}'
      headers: { X-Scope: '${CANARY}' }
      auth: { basic: { user: '${CANARY}', password: '\${TOKEN}' } }
  refresh: 50ms
${more}`;
const MODULES = (port: number, more: string): string => `
modules:
  plain: { prober: http, timeout: 2s, http: { follow_redirects: true } }
  basic: { prober: http, timeout: 2s, http: { basic_auth: { username: u, password: ${CANARY} } } }
  bearer: { prober: http, timeout: 2s, http: { authorization: { credentials: ${CANARY} } } }
  header: { prober: http, timeout: 2s, http: { headers: { X-Token: ${CANARY} } } }
  proxied: { prober: http, timeout: 2s, http: { proxy_url: 'http://u:${CANARY}@127.0.0.1:${port}' } }
  token:
    prober: http
    timeout: 2s
    http: { oauth2: { client_id: i, client_secret: ${CANARY}, token_url: 'http://u:${CANARY}@127.0.0.1:${port}/token?k=${CANARY}' } }
${more}`;

let world: World;
let folder: string;
let server: Server;
let port: number;
beforeAll(async () => {
  world = await startWorld();
  folder = await mkdtemp(join(tmpdir(), 'secrets-'));
  // Whatever is asked, it leads to a place with credentials of its own, where nobody listens.
  server = createServer((_request, response) => {
    response.writeHead(302, { location: `http://user:${CANARY}@127.0.0.1:1/?code=${CANARY}` }).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(async () => {
  server.close();
  await world.close();
  await rm(folder, { recursive: true });
});

/** What a wrong file holds beside. A name that is wrong is told: it is no secret. */
const WRONG_AGENT = [
  `password: ${CANARY}`,
  `schedule: { interval: '${CANARY}' }`,
  `labels: { a: { b: ${CANARY} } }`,
  "labels: { a: { b: '${TOKEN}' } }",
  "concurrency: '${TOKEN}'",
  `  - { target: 'https://user:${CANARY}@/' }`,
  `: : ${CANARY} : [`,
];
const WRONG_MODULES = [
  `  x: { prober: http, http: { basic_auth: { passwrd: ${CANARY} } } }`,
  `  x: { prober: http, http: { bearer_token: ${CANARY}, basic_auth: { username: u, password: ${CANARY} } } }`,
  `  x: { prober: http, http: { proxy_url: 'http://u:${CANARY}@127.0.0.1:port' } }`,
  `  x: { prober: http, timeout: ${CANARY} }`,
  `: : ${CANARY} : [`,
];

test.each(['logfmt', 'json'])('no secret is in a log of %s', async (format) => {
  const [agentFile, modulesFile] = [join(folder, `${format}-agent.yml`), join(folder, `${format}-blackbox.yml`)];
  await writeFile(agentFile, AGENT(port, ''));
  await writeFile(modulesFile, MODULES(port, ''));
  const args = ['--log-level', 'debug', '--log-prober', 'debug', '--log-format', format];
  const files = ['--config', agentFile, '--blackbox-config', modulesFile];
  const { url, io, end } = await startAgent(world, [...files, ...args], { env: { TOKEN: CANARY } });
  await probeAll(url);
  await reloadAll(
    io,
    agentFile,
    [...WRONG_AGENT, ''].map((more) => AGENT(port, more)),
  );
  await reloadAll(
    io,
    modulesFile,
    [...WRONG_MODULES, ''].map((more) => MODULES(port, more)),
  );
  await until(() => (/verdict changed/.test(io.captured().err) ? true : null));
  expect((await end()).exit).toBe(0);
  const { err } = io.captured();
  // What was to be told was told.
  for (const words of ['cannot be read; what it named before is kept', 'Making HTTP request', 'Received redirect'])
    expect(err).toContain(words);
  expect(err.split('\n').filter((line) => line.includes(CANARY))).toEqual([]);
});

async function probeAll(url: string): Promise<void> {
  const target = `http://user:${CANARY}@127.0.0.1:${port}/?token=${CANARY}#${CANARY}`;
  for (const module of ['plain', 'basic', 'bearer', 'header', 'proxied', 'token', 'nobody'])
    await (await fetch(`${url}/probe?${new URLSearchParams({ module, target }).toString()}`)).text();
  for (const strange of [`user:${CANARY}@127.0.0.1:${port}/?a=${CANARY}`, `http://user:${CANARY}@[`])
    await (await fetch(`${url}/probe?${new URLSearchParams({ module: 'plain', target: strange }).toString()}`)).text();
}

/** Each is read, told and, but for the last, refused. */
async function reloadAll(io: CapturedIo, file: string, texts: readonly string[]): Promise<void> {
  const told = (words: RegExp): number =>
    io
      .captured()
      .err.split('\n')
      .filter((line) => line.includes(file) && words.test(line)).length;
  const refused = told(/was not taken/);
  for (const text of texts) {
    const before = told(/./);
    await writeFile(file, text);
    io.hangup();
    await until(() => (told(/./) > before ? true : null));
  }
  expect(told(/was not taken/) - refused).toBe(texts.length - 1);
}
