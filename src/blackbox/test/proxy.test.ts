// Holds the http prober's proxies to what net/http and httpproxy do: whom they ask, what they send, and what goes straight.
import { createServer } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { afterEach, describe, expect, test } from 'vitest';
import { readBlackboxConfig } from '../config/read.ts';
import { unsupported } from '../config/unsupported.ts';
import { BadProxy, goesStraight, proxyFor } from '../proxy-choice.ts';
import { failureIn, listening, probed, roomOf, valueOf } from './asking.ts';
import { identity, ROOT_PEM } from './certified.ts';
import { openProxy, type Proxy } from './proxying.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function proxied(...given: Parameters<typeof openProxy>): Promise<Proxy> {
  const proxy = await openProxy(...given);
  closing.push(() => proxy.close());
  return proxy;
}

async function target(secure = false): Promise<number> {
  const server = secure
    ? createSecure(identity(), (_request, response) => response.end('ok'))
    : createServer((_request, response) => response.end('ok'));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return await listening(server);
}

const config = (http: string): string => `modules: {m: {prober: http, timeout: 5s, http: {${http}}}}`;
const CA = `tls_config: {ca: ${JSON.stringify(ROOT_PEM)}}`;
const NO_FIELDS = { no_proxy: '', proxy_from_environment: false, proxy_connect_header: new Map() };

describe('a proxy', () => {
  test('is asked for the name in absolute form, with the credentials of its URL', async () => {
    const [port, proxy] = [await target(), await proxied()];
    const page = await probed(
      roomOf(config(`proxy_url: "http://us%40er:pass-canary@127.0.0.1:${proxy.port}"`)),
      'm',
      `http://here.example:${port}/a?b`,
    );
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect(valueOf(page, 'probe_ip_protocol')).toBe(4);
    expect(page).not.toContain('pass-canary');
    expect(proxy.asked).toMatchObject([
      {
        ...{ method: 'GET', target: `http://here.example:${port}/a?b` },
        headers: {
          host: `here.example:${port}`,
          'proxy-authorization': `Basic ${Buffer.from('us@er:pass-canary').toString('base64')}`,
        },
      },
    ]);
  });

  test('makes a tunnel to the address, with proxy_connect_header in CONNECT alone', async () => {
    const [port, proxy] = [await target(true), await proxied()];
    const page = await probed(
      roomOf(config(`proxy_url: "http://u:p@127.0.0.1:${proxy.port}", proxy_connect_header: {X-Own: [one]}, ${CA}`)),
      'm',
      `https://here.example:${port}`,
    );
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect(valueOf(page, 'probe_http_ssl')).toBe(1);
    expect(proxy.asked).toHaveLength(1);
    const [asked] = proxy.asked;
    expect(asked).toMatchObject({ method: 'CONNECT', target: `127.0.0.1:${port}` });
    expect(asked?.headers).toEqual({
      host: `127.0.0.1:${port}`,
      'user-agent': 'Blackbox-Exporter/test',
      'x-own': 'one',
      'proxy-authorization': `Basic ${Buffer.from('u:p').toString('base64')}`,
    });
  });

  test.each([[false], [true]])('is spoken to over TLS (target over TLS: %s)', async (secure) => {
    const [port, proxy] = [await target(secure), await proxied(undefined, identity())];
    const page = await probed(
      roomOf(config(`proxy_url: "https://here.example:${proxy.port}", ${CA}`)),
      'm',
      `${secure ? 'https' : 'http'}://here.example:${port}`,
    );
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect(proxy.asked).toHaveLength(1);
    // The chain of the proxy is not the target's.
    expect(page.includes('probe_ssl_leaf')).toBe(secure);
  });

  test('resolves the name itself with skip_resolve_phase_with_proxy', async () => {
    const [port, proxy] = [await target(), await proxied()];
    const page = await probed(
      roomOf(config(`proxy_url: "http://127.0.0.1:${proxy.port}", skip_resolve_phase_with_proxy: true`)),
      'm',
      `http://only-there.example:${port}`,
    );
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect(page).not.toMatch(/probe_dns_lookup_time_seconds|probe_ip_protocol|probe_ip_addr_hash|phase="resolve"/);
    expect(proxy.asked[0]?.target).toBe(`http://only-there.example:${port}/`);
  });

  test('of the environment is asked, and not for this machine', async () => {
    const [port, proxy] = [await target(), await proxied()];
    const room = roomOf(config('proxy_from_environment: true, skip_resolve_phase_with_proxy: true'), {
      env: { http_proxy: `127.0.0.1:${proxy.port}` },
    });
    expect(valueOf(await probed(room, 'm', `http://there.example:${port}`), 'probe_success')).toBe(1);
    expect(proxy.asked).toHaveLength(1);
    expect(valueOf(await probed(room, 'm', `http://127.0.0.1:${port}`), 'probe_success')).toBe(1);
    expect(proxy.asked).toHaveLength(1);
  });

  test.each([
    ['407 Proxy Authentication Required', 'connect proxy prober'],
    ['403 Forbidden', 'connect proxy network'],
    ['502 Bad Gateway', 'connect proxy target'],
  ])('that answers CONNECT with %s: %s', async (status, failure) => {
    const proxy = await proxied(status);
    const page = await probed(
      roomOf(config(`proxy_url: "http://u:pass-canary@127.0.0.1:${proxy.port}"`)),
      'm',
      'https://here.example:1',
    );
    expect(failureIn(page)).toBe(failure);
    expect(page).toContain(`refused CONNECT: ${status}`);
    expect(page).not.toContain('pass-canary');
  });

  test('that is not there is not the target’s fault', async () => {
    const proxy = await openProxy();
    proxy.close();
    const page = await probed(
      roomOf(config(`proxy_url: "http://127.0.0.1:${proxy.port}"`)),
      'm',
      'http://here.example:1',
    );
    expect(failureIn(page)).toBe('connect proxy network');
  });

  test.each([
    ['the proxy', 'proxy_url: "http://127.0.0.2:1"', 'http://there.example/'],
    ['the target', 'proxy_url: "http://127.0.0.1:1"', 'http://127.0.0.2/'],
  ])('is held to the address policy: %s', async (_, http, url) => {
    const room = roomOf(config(`${http}, skip_resolve_phase_with_proxy: true`), {
      allows: (address) => (address === '127.0.0.2' ? 'no' : null),
    });
    expect(failureIn(await probed(room, 'm', url))).toBe('connect not-allowed prober');
  });
});

test.each([
  ['127.0.0.2', 'connect not-allowed prober'],
  ['127.2:80', 'connect not-allowed prober'],
  ['x@127.0.0.2', 'connect config prober'],
  ['x.example/?@127.0.0.2', 'connect config prober'],
])('a Host of %j, by which a proxy is asked, is held to the address policy too', async (host, failure) => {
  const room = roomOf(config(`proxy_url: "http://127.0.0.1:1", headers: {Host: ${JSON.stringify(host)}}`), {
    allows: (address) => (address === '127.0.0.2' ? 'no' : null),
  });
  expect(failureIn(await probed(room, 'm', 'http://here.example/'))).toBe(failure);
});

test.each<[list: string, host: string, port: number, straight: boolean]>([
  ['', 'localhost', 80, true],
  ['', '127.1.2.3', 80, true],
  ['', '::1', 80, true],
  ['', 'a.example', 80, false],
  ['*', 'a.example', 80, true],
  ['a.example', 'a.example', 80, true],
  ['a.example', 'b.a.example', 80, true],
  ['a.example', 'ba.example', 80, false],
  ['.a.example', 'a.example', 80, false],
  ['.a.example', 'b.a.example', 80, true],
  ['*.a.example', 'b.a.example', 80, true],
  ['*.a.example', 'a.example', 80, false],
  [' X.example , A.Example ', 'a.example', 80, true],
  ['a.example:443', 'a.example', 80, false],
  ['a.example:443', 'a.example', 443, true],
  ['192.0.2.0/24', '192.0.2.7', 80, true],
  ['192.0.2.0/24', '192.0.3.7', 80, false],
  ['192.0.2.0/33', '192.0.2.7', 80, false],
  ['192.0.2.7:80', '192.0.2.7', 80, true],
  ['192.0.2.7:80', '192.0.2.7', 81, false],
  ['2001:db8::/32', '2001:db8::1', 80, true],
  ['[2001:db8::1]:443', '2001:db8::1', 443, true],
  ['2001:db8:0::1', '2001:db8::1', 443, true],
  ['192.0.2.0/24', 'a.example', 80, false],
  ['bücher.example', 'xn--bcher-kva.example', 80, true],
  [',,:80,', 'a.example', 80, false],
])('no_proxy %j and %s port %s: straight %s', (list, host, port, straight) => {
  expect(goesStraight(list, host, port)).toBe(straight);
});

test.each([
  ['http://a.example', { HTTP_PROXY: 'http://p:1' }, 'http://p:1/'],
  ['http://a.example', { HTTP_PROXY: '', http_proxy: 'p:1' }, 'http://p:1/'],
  ['https://a.example', { HTTP_PROXY: 'http://p:1' }, null],
  ['https://a.example', { https_proxy: 'https://p' }, 'https://p/'],
  ['https://a.example', { HTTPS_PROXY: 'http://p:1', no_proxy: 'a.example' }, null],
])('%s in the environment %j: %s', (url, env, proxy) => {
  const given = { ...NO_FIELDS, proxy_url: '', proxy_from_environment: true };
  expect(proxyFor(given, new URL(url), env)?.href ?? null).toBe(proxy);
});

test('no_proxy fits the address that was chosen, and the name too where quirks are mended', () => {
  const given = { ...NO_FIELDS, proxy_url: 'p:1', no_proxy: 'a.example' };
  expect(proxyFor(given, new URL('http://192.0.2.1'), {})?.href).toBe('http://p:1/');
  expect(proxyFor(given, new URL('http://192.0.2.1'), {}, ['a.example'])).toBeNull();
});

test.each([
  [
    'proxy_url: "socks4://u:canary@p:1"',
    'module m: proxy_url: of SOCKS only version 5 is spoken: write socks5://proxy.example:1080',
  ],
  [
    'proxy_url: "socks5://"',
    'module m: proxy_url: of SOCKS only version 5 is spoken: write socks5://proxy.example:1080',
  ],
  [
    'proxy_url: "ftp://u:canary@p"',
    'module m: proxy_url is not the URL of a proxy: write http://proxy.example:3128, https:// or socks5://',
  ],
  ['proxy_url: "socks5://u:canary@p:1"', null],
  ['proxy_url: "socks5h://p", no_proxy: a', null],
  ['proxy_url: "p:1", no_proxy: a', null],
  ['proxy_url: "http://p:1"', null],
])('%s at load: %s', (http, words) => {
  expect(unsupported(readBlackboxConfig(config(http)))[0] ?? null).toBe(words);
});

test('a proxy of the environment that cannot be spoken to is told without its password', () => {
  const given = { ...NO_FIELDS, proxy_url: '', proxy_from_environment: true };
  const asked = (): unknown => proxyFor(given, new URL('http://a.example'), { HTTP_PROXY: 'socks4://u:canary@p' });
  expect(asked).toThrow(BadProxy);
  expect(asked).not.toThrow(/canary/);
});
