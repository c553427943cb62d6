// Owns what is told of a server that resets a connection between our connect and our hello: the hello meets the reset, and whoever reads
// after it sees nothing but an end.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { type Endpoint, endpointId } from '../../../model/target.ts';
import type { IpAddress } from '../../../model/text.ts';
import { openLibc } from '../../libc/open.ts';
import { openStamping } from '../../stamped/open.ts';
import { openTcpInfo } from '../../tcp-info.ts';
import { NO_CHAIN } from '../chain-walk.ts';
import { connectTo } from '../connect.ts';
import { handshake, secureContext } from '../handshake.ts';
import { StepFailure } from '../step.ts';
import { ADDRESS } from './servers.ts';

const { libc } = await openLibc();
await openTcpInfo();
/** Long enough after the connection was taken that its taker is back in its loop, and well within the client's pause. */
const SERVER_MS = 20;
const PAUSE_MS = 200;
/** In a thread of its own: the client stops the test's. */
const CODE = `
  const { parentPort, workerData: { address, ms, end } } = require('node:worker_threads');
  const server = require('node:net').createServer((socket) => {
    socket.on('error', () => undefined);
    setTimeout(() => socket[end](), ms);
  });
  server.listen(0, address, () => parentPort.postMessage(server.address().port));
`;

async function heard(end: 'resetAndDestroy' | 'end', clock: 'loop' | 'kernel'): Promise<string> {
  const server = new Worker(CODE, { eval: true, workerData: { address: ADDRESS, ms: SERVER_MS, end } });
  const stamping = clock === 'kernel' ? await openStamping() : null;
  const signal = new AbortController().signal;
  try {
    const [port] = (await once(server, 'message')) as [number];
    const address = ADDRESS as IpAddress;
    const endpoint: Endpoint = {
      ...{ id: endpointId(address, port), address, port, family: 4, zone: null, zoneSource: null, ttlSeconds: null },
    };
    const { socket } = await connectTo(endpoint, 5000, signal, () => undefined, undefined, stamping);
    // The loop stands still: the reset comes while nobody reads, and before the hello is written.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    const options = { servername: null, alpn: [], timeoutMs: 5000, readsChain: false };
    const context = secureContext(null, null);
    await handshake(socket, { ...options, context }, { chain: NO_CHAIN, facts: null, staple: null }, signal);
    return 'a handshake';
  } catch (error) {
    if (error instanceof StepFailure) return `${error.problem.code}@${error.problem.step}`;
    throw error;
  } finally {
    stamping?.close();
    await server.terminate();
  }
}

describe.skipIf(libc === null)('a server that ends the connection before our hello', () => {
  test.for(['loop', 'kernel'] as const)('is said to reset when it does, by the clock %s', async (clock) => {
    expect(await heard('resetAndDestroy', clock)).toBe('reset@tls');
  });

  test.for(['loop', 'kernel'] as const)('is said to hang up when it does that, by the clock %s', async (clock) => {
    expect(await heard('end', clock)).toBe('closed@tls');
  });
});
