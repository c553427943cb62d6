// Owns the tests of a request that is kept open, and of the name of the ticket key that a sample brings home.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { sampleOf } from './riding.ts';
import { ADDRESS, answering, serverIdentity, startTls } from './servers.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('a request that is kept open', () => {
  test.each([
    ['without a body of its own', null, '{}'],
    ['with one', new TextEncoder().encode('hello'), 'hello'],
  ])('%s is answered once it is let go, and whole', async (_, body, expected) => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<string>();
    const { promise: until, resolve: letGo } = Promise.withResolvers<void>();
    let text = '';
    const server = createServer({ cert: serverIdentity.cert, key: serverIdentity.key }, (request, response) => {
      request.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        begin(text);
      });
      request.once('end', () => response.end('ok'));
    });
    await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
    const where = { address: ADDRESS, port: (server.address() as AddressInfo).port };
    const sample = sampleOf(where, { request: { body } }, undefined, until);
    let isAnswered = false;
    void sample.then(() => {
      isAnswered = true;
    });
    expect(await begun).toBe(expected[0]);
    expect(isAnswered).toBe(false);
    letGo();
    const { trace } = await sample;
    expect([trace.problem, trace.http?.status, text]).toEqual([null, 200, expected]);
    server.close();
  });
});

describe('the name of the ticket key', () => {
  const named = async (keys: Buffer, versions: object = {}): Promise<string | undefined> => {
    await using server = await startTls(answering(OK), { ticketKeys: keys, ...versions });
    const { trace } = await sampleOf(server);
    expect(trace.problem).toBeNull();
    return trace.tls?.ticketKeyName;
  };

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('is the beginning of the ticket in %s', async (version) => {
    const keys = Buffer.from(Array.from({ length: 48 }, (_, at) => at));
    const name = await named(keys, { minVersion: version, maxVersion: version });
    expect(name).toBe(keys.toString('hex', 0, 16));
  });
});
