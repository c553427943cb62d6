// Receivers that are slow, break off, or are known to roots of one's own alone: real servers, for what stands in for one has no time, no
// connection and no certificate.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { rootPem, serverIdentity } from '../../net/sample/test/servers.ts';
import { type DeliverOptions, handOver } from '../deliver.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function served(server: Server): Promise<number> {
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

const send = (url: string, change: Partial<DeliverOptions> = {}) =>
  handOver(
    { method: 'POST', url, contentType: 'application/json', body: '{"a":1}' },
    { ...{ caPem: null, timeoutMs: 5000, pauseMs: 1, signal: new AbortController().signal }, ...change },
  );

test.each<readonly [string, RequestListener, number, string]>([
  ['says nothing', () => undefined, 4, 'no answer in time (4 tries)'],
  [
    'says that it is broken, and no more',
    (_, response) => response.writeHead(503).flushHeaders(),
    4,
    'HTTP 503 (4 tries)',
  ],
  ['says that it refuses, and no more', (_, response) => response.writeHead(400).flushHeaders(), 1, 'HTTP 400'],
])('one that %s is not waited for', async (_how, serve, tries, because) => {
  let asked = 0;
  const port = await served(
    createServer((request, response) => {
      asked += 1;
      serve(request, response);
    }),
  );
  const { because: told } = await send(`http://127.0.0.1:${port}/`, { timeoutMs: 100 });
  expect([told, asked]).toEqual([`127.0.0.1:${port}: ${because}`, tries]);
});

test.each<readonly [string, RequestListener]>([
  ['said 200 and no more', (_, response) => response.writeHead(200).flushHeaders()],
  [
    'breaks off behind its 200',
    (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => response.destroy());
    },
  ],
])('one that %s has taken it', async (_how, serve) => {
  const port = await served(createServer(serve));
  expect((await send(`http://127.0.0.1:${port}/`, { timeoutMs: 500 })).because).toBeNull();
});

test('one that hangs up is tried again', async () => {
  let asked = 0;
  const port = await served(
    createServer((request, response) => {
      asked += 1;
      if (asked < 3) request.socket.destroy();
      else response.end('ok');
    }),
  );
  expect(await send(`http://127.0.0.1:${port}/`)).toEqual({ because: null, answer: 'ok' });
  expect(asked).toBe(3);
});

test('one that only roots of one’s own vouch for is verified by them, and nothing is sent to it otherwise', async () => {
  let asked = 0;
  const port = await served(
    createTlsServer(serverIdentity, (_, response) => {
      asked += 1;
      response.end('ok');
    }),
  );
  const url = `https://127.0.0.1:${port}/`;
  expect((await send(url)).because).toMatch(/^127\.0\.0\.1:\d+: [A-Z_]+ \(4 tries\)$/);
  // The certificate is of another name.
  expect((await send(url, { caPem: [rootPem] })).because).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  expect(asked).toBe(0);
});
