// Owns a TLS server in a thread of its own that takes a known time for the handshake and for the answer, and stamps both itself.
// Never shares the event loop of the test, which is kept busy on purpose.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ADDRESS, serverIdentity } from '../../sample/test/servers.ts';

/** What the server saw of one connection, by its own clock, ms. */
export interface Truth {
  readonly tlsMs: number;
  readonly waitMs: number;
}

export interface SlowServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** One for each request, in the order of the answers. */
  readonly truths: readonly Truth[];
}

export interface Slowness {
  readonly protocol: 'TLSv1.2' | 'TLSv1.3';
  readonly handshakeMs: number;
  readonly answerMs: number;
}

// Without Nagle's algorithm, which would hold the answer back until our kernel acknowledges the tickets.
const CODE = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { createSecureContext, createServer } = require('node:tls');
  const { identity, address, slow } = workerData;
  const context = createSecureContext(identity);
  let tls = 0;
  const SNICallback = (name, done) => {
    const began = performance.now();
    setTimeout(() => { done(null, context); tls = performance.now() - began; }, slow.handshakeMs);
  };
  const server = createServer({ ...identity, SNICallback, noDelay: true, minVersion: slow.protocol, maxVersion: slow.protocol }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      const began = performance.now();
      setTimeout(() => {
        socket.write('HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok');
        parentPort.postMessage({ tlsMs: tls, waitMs: performance.now() - began });
      }, slow.answerMs);
    });
  });
  server.listen({ host: address, port: 0 }, () => parentPort.postMessage(server.address().port));`;

export async function startSlowServer(slow: Slowness): Promise<SlowServer> {
  const worker = new Worker(CODE, { eval: true, workerData: { identity: serverIdentity, address: ADDRESS, slow } });
  const [port] = (await once(worker, 'message')) as [number];
  const truths: Truth[] = [];
  worker.on('message', (truth: Truth) => truths.push(truth));
  return {
    address: ADDRESS,
    port,
    truths,
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
