// Owns small real servers for the tests of the sampler: TCP, TLS and HTTP/2 on one loopback address, each connection served by a function.
// Never leaves the loopback network; counts its open connections so that a test can see them go.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { createAuthority } from '../../../demo/pki/authority.ts';
import { issue, type Party } from '../../../demo/pki/certificate.ts';
import { ecKeys } from '../../../demo/pki/keys.ts';

const DAY_MS = 86_400_000;
export const ADDRESS = '127.0.0.61';

export interface TestServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** TCP connections that the server still holds. */
  open(): number;
  /** TCP connections taken since the start. */
  taken(): number;
}

const authority = createAuthority('Sampler Test', Date.now());
const subject: Party = { commonName: 'sampled.example', ...ecKeys() };
const leaf = issue({
  subject,
  issuer: authority.intermediate,
  notBefore: Date.now() - DAY_MS,
  notAfter: Date.now() + DAY_MS,
  names: ['sampled.example'],
});

/** The certificates that every TLS server here sends, in that order, and the root that signs for them. */
export const sentDer: readonly Uint8Array[] = [leaf.der, authority.intermediateCertificate.der];
export const rootPem = authority.rootCertificate.pem;
export const serverIdentity = {
  cert: leaf.pem + authority.intermediateCertificate.pem,
  key: subject.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
};

/** Certificate and key of a client, and the root that signs for it. */
function identityOf(organisation: string) {
  const { intermediate, intermediateCertificate, rootCertificate } = createAuthority(organisation, Date.now());
  const party: Party = { commonName: `${organisation} client`, ...ecKeys() };
  const dates = { notBefore: Date.now() - DAY_MS, notAfter: Date.now() + DAY_MS };
  return {
    certificatePem: issue({ subject: party, issuer: intermediate, ...dates }).pem + intermediateCertificate.pem,
    keyPem: party.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    ca: rootCertificate.pem,
  };
}
export const clientIdentity = identityOf('Known');
export const strangerIdentity = identityOf('Stranger');

/** Sends a reset instead of a FIN, also from under TLS. */
export function reset(socket: Socket): void {
  (tcpBelow.get(socket) ?? socket).resetAndDestroy();
}
const tcpBelow = new WeakMap<Socket, Socket>();

/**
 * A port that the kernel listens on and nobody accepts from: its queue is full, so that further SYNs are dropped as by a firewall
 * (tcp(7), listen(2)). The listener is a thread that stands still.
 */
export async function startDeafPort(): Promise<Pick<TestServer, 'address' | 'port'> & AsyncDisposable> {
  const code = `
    const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer().listen({ host: '${ADDRESS}', port: 0, backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
    });`;
  const worker = new Worker(code, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  // The queue takes one more than the backlog says; more waiting ones do no harm.
  const waiting = Array.from({ length: 6 }, () => connect({ host: ADDRESS, port }).on('error', () => undefined));
  await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, 'connect')));
  return {
    address: ADDRESS,
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy();
      await worker.terminate();
    },
  };
}

/** A server that does not read would not see the other side go. */
function served<S extends Socket>(socket: S, serve: (socket: S) => void): void {
  serve(socket);
  socket.resume();
}

/** Each TCP connection is given to `serve`. */
export function startTcp(serve: (socket: Socket) => void): Promise<TestServer> {
  return listen(createServer((socket) => served(socket, serve)));
}

/** Each finished handshake is given to `serve`. */
export function startTls(serve: (socket: TLSSocket) => void, options: TlsOptions = {}): Promise<TestServer> {
  const byPort = new Map<number | undefined, Socket>();
  const server = createTlsServer({ ...serverIdentity, ALPNProtocols: ['http/1.1'], ...options }, (socket) => {
    const below = byPort.get(socket.remotePort);
    if (below !== undefined) tcpBelow.set(socket, below);
    socket.on('error', () => undefined);
    served(socket, serve);
  });
  server.on('connection', (socket: Socket) => {
    const { remotePort } = socket;
    byPort.set(remotePort, socket);
    socket.on('close', () => byPort.delete(remotePort));
  });
  server.on('tlsClientError', () => undefined);
  return listen(server);
}

/** Answers every request whose head has arrived with `bytes`, then keeps the connection. */
export function answering(...bytes: readonly (string | Buffer)[]): (socket: Socket) => void {
  return (socket) =>
    onRequest(socket, () => {
      for (const part of bytes) socket.write(part);
    });
}

/** Calls `answer` when the head of an HTTP/1.1 request has arrived. */
export function onRequest(socket: Socket, answer: (head: string) => void): void {
  let head = '';
  socket.on('data', (chunk: Buffer) => {
    head += chunk.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    const whole = head;
    head = '';
    answer(whole);
  });
}

export async function listen(server: Server): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let taken = 0;
  server.on('connection', (socket: Socket) => {
    taken += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, ADDRESS, resolve));
  const { address, port } = server.address() as AddressInfo;
  return {
    address,
    port,
    open: () => sockets.size,
    taken: () => taken,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
