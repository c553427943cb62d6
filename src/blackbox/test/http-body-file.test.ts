// Holds a body of a file to what Go's client makes of it: read once, so that it goes nowhere a second time.
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listening, probed, roomOf, valueOf } from './asking.ts';

test.each([
  [302, 'body: text', ['POST / text', 'GET /next '], 200, 1],
  [302, 'body_file: FILE', ['POST / text', 'GET /next '], 200, 1],
  [307, 'body: text', ['POST / text', 'POST /next text'], 200, 1],
  [307, 'body_file: FILE', ['POST / text'], 307, 0],
  [308, 'body_file: FILE', ['POST / text'], 308, 0],
])('where a %i leads after a POST of %s', async (status, body, expected, last, redirects) => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'body-'));
  const file = join(folder.path, 'body');
  writeFileSync(file, 'text');
  const seen: string[] = [];
  const server = createServer((request, response) => {
    let sent = '';
    request.on('data', (part: Buffer) => {
      sent += part.toString();
    });
    request.once('end', () => {
      seen.push(`${request.method} ${request.url} ${sent}`);
      if (request.url === '/') response.writeHead(status, { location: '/next' }).end('elsewhere');
      else response.end('there');
    });
  });
  const port = await listening(server);
  const room = roomOf(`modules: {m: {prober: http, http: {method: POST, ${body.replace('FILE', file)}}}}`);
  const page = await probed(room, 'm', `http://127.0.0.1:${port}/`);
  server.close();
  const told = ['status_code', 'redirects', 'uncompressed_body_length'].map((name) =>
    valueOf(page, `probe_http_${name}`),
  );
  expect([seen, ...told]).toEqual([expected, last, redirects, last === 200 ? 5 : 9]);
});
