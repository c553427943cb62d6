// Holds the fetching of lists of targets to real servers: what is sent with it and to whom, what is refused, and that no answer is repeated.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../demo/pki/authority.ts';
import { issue } from '../../demo/pki/certificate.ts';
import { ecKeys } from '../../demo/pki/keys.ts';
import { Secret } from '../../model/secret.ts';
import { TooMuch, UsageError } from '../../model/usage-error.ts';
import { fetchTargets, type NamedTargets } from '../named-targets.ts';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

type Serve = (request: IncomingMessage, response: ServerResponse) => void;
const LIST = '[{"targets":["a.example"]}]';
const json: Serve = (_request, response) => response.setHeader('content-type', 'application/json').end(LIST);

async function served(serve: Serve, server: Server = createServer(serve)): Promise<number> {
  open.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

const fetched = (url: string, given: Partial<NamedTargets> = {}, signal = AbortSignal.timeout(10_000)) =>
  fetchTargets({ url, headers: [], credentials: null, caPem: null, refreshSeconds: 30, ...given }, signal);
const errorOf = async (asked: Promise<string>): Promise<UsageError> => {
  const error: unknown = await asked.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  return error as UsageError;
};
const secret = (value: string) => new Secret('test', value);

test.each([
  ['nothing', null, undefined],
  [
    'a user',
    { scheme: 'basic', user: secret('ada'), password: secret('p:ß') } as const,
    `Basic ${Buffer.from('ada:p:ß').toString('base64')}`,
  ],
  ['a token', { scheme: 'bearer', token: secret('abc') } as const, 'Bearer abc'],
])('says how often it asks, its headers and %s', async (_, credentials, authorization) => {
  let heard: IncomingMessage['headers'] = {};
  const port = await served((request, response) => {
    heard = request.headers;
    json(request, response);
  });
  const headers = [['X-Scope', secret('kms')]] as const;
  expect(await fetched(`http://127.0.0.1:${port}/a?b=c`, { headers, credentials })).toBe(LIST);
  expect(heard).toMatchObject({
    'x-scope': 'kms',
    'x-prometheus-refresh-interval-seconds': '30',
    accept: 'application/json',
  });
  expect(heard.authorization).toBe(authorization);
});

test('goes to no other place, where its credentials would go along', async () => {
  let asked = 0;
  const other = await served(() => {
    asked++;
  });
  const port = await served((_request, response) =>
    response.writeHead(302, { location: `http://127.0.0.1:${other}/` }).end(),
  );
  expect((await errorOf(fetched(`http://127.0.0.1:${port}/a?t=canary`))).message).toBe(
    `http://127.0.0.1:${port}/a: answered 302`,
  );
  expect(asked).toBe(0);
});

describe('over TLS', () => {
  const authority = createAuthority('Inventory', Date.now());
  const subject = { commonName: 'localhost', ...ecKeys() };
  const [notBefore, notAfter] = [Date.now() - 86_400_000, Date.now() + 86_400_000];
  const leaf = issue({ subject, issuer: authority.intermediate, notBefore, notAfter, names: ['localhost'] });
  const identity = {
    cert: leaf.pem + authority.intermediateCertificate.pem,
    key: subject.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };

  test('trusts the roots that it was given, and sends nothing to anybody else', async () => {
    let asked = 0;
    const port = await served(
      json,
      createSecure(identity, (request, response) => {
        asked++;
        json(request, response);
      }),
    );
    const url = `https://localhost:${port}/`;
    expect((await errorOf(fetched(url))).message).toContain('cannot be fetched');
    expect(
      (await errorOf(fetched(`https://127.0.0.1:${port}/`, { caPem: [authority.rootCertificate.pem] }))).message,
    ).toContain('cannot be fetched');
    expect(asked).toBe(0);
    expect(await fetched(url, { caPem: [authority.rootCertificate.pem] })).toBe(LIST);
  });
});

test.each<[what: string, serve: Serve, says: string]>([
  ['a page', (_request, response) => response.end('canary'), 'is not application/json'],
  ['a failure', (_request, response) => response.writeHead(503).end('canary'), 'answered 503'],
  [
    'half an answer',
    (_request, response) => {
      response.setHeader('content-type', 'application/json').write('[');
      setImmediate(() => response.destroy());
    },
    'cannot be fetched',
  ],
  ['no answer', (request) => request.socket.destroy(), 'cannot be fetched'],
])('%s is no list, and not repeated', async (_, serve, says) => {
  const port = await served(serve);
  const { message } = await errorOf(fetched(`http://127.0.0.1:${port}/`));
  expect(message).toContain(`http://127.0.0.1:${port}/: ${says}`);
  expect(message).not.toContain('canary');
});

test('an endless list is read no further than its bound', async () => {
  let sent = 0;
  const part = Buffer.alloc(1_048_576, '[');
  const port = await served((_request, response) => {
    response.setHeader('content-type', 'application/json');
    const more = (): void => {
      while (!response.destroyed && response.write(part)) sent++;
    };
    response.on('drain', more);
    more();
  });
  expect(await errorOf(fetched(`http://127.0.0.1:${port}/`))).toBeInstanceOf(TooMuch);
  expect(sent).toBeLessThan(64);
});

test('who does not answer in time is not waited for', async () => {
  const port = await served(() => undefined);
  const { message } = await errorOf(fetched(`http://127.0.0.1:${port}/`, {}, AbortSignal.timeout(50)));
  expect(message).toContain('no whole answer in time');
});
