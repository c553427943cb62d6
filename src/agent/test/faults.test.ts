// Holds the server of the agent to an answer where a page of it has a fault: told in the log, and to whoever asks no more than that there is one.
import { afterEach, expect, test } from 'vitest';
import { listenOn } from '../../cli/listen-address.ts';
import type { Listening, Route } from '../server.ts';

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
