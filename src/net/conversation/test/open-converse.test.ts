import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ConversationOffer } from '../../../contract/conversation.ts';
import { createAuthority } from '../../../demo/pki/authority.ts';
import { issue } from '../../../demo/pki/certificate.ts';
import { ecKeys } from '../../../demo/pki/keys.ts';
import { fieldValue } from '../../../model/fields.ts';
import { Secret } from '../../../model/secret.ts';
import { type Endpoint, endpointId, parseTarget } from '../../../model/target.ts';
import { type DnsName, type IpAddress, visible } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { type ConverseOptions, openConverse } from '../open-converse.ts';

const NAME = 'talk.example';
const address = '127.0.0.1' as IpAddress;
const still = new AbortController().signal;
const twice: ConversationOffer = {
  ...{ next: () => 'ride', everyMs: 1, atOnce: 2, mostMessages: 2, bodyBytes: 1000, answerMs: 5000 },
};

async function started<S extends Server>(server: S) {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  const endpoint: Endpoint = {
    ...{ id: endpointId(address, port), address, port, family: 4, zone: null, zoneSource: null, ttlSeconds: null },
  };
  const stop = async (): Promise<void> => {
    if ('closeAllConnections' in server) (server as unknown as { closeAllConnections(): void }).closeAllConnections();
    server.close();
  };
  return { endpoint, [Symbol.asyncDispose]: stop };
}

function optionsFor(scheme: string, request: Partial<ConverseOptions['request']> = {}): ConverseOptions {
  return {
    ...{
      target: parseTarget(`${scheme}://${NAME}/face?q=1`),
      servername: NAME as DnsName,
      identity: null,
      http: '1.1',
    },
    request: { method: 'GET', headers: [], body: null, userAgent: 'outrider/test', ...request },
    trust: { caPem: [], insecure: false },
    ...{ timeoutMs: 5000, limits: { bodyBytes: 1000, headerBytes: 1000 }, meter: createMeter(), wallMs: () => 0 },
  };
}

const telling: RequestListener = (request, response) => {
  const { socket, url, headers, method } = request;
  response.setHeader('X-Told', [method, url, headers.host, headers['user-agent'], socket.remotePort].join(' '));
  response.end('ok');
};

describe('the request of the ride', () => {
  test('goes twice on one connection, and is counted', async () => {
    await using server = await started(createServer(telling));
    const options = optionsFor('http');
    const talk = await openConverse(options)(server.endpoint, twice, still);
    expect(talk).toMatchObject({ sent: 2, end: 'open', problem: null });
    const told = talk?.answers.map(({ headers }) => visible(fieldValue(headers, 'x-told') ?? ''));
    expect(told?.[0]).toMatch(/^GET \/face\?q=1 talk\.example outrider\/test \d+$/);
    expect(told?.[1]).toBe(told?.[0]);
    expect(options.meter.read()).toMatchObject({ connections: 1, requests: 2 });
  });

  test.each<[Partial<ConverseOptions['request']>]>([[{ method: 'POST' }], [{ body: Buffer.from('x') }]])(
    'is not repeated where that may do something: %j',
    async (request) => {
      await using server = await started(createServer(telling));
      expect(await openConverse(optionsFor('http', request))(server.endpoint, twice, still)).toBeNull();
    },
  );

  test('HEAD is answered without body', async () => {
    await using server = await started(createServer(telling));
    const talk = await openConverse(optionsFor('http', { method: 'HEAD' }))(server.endpoint, twice, still);
    expect(talk?.answers.map(({ whole, bodyBytes }) => [whole, bodyBytes])).toEqual([
      [true, 0],
      [true, 0],
    ]);
  });
});

describe('over TLS', () => {
  const authority = createAuthority('Talk', Date.now());
  const subject = { commonName: NAME, ...ecKeys() };
  const dates = { notBefore: Date.now() - 1000, notAfter: Date.now() + 86_400_000 };
  const leaf = issue({ subject, issuer: authority.intermediate, ...dates, names: [NAME] });
  const key = subject.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const server = () => createTlsServer({ cert: leaf.pem + authority.intermediateCertificate.pem, key }, telling);
  const secret = [['authorization', new Secret('header authorization', 'Basic x')]] as const;

  test('the server need not be verified where nothing is to be protected', async () => {
    await using running = await started(server());
    expect((await openConverse(optionsFor('https'))(running.endpoint, twice, still))?.answers).toHaveLength(2);
  });

  test.each([
    [false, 0, 'withheld'],
    [true, 2, undefined],
  ])('what the caller gave goes to an unverified server only when told: insecure %s', async (insecure, count, code) => {
    await using running = await started(server());
    const options = { ...optionsFor('https', { headers: secret }), trust: { caPem: [], insecure } };
    const talk = await openConverse(options)(running.endpoint, twice, still);
    expect([talk?.answers.length, talk?.problem?.code]).toEqual([count, code]);
  });

  test('what the caller gave goes to a verified server', async () => {
    await using running = await started(server());
    const trust = { caPem: [authority.rootCertificate.pem], insecure: false };
    const talk = await openConverse({ ...optionsFor('https', { headers: secret }), trust })(
      running.endpoint,
      twice,
      still,
    );
    expect(talk?.answers).toHaveLength(2);
  });
});

/** Speaks first what it is given, then does as told. */
const speaking = (text: string, then: 'end' | 'reset' | 'keep') =>
  createTcp((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(text, 'latin1', () => {
        if (then === 'end') socket.end();
        if (then === 'reset') socket.resetAndDestroy();
      });
    });
  });

describe('a server that', () => {
  const FULL = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
  test.each<[string, string, 'end' | 'reset' | 'keep', Partial<ConversationOffer>, object]>([
    ['closes without a word', '', 'end', {}, { answers: [], sent: 1, end: 'closed', problem: null }],
    ['resets without a word', '', 'reset', {}, { answers: [], sent: 1, end: 'reset', problem: null }],
    ['is silent', '', 'keep', { answerMs: 50 }, { answers: [], end: 'open', problem: { code: 'wait-timeout' } }],
    [
      'answers and closes',
      FULL,
      'end',
      { mostMessages: 1, idleMs: 5000 },
      { end: 'closed', closedAfterMs: expect.any(Number) },
    ],
    ['answers and stays', FULL, 'keep', { mostMessages: 1, idleMs: 50 }, { end: 'open', closedAfterMs: null }],
    ['answers in HTTP/0.9', 'hello', 'end', {}, { answers: [{ status: 0, bodyStart: 'hello', whole: true }], sent: 1 }],
    ['stops in the middle', 'HTTP/1.1 200 OK\r\nA: b', 'keep', { answerMs: 50 }, { answers: [{ whole: false }] }],
  ])('%s', async (_, text, then, offer, expected) => {
    await using server = await started(speaking(text, then));
    const talk = await openConverse(optionsFor('http'))(server.endpoint, { ...twice, ...offer }, still);
    expect(talk).toMatchObject(expected);
  });

  test('is not there', async () => {
    const server = await started(speaking('', 'end'));
    await server[Symbol.asyncDispose]();
    const talk = await openConverse(optionsFor('http'))(server.endpoint, twice, still);
    expect(talk).toMatchObject({ sent: 0, answers: [], problem: { code: 'refused' } });
  });
});

test('bytes go as they are', async () => {
  const heard: Buffer[] = [];
  await using server = await started(
    createTcp((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (chunk) => {
        heard.push(Buffer.from(chunk));
        socket.end();
      });
    }),
  );
  const bytes = Buffer.from('FOO * HTTP/9.9\n\n');
  const offer = { ...twice, mostMessages: 1, next: () => ({ bytes }) };
  await openConverse(optionsFor('http'))(server.endpoint, offer, still);
  expect(heard).toEqual([bytes]);
});

test('a ride that is stopped stops it', async () => {
  await using server = await started(speaking('', 'keep'));
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 20);
  const talk = await openConverse(optionsFor('http'))(server.endpoint, twice, stop.signal);
  expect(talk?.problem?.code).toBe('cancelled');
});
