// Holds the websocket prober to blackbox_exporter's, and its frames to RFC 6455, against servers that write each byte themselves.
import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { readFrame, writeFrame } from '../probers/websocket-frames.ts';
import { failureIn, listening, probed, roomOf, valueOf } from './asking.ts';
import { identity, ROOT_PEM } from './certified.ts';
import { openProxy, openSocks } from './proxying.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Peer {
  readonly stream: Duplex;
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  /** Texts that came, unmasked. */
  readonly heard: string[];
}

/** A frame of a server: no mask. */
const frame = (payload: string | Buffer, first = 0x81): Buffer => {
  const bytes = Buffer.from(payload as string);
  const size = bytes.length < 126 ? Buffer.of(bytes.length) : Buffer.of(126, bytes.length >> 8, bytes.length & 0xff);
  return Buffer.concat([Buffer.of(first), size, bytes]);
};

/** Short masked frames: kind and text of each. */
function unmasked(bytes: Buffer): readonly string[] {
  if (bytes.length === 0) return [];
  const end = 6 + ((bytes[1] ?? 0) & 0x7f);
  const text = Buffer.from(bytes.subarray(6, end).map((octet, at) => octet ^ (bytes[2 + (at & 3)] ?? 0)));
  return [`${(bytes[0] ?? 0) & 15}:${text.toString()}`, ...unmasked(bytes.subarray(end))];
}

async function serverOf(
  onPeer: (peer: Peer) => void,
  change: (head: string) => string = (head) => head,
  secured = false,
): Promise<string> {
  const server: Server = secured ? createSecureServer(identity()) : createServer();
  const streams: Duplex[] = [];
  server.on('request', (_request, response) => response.writeHead(404).end());
  server.on('upgrade', (request, stream: Duplex) => {
    streams.push(stream);
    stream.on('error', () => undefined);
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    const heard: string[] = [];
    stream.on('data', (bytes: Buffer) => void heard.push(...unmasked(bytes)));
    const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
    stream.write(change(head));
    onPeer({ stream, headers: request.headers, path: request.url ?? '', heard });
  });
  closing.push(() => {
    server.close();
    for (const stream of streams) stream.destroy();
  });
  return `127.0.0.1:${await listening(server)}`;
}

const moduleOf = (block: string, timeout = '5s'): string =>
  `modules:\n  m:\n    prober: websocket\n    timeout: ${timeout}\n    websocket:\n      preferred_ip_protocol: ip4\n      ${block.replaceAll('\n', '\n      ')}\n`;
const probe = (block: string, target: string, given = {}, timeout = '5s'): Promise<string> =>
  probed(roomOf(moduleOf(block, timeout), given), 'm', target);
const facts = (page: string): readonly (number | null)[] =>
  [
    'probe_success',
    'probe_websocket_connection_upgraded',
    'probe_websocket_status_code',
    'probe_websocket_failed_due_to_regex',
  ].map((family) => valueOf(page, family));
const phases = (page: string): readonly string[] =>
  ['resolve', 'connect', 'processing', 'transfer'].filter(
    (phase) => valueOf(page, `probe_websocket_duration_seconds{phase="${phase}"}`) !== null,
  );

const DIALOGUE = `query_response:
- expect: "^hello (.+)$"
  send: "again \${1}"
- send: "more"
- expect: "^bye"`;

describe('an upgrade', () => {
  test('is enough where nothing is awaited', async () => {
    const page = await probe('', `ws://${await serverOf(() => undefined)}/path?q=1`);
    expect(facts(page)).toEqual([1, 1, 101, 0]);
    expect(phases(page)).toEqual(['resolve', 'connect', 'processing']);
  });

  test('carries the headers and credentials of the module', async () => {
    const peers: Peer[] = [];
    const target = await serverOf((peer) => void peers.push(peer));
    const block =
      'headers: {X-One: {values: [a]}, Host: {values: [other.example]}}\nhttp_config: {basic_auth: {username: u, password: p}}';
    await probe(block, `ws://${target}/path?q=1`);
    expect(peers[0]?.path).toBe('/path?q=1');
    expect(peers[0]?.headers).toMatchObject({
      ...{ host: 'other.example', 'x-one': 'a', authorization: `Basic ${Buffer.from('u:p').toString('base64')}` },
      ...{ 'sec-websocket-version': '13', 'user-agent': 'Blackbox-Exporter/test' },
    });
  });

  test('over TLS is held to the roots and to the name', async () => {
    const target = (
      await serverOf(
        () => undefined,
        (head) => head,
        true,
      )
    ).replace('127.0.0.1', 'here.example');
    expect(facts(await probe('', `wss://${target}/`, { rootsPem: ROOT_PEM }))).toEqual([1, 1, 101, 0]);
    const distrusted = await probe('', `wss://${target}/`);
    expect(facts(distrusted)).toEqual([0, 0, 0, 0]);
    expect(phases(distrusted)).toEqual(['resolve', 'connect', 'processing']);
    const careless = 'http_config: {tls_config: {insecure_skip_verify: true}}';
    expect(facts(await probe(careless, `wss://${target}/`))).toEqual([1, 1, 101, 0]);
  });

  test.each([
    ['an accept of another key', (head: string) => head.replace(/Accept: ./, 'Accept: ~'), 101],
    ['no Upgrade field', (head: string) => head.replace('Upgrade: websocket', 'X: y'), 101],
    ['another protocol', (head: string) => head.replace('websocket\r', 'h2c\r'), 101],
    ['a page instead', () => 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', 200],
    ['403', () => 'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n', 403],
    ['no HTTP', () => 'SSH-2.0-x\r\n', 0],
    ['an endless head', () => `HTTP/1.1 101 S\r\nX: ${'x'.repeat(200_000)}`, 0],
  ])('with %s is none', async (_name, change, status) => {
    const page = await probe('', `ws://${await serverOf(() => undefined, change)}/`);
    expect(valueOf(page, 'probe_success')).toBe(0);
    expect(valueOf(page, 'probe_websocket_connection_upgraded')).toBe(0);
    // A handshake that Node itself refuses to read has no status.
    expect([status, 0]).toContain(valueOf(page, 'probe_websocket_status_code'));
  });

  test.each([
    ['a closed port', 'ws://127.0.0.1:1/', 'ECONNREFUSED', ['resolve', 'processing'], 'connect refused target'],
    [
      'another scheme',
      'http://127.0.0.1:1/',
      'malformed ws or wss URL',
      ['resolve', 'processing'],
      'connect config prober',
    ],
    [
      'a name in the URL',
      'ws://u@127.0.0.1:1/',
      'malformed ws or wss URL',
      ['resolve', 'processing'],
      'connect config prober',
    ],
    ['a path alone', 'here.example', 'Resolution with IP protocol failed', [], 'resolve no-address target'],
    ['a name without address', 'ws://gone.example/', 'no such host', [], 'resolve no-address target'],
  ])('to %s fails', async (_name, target, words, seen, failure) => {
    const page = await probe('', target);
    expect(page).toContain(words);
    expect(facts(page)).toEqual([0, 0, 0, 0]);
    expect(phases(page)).toEqual(seen);
    expect(failureIn(page)).toBe(failure);
  });

  test('that never ends is given up in time', async () => {
    const page = await probe(
      '',
      `ws://${await serverOf(
        () => undefined,
        () => '',
      )}/`,
      {},
      '300ms',
    );
    expect(facts(page)).toEqual([0, 0, 0, 0]);
  });
});

describe('a dialogue', () => {
  test('sends back what matched, byte by byte, through pings and fragments', async () => {
    const peers: Peer[] = [];
    const target = await serverOf((peer) => {
      peers.push(peer);
      const { stream } = peer;
      stream.write(frame('hel', 0x01));
      stream.write(frame('ping', 0x89));
      stream.write(frame('lo w\u00e9', 0x80));
      const wait = setInterval(() => {
        if (!peer.heard.join().includes('more')) return;
        clearInterval(wait);
        stream.write(frame(`bye ${'x'.repeat(1000)}`));
      }, 5);
      closing.push(() => clearInterval(wait));
    });
    const page = await probe(DIALOGUE, `ws://${target}/`);
    expect(facts(page)).toEqual([1, 1, 101, 0]);
    expect(phases(page)).toEqual(['resolve', 'connect', 'processing', 'transfer']);
    expect(peers[0]?.heard.join(' ')).toMatch(/^10:ping 1:again w\u00e9/);
  });

  test.each([
    ['another message', [frame('hallo')], 'Regexp did not match', 'answer dialogue target'],
    ['an end', [frame(Buffer.from('03e9', 'hex'), 0x88)], 'close 1001'],
    ['a masked frame', [Buffer.from('818100000000', 'hex'), Buffer.from('61', 'hex')], 'must not mask'],
    ['a reserved bit', [frame('x', 0xc1)], 'reserved bits'],
    ['a kind that is none', [frame('x', 0x83)], 'bad opcode'],
    ['a continuation of nothing', [frame('x', 0x80)], 'bad continuation'],
    ['a ping in parts', [frame('x', 0x09)], 'bad control frame'],
    ['a frame without end', [Buffer.from('817fffffffffffffffff', 'hex')], 'read limit'],
    ['silence', [], 'i/o timeout', 'answer receive-timeout target'],
  ])(
    'with %s fails as the regex family says',
    async (_name, frames, words, failure = 'answer http-protocol target') => {
      const target = await serverOf(({ stream }) => {
        for (const one of frames) stream.write(one);
      });
      const page = await probe(DIALOGUE, `ws://${target}/`, {}, '400ms');
      expect(page).toContain(words);
      expect(facts(page)).toEqual([0, 1, 101, 1]);
      expect(phases(page)).toContain('transfer');
      expect(failureIn(page)).toBe(failure);
    },
  );
});

test('any bytes are a frame, the beginning of one, or an error in words', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        const read = readFrame(Buffer.from(bytes));
        if (read !== null) expect(read.end).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(String(error)).toContain('websocket: ');
      }
    }),
    { numRuns: 2000 },
  );
});

test.each([0, 125, 126, 65_535, 65_536])('a frame of %s bytes is masked, and as long as its head says', (length) => {
  const bytes = writeFrame(1, Buffer.alloc(length, 'a'));
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  expect(bytes.length).toBe(size + 4 + length);
  expect((bytes[1] ?? 0) & 0x80).toBe(0x80);
  const key = bytes.subarray(size, size + 4);
  expect(bytes.subarray(size + 4).every((octet, at) => (octet ^ (key[at & 3] ?? 0)) === 0x61)).toBe(true);
});

describe('through a proxy', () => {
  const up = (secured: boolean): Promise<string> => serverOf(() => undefined, undefined, secured);
  const CA = `tls_config: {ca: ${JSON.stringify(ROOT_PEM)}}`;

  test.each([
    ['ws', ''],
    ['wss', `, ${CA}`],
  ])('of HTTP: a tunnel to the address that was chosen, for %s', async (scheme, tls) => {
    const proxy = await openProxy();
    closing.push(() => proxy.close());
    const port = (await up(scheme === 'wss')).split(':')[1];
    const block = `http_config: {proxy_url: "http://u:canary@127.0.0.1:${proxy.port}", proxy_connect_header: {X-Own: [one]}${tls}}`;
    const page = await probe(block, `${scheme}://here.example:${port}/a`);
    expect(facts(page)).toEqual([1, 1, 101, 0]);
    expect(phases(page)).toEqual(['resolve', 'connect', 'processing']);
    expect(page).not.toContain('canary');
    expect(proxy.asked).toMatchObject([
      { method: 'CONNECT', target: `127.0.0.1:${port}`, headers: { 'x-own': 'one' } },
    ]);
  });

  test('of SOCKS 5, and straight where no_proxy names the host', async () => {
    const proxy = await openSocks();
    closing.push(() => proxy.close());
    const port = (await up(false)).split(':')[1];
    const through = (more: string): Promise<string> =>
      probe(`http_config: {proxy_url: "socks5://127.0.0.1:${proxy.port}"${more}}`, `ws://here.example:${port}/a`);
    expect(facts(await through(''))).toEqual([1, 1, 101, 0]);
    expect(proxy.asked).toHaveLength(1);
    expect(facts(await through(', no_proxy: here.example'))).toEqual([1, 1, 101, 0]);
    expect(proxy.asked).toHaveLength(1);
  });

  test('that refuses: no connection, and no target to blame', async () => {
    const proxy = await openProxy('403 Forbidden');
    closing.push(() => proxy.close());
    const page = await probe(`http_config: {proxy_url: "http://127.0.0.1:${proxy.port}"}`, 'ws://here.example:1/');
    expect([failureIn(page), ...facts(page)]).toEqual(['connect proxy network', 0, 0, 0, 0]);
  });
});

describe('with oauth2', () => {
  test('the token is sent, and asked for anew when the target does not take it', async () => {
    let asked = 0;
    const tokens = createServer((_, response) => {
      asked += 1;
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"access_token":"t-canary","expires_in":900}');
    });
    closing.push(() => tokens.close());
    const seen: (string | undefined)[] = [];
    const target = await serverOf(({ headers }) => void seen.push(headers.authorization));
    const block = `http_config: {oauth2: {client_id: c, client_secret: s-canary, token_url: "http://127.0.0.1:${await listening(tokens)}"}}`;
    const room = roomOf(moduleOf(block));
    const pages = [await probed(room, 'm', `ws://${target}`), await probed(room, 'm', `ws://${target}`)];
    expect(pages.map(facts)).toEqual([
      [1, 1, 101, 0],
      [1, 1, 101, 0],
    ]);
    expect([seen, asked]).toEqual([['Bearer t-canary', 'Bearer t-canary'], 1]);
    expect(pages.join('')).not.toContain('canary');
    const refusing = createServer().on('upgrade', (_, stream) =>
      stream.end('HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n'),
    );
    closing.push(() => refusing.close());
    expect(facts(await probed(room, 'm', `ws://127.0.0.1:${await listening(refusing)}`))).toEqual([0, 0, 401, 0]);
    await probed(room, 'm', `ws://${target}`);
    expect(asked).toBe(2);
  });

  test('that gives no token: nothing is sent to the target', async () => {
    const page = await probe(
      'http_config: {oauth2: {client_id: c, token_url: "http://127.0.0.1:1/"}}',
      'ws://127.0.0.1:1/',
    );
    expect([failureIn(page), ...facts(page)]).toEqual(['request token prober', 0, 0, 0, 0]);
  });
});
