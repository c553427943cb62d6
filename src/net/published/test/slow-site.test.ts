// A site that is slow with its list: a real server, for what stands in for one has no time.
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { publishedFile } from '../published-file.ts';

test.each<readonly [string, RequestListener]>([
  ['at all', () => undefined],
  ['whole', (_request, response) => void response.writeHead(200).write('list')],
])('one that does not come %s in time is not waited for', async (_how, serve) => {
  const server = createServer(serve);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const path = '/dev/null/list.json';
  const common = { url, path, nowMs: 1, userAgent: 'test', accept: () => undefined };
  try {
    // As its own bound does when it ends.
    expect(await publishedFile({ ...common, signal: AbortSignal.timeout(50) })).toEqual({
      failed: 'it does not answer within 20 s',
    });
    const stop = new AbortController();
    server.once('request', () => stop.abort());
    expect(await publishedFile({ ...common, signal: stop.signal })).toEqual({ failed: 'interrupted' });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
