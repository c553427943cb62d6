// Holds the time of a connection to the kernel's word: a busy agent must not call a server slow.
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { openTcpInfo, readTcpInfo } from '../../net/tcp-info.ts';
import { listening, probed, roomOf, valueOf } from './asking.ts';

const BUSY_MS = 150;

function block(): void {
  const until = performance.now() + BUSY_MS;
  while (performance.now() < until);
}

test('a connection that stood while the event loop was busy did not take that long', async ({ skip }) => {
  const server = createServer((_request, response) => response.end('fine'));
  const port = await listening(server);
  await openTcpInfo();
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  const isTold = readTcpInfo(socket) !== null;
  socket.destroy();
  try {
    if (!isTold) skip('this kernel cannot be asked');
    // Between the connect(2) and the loop's own look at what came of it.
    const allows = (): null => {
      process.nextTick(() => setImmediate(block));
      return null;
    };
    const page = await probed(
      roomOf('modules: {m: {prober: http, timeout: 5s}}', { allows }),
      'm',
      `127.0.0.1:${port}`,
    );
    expect(valueOf(page, 'probe_duration_seconds')).toBeGreaterThan(BUSY_MS / 1000);
    expect(valueOf(page, 'probe_http_duration_seconds{phase="connect"}')).toBeLessThan(BUSY_MS / 2000);
    expect(valueOf(page, 'probe_http_duration_seconds{phase="connect"}')).toBeGreaterThan(0);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
