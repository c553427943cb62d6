// Holds probes that fail by a file which cannot be read to leaving no connection open behind them: one each turn would use up the descriptors.
import { createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { listening, probed, roomOf, valueOf } from './asking.ts';

const NONE = '{ ca_file: /nowhere }';

test.each([
  ['the roots of a grpc module', `prober: grpc, grpc: { tls: true, tls_config: ${NONE} }`, ''],
  ['the roots of a tcp module', `prober: tcp, tcp: { tls: true, tls_config: ${NONE} }`, ''],
  [
    'the roots of a tcp module, asked for on the way',
    `prober: tcp, tcp: { tls_config: ${NONE}, query_response: [{ starttls: true }] }`,
    '',
  ],
  [
    'the roots of a dns module',
    `prober: dns, dns: { transport_protocol: tcp, dns_over_tls: true, tls_config: ${NONE}, query_name: a.example }`,
    '',
  ],
  ['the roots of an http module', `prober: http, http: { tls_config: ${NONE} }`, 'https://'],
  [
    'the roots of a websocket module',
    `prober: websocket, websocket: { http_config: { tls_config: ${NONE} } }`,
    'wss://',
  ],
  [
    'the password of a websocket module',
    `prober: websocket, websocket: { http_config: { basic_auth: { username: u, password_file: /nowhere } } }`,
    'ws://',
  ],
  [
    'the roots for a proxy',
    `prober: http, http: { proxy_url: 'https://127.0.0.1:PORT', tls_config: ${NONE} }`,
    'http://',
  ],
])('%s', async (_name, module, scheme) => {
  let came = 0;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    came += 1;
    open.add(socket);
    // Only who sees it go knows that it has gone.
    socket
      .resume()
      .on('error', () => undefined)
      .once('close', () => open.delete(socket));
  });
  const port = await listening(server);
  try {
    const room = roomOf(`modules: { m: { timeout: 3s, ${module.replace('PORT', String(port))} } }`);
    const page = await probed(room, 'm', `${scheme}127.0.0.1:${port}`);
    expect(valueOf(page, 'probe_success')).toBe(0);
    expect(page).toContain('/nowhere');
    await vi.waitFor(() => expect([came > 0, open.size]).toEqual([true, 0]), { timeout: 2000 });
  } finally {
    for (const socket of open) socket.destroy();
    server.close();
  }
});
