// Holds connections through SOCKS 5 proxies to RFC 1928 and 1929, byte by byte, and to whose fault it is when there is none.
import { createServer } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { createServer as createTcpServer, type Server } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { proxyFor } from '../proxy-choice.ts';
import { failureIn, listening, probed, roomOf, valueOf } from './asking.ts';
import { identity, ROOT_PEM } from './certified.ts';
import { openSocks, type SocksAnswers, type SocksProxy } from './proxying.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function proxied(answers?: SocksAnswers): Promise<SocksProxy> {
  const proxy = await openSocks(answers);
  closing.push(() => proxy.close());
  return proxy;
}

async function open(server: Server): Promise<number> {
  closing.push(() => server.close());
  return await listening(server);
}

const plain = (): Promise<number> =>
  open(
    createServer(({ url }, response) =>
      response.writeHead(url === '/x?y' ? 200 : 500, { connection: 'close' }).end('ok'),
    ),
  );
const secure = (): Promise<number> =>
  open(createSecure(identity(), (_, response) => response.writeHead(200, { connection: 'close' }).end('ok')));

const config = (http: string): string => `modules: {m: {prober: http, timeout: 5s, http: {${http}}}}`;
const CA = `tls_config: {ca: ${JSON.stringify(ROOT_PEM)}}`;
const hexPort = (port: number): string => port.toString(16).padStart(4, '0');
const hex = (text: string): string => Buffer.from(text).toString('hex');

describe('a SOCKS 5 proxy', () => {
  test.each([
    ['http', plain, ''],
    ['https', secure, CA],
  ])('is asked for the address that was chosen: %s', async (scheme, target, tls) => {
    const [port, proxy] = [await target(), await proxied()];
    const room = roomOf(config(`proxy_url: "socks5://127.0.0.1:${proxy.port}", ${tls}`));
    const page = await probed(room, 'm', `${scheme}://here.example:${port}/x?y`);
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect(valueOf(page, 'probe_http_ssl')).toBe(scheme === 'https' ? 1 : 0);
    expect(proxy.asked).toEqual([['050100', `050100017f000001${hexPort(port)}`]]);
  });

  test('looks the name up where this side does not', async () => {
    const [port, proxy] = [await secure(), await proxied()];
    const room = roomOf(
      config(`proxy_url: "socks5h://127.0.0.1:${proxy.port}", skip_resolve_phase_with_proxy: true, ${CA}`),
      {
        resolve: () => Promise.reject(new Error('nobody may ask')),
      },
    );
    const page = await probed(room, 'm', `https://here.example:${port}/`);
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect(proxy.asked).toEqual([['050100', `050100030c${hex('here.example')}${hexPort(port)}`]]);
  });

  test('is asked for an IPv6 address', async () => {
    const proxy = await proxied({ request: '05050001000000000000' });
    await probed(roomOf(config(`proxy_url: "socks5://127.0.0.1:${proxy.port}"`)), 'm', 'http://[2001:db8::1]:80/');
    expect(proxy.asked).toEqual([['050100', '0501000420010db80000000000000000000000010050']]);
  });

  test('is told name and password where it wants them, and nobody else is', async () => {
    const [port, proxy] = [await plain(), await proxied({ method: '0502' })];
    const room = roomOf(config(`proxy_url: "socks5://us%40er:pass-canary@127.0.0.1:${proxy.port}"`));
    const page = await probed(room, 'm', `http://here.example:${port}/x?y`);
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect(page).not.toContain('pass-canary');
    expect(proxy.asked[0]?.slice(0, 2)).toEqual(['05020002', `0105${hex('us@er')}0b${hex('pass-canary')}`]);
  });

  test.each<[what: string, url: string, answers: SocksAnswers, failure: string, words: string]>([
    ['wants a password that there is not', '', { method: '0502' }, 'connect proxy prober', 'it wants to know who asks'],
    ['takes no method', 'u:p@', { method: '05ff' }, 'connect proxy prober', 'otherwise than by password'],
    [
      'refuses the password',
      'u:canary@',
      { method: '0502', password: '0101' },
      'connect proxy prober',
      'refuses the name',
    ],
    [
      'has a rule against it',
      '',
      { request: '05020001000000000000' },
      'connect proxy network',
      'its rules do not allow',
    ],
    ['is refused', '', { request: '05050001000000000000' }, 'connect proxy target', 'connection refused'],
    ['cannot reach the host', '', { request: '05040001000000000000' }, 'connect proxy target', 'host unreachable'],
    ['gives a reply that nobody knows', '', { request: '05770001000000000000' }, 'connect proxy network', 'reply 119'],
    [
      'speaks of another kind of address',
      '',
      { request: '05000009000000000000' },
      'connect proxy network',
      'no SOCKS 5',
    ],
    ['speaks version 4', '', { method: '0400' }, 'connect proxy network', 'what answers is no SOCKS 5 proxy'],
    ['speaks HTTP', '', { method: hex('HTTP/1.1 400 Bad Request\r\n\r\n') }, 'connect proxy network', 'no SOCKS 5'],
    [
      'says more than was asked',
      '',
      { request: '0500000100000000000041' },
      'connect proxy network',
      'bytes came before',
    ],
    ['ends in the midst', '', { request: '050000' }, 'connect proxy network', 'EOF'],
    ['needs a name for the password', ':canary@', {}, 'connect proxy prober', '1 to 255 bytes'],
    ['is given too long a password', `u:${'canary'.repeat(50)}@`, {}, 'connect proxy prober', '1 to 255 bytes'],
  ])('that %s', async (_, user, answers, failure, words) => {
    const proxy = await proxied(answers);
    const room = roomOf(config(`proxy_url: "socks5://${user}127.0.0.1:${proxy.port}"`));
    const page = await probed(room, 'm', 'http://here.example:1/');
    expect([failureIn(page), valueOf(page, 'probe_success')]).toEqual([failure, 0]);
    expect(page).toContain(words);
    expect(page).not.toContain('canary');
  });

  test('that says nothing ends with the probe', async () => {
    const port = await open(createTcpServer((socket) => socket.on('error', () => undefined)));
    const text = config(`proxy_url: "socks5://127.0.0.1:${port}"`).replace('5s', '60ms');
    expect(failureIn(await probed(roomOf(text), 'm', 'http://here.example:1/'))).toBe('connect proxy network');
  });

  test.each([
    ['the proxy', '127.0.0.2', 'http://here.example/'],
    ['the target', '127.0.0.1', 'http://127.0.0.2/'],
  ])('is held to the address policy: %s', async (_, proxy, url) => {
    const room = roomOf(config(`proxy_url: "socks5://${proxy}:1", skip_resolve_phase_with_proxy: true`), {
      allows: (address) => (address === '127.0.0.2' ? 'no' : null),
    });
    expect(failureIn(await probed(room, 'm', url))).toBe('connect not-allowed prober');
  });

  test('may say anything: the probe ends, and fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }), async (says) => {
        const server = createTcpServer((socket) => {
          socket.on('error', () => undefined);
          socket.end(Buffer.concat(says));
        });
        const room = roomOf(config(`proxy_url: "socks5://u:p@127.0.0.1:${await listening(server)}"`));
        const page = await probed(room, 'm', 'http://here.example:1/');
        server.close();
        expect(valueOf(page, 'probe_success')).toBe(0);
        expect(failureIn(page)).toMatch(/^connect proxy /);
      }),
      { numRuns: 60 },
    );
  });
});

test.each([
  ['socks5://p', 'socks5://p', 1080],
  ['socks5h://p:9', 'socks5h://p:9', 9],
])('%s in the environment is %s, port %i', async (given, href, port) => {
  const { portOf } = await import('../proxy-choice.ts');
  const client = { proxy_url: '', no_proxy: '', proxy_from_environment: true, proxy_connect_header: new Map() };
  const proxy = proxyFor(client, new URL('https://a.example'), { HTTPS_PROXY: given });
  expect([proxy?.href, proxy === null ? null : portOf(proxy)]).toEqual([href, port]);
});
