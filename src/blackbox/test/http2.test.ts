// Holds the http prober in HTTP/2 to what it does in HTTP/1: no wait for the body of a redirect, and nothing sent that cannot be.
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { afterEach, expect, test } from 'vitest';
import { failureIn, listening, probed, roomOf, valueOf } from './asking.ts';
import { identity, ROOT_PEM } from './certified.ts';

const servers: Http2SecureServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Leads elsewhere with a body that never ends. */
async function leading() {
  const asked: string[] = [];
  const server = createSecureServer(identity(), ({ url }, response) => {
    asked.push(url);
    if (url !== '/') response.end('there');
    else response.writeHead(302, { location: '/there' }).write('without end');
  });
  servers.push(server);
  const port = await listening(server);
  const page = (http: string): Promise<string> =>
    probed(
      roomOf(`modules: {m: {prober: http, timeout: 5s, http: {${http}}}}`, {
        resolve: async () => ['127.0.0.1'],
        rootsPem: ROOT_PEM,
      }),
      'm',
      `https://here.example:${port}/`,
    );
  return { asked, page };
}

test.each([
  ['followed', 'fail_if_body_not_matches_regexp: [^there$]', ['/', '/there'], 200],
  ['not followed', 'follow_redirects: false, valid_status_codes: [302]', ['/'], 302],
])('nobody waits for the body of an answer that leads elsewhere: %s', async (_name, http, paths, status) => {
  const { asked, page } = await leading();
  const told = await page(http);
  const families = ['http_version', 'http_status_code', 'http_redirects', 'success'];
  expect(families.map((name) => valueOf(told, `probe_${name}`))).toEqual([2, status, 1, 1]);
  expect(asked).toEqual(paths);
});

test('a header that cannot be sent is a mistake of ours', async () => {
  const { asked, page } = await leading();
  expect(failureIn(await page('headers: {X-A: "a\\nb"}'))).toBe('request config prober');
  expect(asked).toEqual([]);
});
