import { randomBytes } from 'node:crypto';
import type { Http2ServerResponse } from 'node:http2';
import type { Answer } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { DnsServer } from '../../../contract/net.ts';
import type { DnsName } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { type DnsClientOptions, openDnsClient } from '../client.ts';
import { answerHttps, type Certified, type HttpsRespond, NAME, roots, startHttps } from './secured-servers.ts';
import { type Asked, reply, startServer } from './servers.ts';

const KMS = 'kms.example' as DnsName;
const forever = new AbortController().signal;
const a = (data: string, name: string = KMS): Answer => ({ type: 'A', name, ttl: 60, data });
const answer = (asked: Asked, data = '192.0.2.1') => reply(asked, { answers: [a(data, asked.name)] });
const honest: HttpsRespond = (asked, response) => answerHttps(response, answer(asked));
const question = (name: string = KMS) => ({ name: name as DnsName, type: 'A', recursionDesired: true }) as const;

function client(resolver: DnsServer, options: Partial<DnsClientOptions> = {}) {
  const meter = createMeter();
  const shared = { resolvers: [resolver], timeoutMs: 5_000, meter, families: [4] as const, caPem: roots };
  return { dns: openDnsClient({ ...shared, ...options }), meter };
}

interface Played {
  readonly certified?: Certified;
  readonly http1?: boolean;
  readonly timeoutMs?: number;
}

async function ask(respond: HttpsRespond, { certified, http1 = false, timeoutMs = 5_000 }: Played = {}) {
  await using server = await startHttps(respond, certified, { http1 });
  const { dns, meter } = client(server.server, { timeoutMs });
  const attempt = await dns.query(server.server, question(), forever);
  await dns.close();
  await server.allClosed();
  return { attempt, server, budget: meter.read() };
}

describe.concurrent('one question over HTTPS', () => {
  test.each([
    ['2.0', false],
    ['1.1', true],
  ])('HTTP/%s: an answer, and what it cost', async (version, http1) => {
    const { attempt, server, budget } = await ask(honest, { http1 });
    expect(attempt).toMatchObject({
      state: 'complete',
      value: { transport: 'https', verified: 'address', rcode: 'NOERROR', answers: [{ address: '192.0.2.1' }] },
    });
    expect(server.requests).toMatchObject([
      { version, headers: { accept: 'application/dns-message', 'content-type': 'application/dns-message' } },
    ]);
    // RFC 8484 4.1: without an id.
    expect(server.asked[0]?.packet.id).toBe(0);
    expect(budget).toMatchObject({ dnsQueries: 1, requests: 1, connections: 1 });
    expect(budget.bytesReceived).toBeGreaterThan(1_000);
    expect(server.connections.total).toBe(1);
  });

  test.each([
    ['41', 19],
    ['60', 0],
    ['9999', 0],
    ['-1', 60],
    ['a while', 60],
  ])('an answer that was kept for "%s" seconds lives %i more', async (age, ttlSeconds) => {
    const { attempt } = await ask((asked, response) => {
      response.setHeader('age', age);
      answerHttps(response, answer(asked));
    });
    expect(attempt).toMatchObject({ state: 'complete', value: { answers: [{ ttlSeconds }] } });
  });

  const refused: readonly [string, Certified, string][] = [
    ['of a stranger', { names: ['127.0.0.1'], by: 'stranger' }, 'SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_'],
    ['for another name', { names: [NAME] }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['that is over', { names: ['127.0.0.1'], expired: true }, 'CERT_HAS_EXPIRED'],
  ];
  test.each(refused)('a certificate %s: nothing is asked', async (_, certified, words) => {
    const { attempt, server, budget } = await ask(honest, { certified });
    expect(attempt).toMatchObject({
      state: 'failed',
      problem: { code: 'dns-unreachable', detail: expect.stringMatching(`does not hold for 127.0.0.1 \\((${words})`) },
    });
    expect(server.asked).toEqual([]);
    expect(budget).toMatchObject({ dnsQueries: 0, requests: 0 });
  });

  const broken: readonly [string, HttpsRespond, string, string | null][] = [
    ['HTTP 500', (asked, response) => answerHttps(response, answer(asked), undefined, 500), 'dns-error', 'HTTP 500'],
    ['HTTP 403', (asked, response) => answerHttps(response, answer(asked), undefined, 403), 'dns-refused', 'HTTP 403'],
    ['a redirect', (_, response) => redirect(response), 'dns-error', 'HTTP 302'],
    [
      'another content type',
      (asked, response) => answerHttps(response, answer(asked), 'text/html'),
      'dns-malformed',
      'content type text/html',
    ],
    ['no content type', (asked, response) => void response.end(answer(asked)), 'dns-malformed', 'content type none'],
    ['garbage', (_, response) => answerHttps(response, randomBytes(100)), 'dns-malformed', null],
    ['no body', (_, response) => answerHttps(response, Buffer.alloc(0)), 'dns-malformed', null],
    [
      'an answer to something else',
      (asked, response) => answerHttps(response, reply(asked, { questions: [{ type: 'A', name: 'x.example' }] })),
      'dns-malformed',
      null,
    ],
    [
      'more than a message',
      (_, response) => answerHttps(response, Buffer.alloc(70_000)),
      'dns-malformed',
      'an answer of more than 65535 bytes',
    ],
    ['a body without end', endless, 'dns-malformed', 'an answer of more than 65535 bytes'],
    ['silence', () => undefined, 'dns-timeout', null],
    ['half an answer, then the end', halfAnswer, 'dns-unreachable', null],
  ];
  describe.each([
    ['2', false],
    ['1.1', true],
  ])('over HTTP/%s', (_version, http1) => {
    test.each(broken)('%s', async (_, respond, code, detail) => {
      const { attempt, server } = await ask(respond, { http1, timeoutMs: 600 });
      expect(attempt).toMatchObject({ state: 'failed', problem: { code, ...(detail !== null && { detail }) } });
      expect(server.connections).toEqual({ total: 1, open: 0 });
    });
  });
});

describe.concurrent('one connection for many questions', () => {
  test('answers come in any order, each to its question', async () => {
    const held: [Asked, Http2ServerResponse][] = [];
    await using server = await startHttps((asked, response) => {
      held.push([asked, response]);
      if (held.length === 20)
        for (const [one, to] of held.toReversed()) answerHttps(to, answer(one, `192.0.2.${one.name.split('.')[0]}`));
    });
    const { dns } = client(server.server);
    const names = Array.from({ length: 20 }, (_, index) => `${index}.example`);
    const attempts = await Promise.all(names.map((name) => dns.query(server.server, question(name), forever)));
    expect(attempts.map((one) => one.state === 'complete' && one.value.answers)).toMatchObject(
      names.map((name, index) => [{ name, address: `192.0.2.${index}` }]),
    );
    expect(server.connections.total).toBe(1);
    await dns.close();
    await server.allClosed();
  });

  test.each([false, true])(
    'a resolver that hangs up between answers is asked on a new connection (HTTP/1.1: %s)',
    async (http1) => {
      await using server = await startHttps(
        (asked, response) => (asked.count === 2 ? response.socket.destroy() : answerHttps(response, answer(asked))),
        undefined,
        { http1 },
      );
      const { dns } = client(server.server);
      const attempts = [];
      for (let times = 0; times < 3; times++) attempts.push(await dns.query(server.server, question(), forever));
      expect(attempts).toMatchObject([{ state: 'complete' }, { state: 'complete' }, { state: 'complete' }]);
      expect(server.connections.total).toBe(2);
      await dns.close();
      await server.allClosed();
    },
  );

  test('the signal ends the asking, and no socket is left', async () => {
    const over = new AbortController();
    await using server = await startHttps(() => over.abort());
    const { dns } = client(server.server);
    expect(await dns.query(server.server, question(), over.signal)).toMatchObject({ state: 'unfinished' });
    await dns.close();
    await server.allClosed();
    expect(server.connections).toEqual({ total: 1, open: 0 });
  });
});

describe.concurrent('a resolver given by its name', () => {
  test('is looked up once, and its certificate must hold for the name', async () => {
    await using locator = await startServer((asked) => reply(asked, { answers: [a('127.0.0.1', asked.name)] }));
    await using server = await startHttps(honest, { names: [NAME] }, { host: NAME });
    const { dns } = client(server.server, { locators: [locator.server] });
    const attempts = await Promise.all([1, 2, 3].map(() => dns.query(server.server, question(), forever)));
    for (const attempt of attempts) expect(attempt).toMatchObject({ state: 'complete', value: { verified: 'name' } });
    expect(locator.asked.map(({ name, type }) => [name, type])).toEqual([[NAME, 'A']]);
    await dns.close();
    await server.allClosed();
  });

  test('that has no address', async () => {
    await using locator = await startServer((asked) => reply(asked, { rcode: 'NXDOMAIN' }));
    await using server = await startHttps(honest, { names: [NAME] }, { host: NAME });
    const { dns } = client(server.server, { locators: [locator.server] });
    expect(await dns.query(server.server, question(), forever)).toMatchObject({
      state: 'failed',
      problem: { code: 'dns-unreachable', detail: 'no address found for dns.example' },
    });
    expect(server.connections.total).toBe(0);
    await dns.close();
  });
});

function redirect(response: Http2ServerResponse): void {
  response.writeHead(302, { location: 'https://127.0.0.1/elsewhere' });
  response.end();
}

function halfAnswer(asked: Asked, response: Http2ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/dns-message', 'content-length': 100 });
  response.write(answer(asked).subarray(0, 20), () => response.socket.destroy());
}

function endless(_asked: Asked, response: Http2ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/dns-message' });
  response.on('error', () => {});
  const more = (): void => {
    if (!response.destroyed && !response.socket?.destroyed)
      response.write(Buffer.alloc(16_384), () => setImmediate(more));
  };
  more();
}
