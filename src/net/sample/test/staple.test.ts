// Owns the tests of the stapled OCSP response that a handshake brings: kept whole, kept out when it is too large.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { fingerprintOf } from '../chain-walk.ts';
import { sampleOf } from './riding.ts';
import { ADDRESS, answering, serverIdentity } from './servers.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

async function stapling(response: Buffer | null, version: 'TLSv1.2' | 'TLSv1.3') {
  const server = createServer({ ...serverIdentity, minVersion: version, maxVersion: version }, (socket) => {
    socket.on('error', () => undefined);
    answering(OK)(socket);
  });
  server.on(
    'OCSPRequest',
    (_certificate: Buffer, _issuer: Buffer, callback: (error: null, answer: Buffer | null) => void) =>
      callback(null, response),
  );
  server.listen(0, ADDRESS);
  await once(server, 'listening');
  try {
    return await sampleOf({ address: ADDRESS, port: (server.address() as AddressInfo).port });
  } finally {
    server.close();
  }
}

const answer = Buffer.from('30030a0103', 'hex');

test.for(['TLSv1.2', 'TLSv1.3'] as const)('a staple is kept as it came: %s', async (version) => {
  const { trace, staple } = await stapling(answer, version);
  expect(staple).toEqual({ fingerprint: fingerprintOf(answer), der: Uint8Array.from(answer) });
  expect(trace.tls).toMatchObject({ ocspStapled: true, ocspResponse: fingerprintOf(answer) });
});

test('no staple is none', async () => {
  const { trace, staple } = await stapling(null, 'TLSv1.3');
  expect([staple, trace.tls?.ocspStapled, trace.tls?.ocspResponse]).toEqual([null, false, undefined]);
});

test.for([
  [16_384, true],
  [16_385, false],
] as const)('a staple of %i bytes is kept: %s', async ([length, isKept]) => {
  const { trace, staple } = await stapling(Buffer.alloc(length, 1), 'TLSv1.3');
  expect([trace.tls?.ocspStapled, staple !== null]).toEqual([true, isKept]);
});
