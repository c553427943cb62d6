// Holds the choice of key shares to servers: one that takes a curve is offered it first, one that takes the hybrid group is offered that with its key.
import { createServer, type SecureContextOptions } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { rootPem, serverIdentity } from '../../net/sample/test/servers.ts';
import { takesCurve } from '../key-shares.ts';
import { listening, probed, roomOf, valueOf } from './asking.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

test.each<[string, SecureContextOptions, boolean]>([
  ['X25519', { ecdhCurve: 'X25519' }, true],
  ['P-384', { ecdhCurve: 'P-384' }, true],
  ['TLS 1.2 with a curve', { maxVersion: 'TLSv1.2' }, true],
  ['the hybrid group', { ecdhCurve: 'X25519MLKEM768' }, false],
  ['the hybrid group before others', { ecdhCurve: 'X25519MLKEM768:X25519' }, false],
])('a server that takes %s', async (_name, options, takes) => {
  const server = createServer({ ...serverIdentity, ...options }, (socket) => socket.on('error', () => undefined).end());
  const port = await listening(server);
  closing.push(() => server.close());
  const tls = `tls_config: {ca: ${JSON.stringify(rootPem)}, server_name: sampled.example}`;
  const room = roomOf(`modules: {m: {prober: tcp, timeout: 5s, tcp: {tls: true, ${tls}}}}`);
  const name = `sampled.example 127.0.0.1 ${port}`;
  expect(takesCurve(name)).toBe(false);
  for (let round = 0; round < 3; round++) {
    expect(valueOf(await probed(room, 'm', `127.0.0.1:${port}`), 'probe_success')).toBe(1);
    expect(takesCurve(name)).toBe(takes);
  }
});

test('a server that turns to the hybrid group is reached, and offered its key from then on', async () => {
  const server = createServer({ ...serverIdentity, ecdhCurve: 'X25519' }, (socket) =>
    socket.on('error', () => undefined).end(),
  );
  const port = await listening(server);
  closing.push(() => server.close());
  const tls = `tls_config: {ca: ${JSON.stringify(rootPem)}, server_name: sampled.example}`;
  const room = roomOf(`modules: {m: {prober: tcp, timeout: 5s, tcp: {tls: true, ${tls}}}}`);
  const reached = async (): Promise<boolean> =>
    valueOf(await probed(room, 'm', `127.0.0.1:${port}`), 'probe_success') === 1;
  const name = `sampled.example 127.0.0.1 ${port}`;
  expect([await reached(), takesCurve(name)]).toEqual([true, true]);
  server.setSecureContext({ ...serverIdentity, ecdhCurve: 'X25519MLKEM768' });
  expect([await reached(), takesCurve(name)]).toEqual([true, false]);
  expect([await reached(), takesCurve(name)]).toEqual([true, false]);
});
