// Holds the http prober to what blackbox_exporter 0.23 was seen to say of answers that are cut, that lead astray, or whose head is odd; byte by byte.
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { failureIn, listening, probed, roomOf, valueOf } from './asking.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** @param answer by the head of the request @returns its port, and the heads that came */
async function speaking(answer: (head: string, socket: Socket) => void) {
  const heads: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    let head = '';
    socket.on('data', (data) => {
      head += data.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      heads.push(head);
      answer(head, socket);
    });
  });
  closing.push(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return { port: await listening(server), heads };
}

const saying = (bytes: string) => (_head: string, socket: Socket) => void socket.end(bytes, 'latin1');

/** Status, version, content length, bytes, redirects, whether the text is to blame, success. */
function told(page: string): readonly (number | null)[] {
  const http = ['status_code', 'version', 'content_length', 'uncompressed_body_length', 'redirects'];
  const families = [...http.map((name) => `probe_http_${name}`), 'probe_failed_due_to_regex', 'probe_success'];
  return families.map((name) => valueOf(page, name));
}

const probe = async (port: number, http: object = {}, user = ''): Promise<string> =>
  probed(
    roomOf(JSON.stringify({ modules: { m: { prober: 'http', timeout: '1s', http } } })),
    'm',
    `http://${user}127.0.0.1:${port}/`,
  );

describe('what is told of an answer', () => {
  const OK = 'HTTP/1.1 200 OK\r\n';
  const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
  const HALF = `${OK}Content-Length: 100\r\n\r\nabc`;
  test.each<[string, string, object, readonly number[], string | null]>([
    ['whose body is cut', HALF, {}, [200, 1.1, 100, 3, 0, 0, 0], 'answer closed target'],
    [
      'whose text is cut',
      HALF,
      { fail_if_body_not_matches_regexp: ['abc'] },
      [200, 1.1, 100, 3, 0, 1, 0],
      'answer closed target',
    ],
    [
      'whose chunks are none',
      `${CHUNKED}3\r\nabc\r\nzz\r\n`,
      {},
      [200, 1.1, -1, 3, 0, 0, 0],
      'answer http-protocol target',
    ],
    [
      'with a length beside its chunks',
      `${CHUNKED.slice(0, -2)}Content-Length: 1\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
      {},
      [200, 1.1, -1, 3, 0, 0, 1],
      null,
    ],
    [
      'of 204 that claims a length',
      'HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\n',
      {},
      [204, 1.1, 0, 0, 0, 0, 1],
      null,
    ],
    [
      'that leads to no scheme of ours',
      'HTTP/1.1 302 F\r\nLocation: ftp://x/\r\n\r\n',
      { valid_status_codes: [302] },
      [0, 0, 0, 0, 1, 0, 0],
      'answer http-protocol target',
    ],
    [
      'that leads to no URL',
      'HTTP/1.1 302 F\r\nLocation: http://[::1\r\n\r\n',
      { valid_status_codes: [302] },
      [0, 0, 0, 0, 0, 0, 0],
      'answer http-protocol target',
    ],
  ])('%s', async (_name, bytes, http, figures, failure) => {
    const page = await probe((await speaking(saying(bytes))).port, http);
    expect([told(page), failureIn(page)]).toEqual([figures, failure]);
  });

  test('whose body never ends, and not that of one that leads elsewhere', async () => {
    const slow = await speaking((_head, socket) => void socket.write(HALF));
    const page = await probe(slow.port);
    expect([told(page), failureIn(page)]).toEqual([[200, 1.1, 100, 3, 0, 0, 0], 'answer receive-timeout target']);
    const moved = 'HTTP/1.1 302 F\r\nLocation: /x\r\nContent-Length: 100\r\n\r\nabc';
    const { port } = await speaking(
      (head, socket) => void socket.write(head.startsWith('GET /x ') ? 'HTTP/1.1 204 No\r\n\r\n' : moved),
    );
    expect(told(await probe(port))).toEqual([204, 1.1, 0, 0, 1, 0, 1]);
    expect(told(await probe(port, { follow_redirects: false, valid_status_codes: [302] }))).toEqual([
      302, 1.1, 100, 0, 1, 0, 1,
    ]);
  });
});

describe('the user info of a URL', () => {
  const authorizations = (heads: readonly string[]): readonly (string | undefined)[] =>
    heads.map((head) => /^Authorization: (.*)\r$/m.exec(head)?.[1]);
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

  test.each<[string, object, string]>([
    ['is sent', {}, basic('u:p w')],
    ['goes before credentials of the module', { basic_auth: { username: 'a', password: 'b' } }, basic('u:p w')],
    ['goes behind a header of the module', { headers: { authorization: 'mine' } }, 'mine'],
  ])('%s', async (_name, http, sent) => {
    const { port, heads } = await speaking(saying('HTTP/1.1 204 No\r\n\r\n'));
    await probe(port, http, 'u:p%20w@');
    expect(authorizations(heads)).toEqual([sent]);
  });

  test('goes along where the location names no host, and is told to nobody', async () => {
    const other = await speaking(saying('HTTP/1.1 204 No\r\n\r\n'));
    const { port, heads } = await speaking((head, socket) => {
      const to = head.startsWith('GET /x ') ? `http://new:one@127.0.0.1:${other.port}/` : '/x';
      socket.end(`HTTP/1.1 302 F\r\nLocation: ${to}\r\n\r\n`);
    });
    const page = await probe(port, {}, 'u:p@');
    expect([authorizations(heads), authorizations(other.heads)]).toEqual([
      [basic('u:p'), basic('u:p')],
      [basic('new:one')],
    ]);
    expect(heads.concat(other.heads).join('')).not.toMatch(/Referer: .*@/);
    expect(
      page
        .match(/Making HTTP request.*$/gm)
        ?.join('')
        .replaceAll(/target=\S+/g, ''),
    ).not.toContain('@');
  });
});
