// Holds the server of the agent to an answer where a page of it has a fault: told in the log, and to whoever asks no more than that there is one. And to one rate for all of its places.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { listenOn } from '../../cli/listen-address.ts';
import type { Listening, Route } from '../server.ts';
import { readWebConfig } from '../web-config.ts';

const open: Listening[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close(0);
});

test('a route that throws is answered with 500, and told once with its path', async () => {
  const said: string[] = [];
  const error = (message: string, told?: object): void => void said.push(`${message} ${JSON.stringify(told)}`);
  const route: Route = async ({ path }) => {
    if (path === '/well') return { status: 200, contentType: 'text/plain', body: 'well' };
    throw new Error('planted');
  };
  const servers = await listenOn([{ host: '127.0.0.1', port: 0 }], route, undefined, null, { error });
  open.push(...servers);
  const url = `http://127.0.0.1:${servers[0]?.port}`;
  const answer = await fetch(`${url}/ill?token=canary`);
  expect([answer.status, await answer.text()]).toEqual([500, 'Internal Server Error\n']);
  expect(said).toEqual(['a fault of this program ended an answer {"path":"/ill","err":"planted"}']);
  expect(await (await fetch(`${url}/well`)).text()).toBe('well');
});

const PLACE = { host: '127.0.0.1', port: 0 };
const said: string[] = [];
const log = { error: (message: string, told?: object): void => void said.push(`${message} ${JSON.stringify(told)}`) };

test.each(['identity', 'gzip'])('a fault while a page is written in parts cuts it and is told: %s', async (coding) => {
  said.length = 0;
  async function* body(): AsyncGenerator<string> {
    yield 'x'.repeat(10_000);
    throw new Error('planted');
  }
  const route: Route = async () => ({ status: 200, contentType: 'text/plain', body: body() });
  const servers = await listenOn([PLACE], route, undefined, null, log);
  open.push(...servers);
  const answer = fetch(`http://127.0.0.1:${servers[0]?.port}/metrics`, { headers: { 'accept-encoding': coding } });
  await expect(answer.then((one) => one.text())).rejects.toThrow();
  expect(said).toEqual(['a fault of this program ended an answer {"path":"/metrics","err":"planted"}']);
});

test.each(['identity', 'gzip'])('a reader that leaves a page in parts is no fault: %s', async (coding) => {
  said.length = 0;
  const ended = Promise.withResolvers<void>();
  async function* body(): AsyncGenerator<string> {
    try {
      // Noise, so that it fills what lies between also when it is compressed.
      for (;;) {
        await new Promise(setImmediate);
        yield Array.from({ length: 2000 }, () => Math.random()).join();
      }
    } finally {
      ended.resolve();
    }
  }
  const route: Route = async () => ({ status: 200, contentType: 'text/plain', body: body() });
  const servers = await listenOn([PLACE], route, undefined, null, log);
  open.push(...servers);
  const request = get({ ...PLACE, port: servers[0]?.port, headers: { 'accept-encoding': coding } });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  await once(answer, 'data');
  request.destroy();
  await ended.promise;
  await Promise.all(open.splice(0).map((server) => server.close(0)));
  expect(said).toEqual([]);
});

test('a rate is one for all places that are listened on', async () => {
  const route: Route = async () => ({ status: 200, contentType: 'text/plain', body: 'well' });
  const web = readWebConfig('rate_limit: {burst: 3, interval: 1h}', '.');
  const servers = await listenOn([PLACE, PLACE], route, web, null, log);
  open.push(...servers);
  const statuses: number[] = [];
  for (const at of [0, 1, 0, 1, 0]) statuses.push((await fetch(`http://127.0.0.1:${servers[at]?.port}/`)).status);
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
});
