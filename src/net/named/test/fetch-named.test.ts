import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Fetch } from '../../../contract/net.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import { visible } from '../../../model/text.ts';
import type { Lookup } from '../../../model/trace.ts';
import { createMeter } from '../../meter.ts';
import { openFetchNamed } from '../fetch-named.ts';
import { keptAnswers } from '../kept-answers.ts';
import { namedUrl, reachable } from '../named-url.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const names: Readonly<Record<string, readonly string[]>> = {
  'ca.example': ['127.0.0.1'],
  'both.example': ['10.0.0.1', '127.0.0.1'],
};

function open(timeoutMs = 2000) {
  const meter = createMeter();
  const lookup = (name: DnsName): Promise<Lookup> => {
    const addresses = (names[name] ?? []).map((address) => ({
      ...{ address: address as IpAddress, family: 4 as const, ttlSeconds: 1 },
    }));
    return Promise.resolve({
      ...{ startMs: 0, durationMs: 0, resolver: '', aliases: [], canonicalName: name, addresses, problem: null },
      familyProblems: { ipv4: null, ipv6: null },
    });
  };
  const options = {
    dns: { lookup },
    families: [4, 6] as const,
    timeoutMs,
    userAgent: 'test',
    meter,
    kept: keptAnswers(),
  };
  return { fetchNamed: openFetchNamed(options), meter };
}

const question = (url: string, more: Partial<Fetch> = {}): Fetch => ({
  ...{ url, maxBytes: 100, reach: 'any', asOfMs: 1000, keepUntilMs: () => null },
  ...more,
});
const signal = new AbortController().signal;

async function outcome(url: string, more: Partial<Fetch> = {}): Promise<string> {
  const fetched = await open().fetchNamed(question(url, more), signal);
  return fetched.state === 'answered' ? Buffer.from(fetched.body).toString() : `failed: ${visible(fetched.because)}`;
}

describe('what is fetched', () => {
  test('is the body, by the name of the host, counted in the budget', async () => {
    const port = await serve((request, response) => response.end(`${request.method} ${request.headers.host}`));
    const { fetchNamed, meter } = open();
    const fetched = await fetchNamed(question(`http://ca.example:${port}/list`), signal);
    if (fetched.state !== 'answered') throw new Error(visible(fetched.because));
    expect(Buffer.from(fetched.body).toString()).toBe(`GET ca.example:${port}`);
    const { connections, requests, bytesReceived, bytesSent } = meter.read();
    expect([connections, requests, bytesReceived > 50, bytesSent > 50]).toEqual([1, 1, true, true]);
  });

  test('may be asked for with a body', async () => {
    const port = await serve((request, response) => {
      response.write(`${request.headers['content-type']} `);
      request.pipe(response);
    });
    const post = { body: Buffer.from('question'), contentType: 'application/ocsp-request' };
    expect(await outcome(`http://127.0.0.1:${port}/`, { post })).toBe('application/ocsp-request question');
  });
});

describe('what is not gone to', () => {
  test.each([
    ['file:///etc/passwd', 'failed: its URL is file: not http'],
    ['ldap://ca.example/cn=x', 'failed: its URL is ldap: not http'],
    ['nonsense', 'failed: its URL cannot be read'],
    ['http://user:word@ca.example/', 'failed: its URL holds a user name'],
    [`http://ca.example/${'x'.repeat(2000)}`, 'failed: its URL cannot be read'],
    ['http://nobody.example/', 'failed: its name has no address'],
  ])('%s', async (url, expected) => {
    expect(await outcome(url)).toBe(expected);
  });

  test.each([
    ['http://ca.example:9/'],
    ['http://both.example:9/'],
    ['http://127.0.0.1:9/'],
    ['http://2130706433:9/'],
    ['http://[::1]:9/'],
    ['http://[::ffff:10.0.0.1]:9/'],
    ['http://169.254.169.254/latest/meta-data/'],
  ])('%s, for a public target', async (url) => {
    expect(await outcome(url, { reach: 'public' })).toBe('failed: its address is not public, and the target is');
  });

  test.each([
    [['10.1.2.3', '192.0.2.1'], 'public', null],
    [['10.1.2.3', '8.8.8.8'], 'public', '8.8.8.8'],
    [['192.0.2.1', '224.0.0.1', '0.0.0.0'], 'any', null],
    [['10.1.2.3'], 'any', '10.1.2.3'],
    [['fe80::1'], 'any', 'fe80::1'],
  ] as const)('of %j with reach %s: %s', (addresses, reach, expected) => {
    expect(reachable(addresses as unknown as readonly IpAddress[], reach)).toBe(expected);
  });

  test('a redirect to another host, or the third one', async () => {
    const port = await serve((request, response) => {
      const to = request.url === '/away' ? `http://localhost:${port}/` : `/${Number(request.url?.slice(1)) + 1}`;
      if (request.url === '/2') response.end('arrived');
      else response.writeHead(302, { location: to }).end();
    });
    expect(await outcome(`http://127.0.0.1:${port}/away`)).toBe('failed: it redirects to another host');
    expect(await outcome(`http://127.0.0.1:${port}/0`)).toBe('arrived');
    expect(await outcome(`http://127.0.0.1:${port}/7`)).toBe('failed: it redirects more than 2 times');
  });
});

describe('a server that is no good', () => {
  test.each([
    ['an error', ((_, response) => response.writeHead(503).end('x')) as RequestListener, 'it answers HTTP 503'],
    [
      'too much',
      ((_, response) => response.end('x'.repeat(101))) as RequestListener,
      'its answer is larger than 100 bytes',
    ],
    ['hanging up', ((request) => request.socket.destroy()) as RequestListener, 'connection closed before an answer'],
  ])('%s', async (_, listener, because) => {
    const port = await serve(listener);
    expect(await outcome(`http://127.0.0.1:${port}/`)).toBe(`failed: ${because}`);
  });

  test.each([
    ['silence', () => undefined],
    ['a drop now and then', (_request, response) => void response.write('x')],
  ] as readonly (readonly [string, RequestListener])[])('%s is given up', async (_, listener) => {
    const port = await serve(listener);
    const fetched = await open(100).fetchNamed(question(`http://127.0.0.1:${port}/`), signal);
    expect(fetched.state === 'failed' && visible(fetched.because)).toMatch(/no answer in time|stopped/);
  });

  test('one that nobody listens at', async () => {
    const port = await serve(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect(await outcome(`http://127.0.0.1:${port}/`)).toBe('failed: connection refused');
  });
});

describe('what is kept', () => {
  const count = async () => {
    const asked = { times: 0 };
    const port = await serve((_, response) => response.end(`answer ${++asked.times}`));
    return { asked, url: `http://127.0.0.1:${port}/` };
  };

  test('is given to all who ask the same, at once or later, until it ends', async () => {
    const { asked, url } = await count();
    const { fetchNamed } = open();
    const ask = (asOfMs: number, more: Partial<Fetch> = {}) =>
      fetchNamed(question(url, { asOfMs, keepUntilMs: () => 2000, ...more }), signal);
    const together = await Promise.all([ask(1000), ask(1000), ask(1000)]);
    expect(together.map((one) => one.state === 'answered' && one.kept)).toEqual([false, true, true]);
    expect(asked.times).toBe(1);
    await ask(1999);
    expect(asked.times).toBe(1);
    await ask(2000);
    expect(asked.times).toBe(2);
    await ask(1000, { reach: 'public' });
    expect(asked.times).toBe(2);
  });

  test('is not kept when nobody says until when', async () => {
    const { asked, url } = await count();
    const { fetchNamed } = open();
    await fetchNamed(question(url), signal);
    await fetchNamed(question(url), signal);
    expect(asked.times).toBe(2);
  });

  test('is a failure for the same run only', async () => {
    const asked = { times: 0 };
    const port = await serve((_, response) => {
      response.writeHead(++asked.times === 1 ? 500 : 200).end('x');
    });
    const { fetchNamed } = open();
    const states = [];
    for (const asOfMs of [1, 1, 2]) {
      states.push((await fetchNamed(question(`http://127.0.0.1:${port}/`, { asOfMs }), signal)).state);
    }
    expect([states, asked.times]).toEqual([['failed', 'failed', 'answered'], 2]);
  });

  test('is bounded in bytes: what was used last stays', async () => {
    const kept = keptAnswers(25);
    let fetched = 0;
    const ask = (url: string) =>
      kept.get(question(url, { keepUntilMs: () => 5000 }), () => {
        fetched++;
        return Promise.resolve(Buffer.alloc(10));
      });
    await ask('a');
    await ask('b');
    await ask('a');
    await ask('c');
    expect((await ask('a')).fresh).toBe(false);
    expect((await ask('b')).fresh).toBe(true);
    expect(fetched).toBe(4);
  });
});

test('ports and hosts are read from the URL', () => {
  expect(namedUrl('https://CA.example/x')).toMatchObject({ port: 443, host: { name: 'ca.example' } });
  expect(namedUrl('http://[2001:db8::1]:8080/')).toMatchObject({ port: 8080, host: { address: '2001:db8::1' } });
  expect(namedUrl('http://ca.example:0/')).toEqual({ because: 'its URL cannot be read' });
});
