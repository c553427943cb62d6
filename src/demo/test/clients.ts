// Owns the real clients the tests of the world look at it with: node:dns, node:tls, node:https, node:http2 and raw DNS.
// Never mocks; every client is bounded in time.

import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { get } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import packet, { type DecodedPacket, type Packet } from 'dns-packet';
import type { World } from '../world.ts';

const TIMEOUT_MS = 3_000;

export function resolverOf(world: World): Resolver {
  const resolver = new Resolver({ timeout: 700, tries: 1 });
  resolver.setServers([`${world.resolver.address}:${world.resolver.port}`]);
  return resolver;
}

export interface Handshake {
  /** OpenSSL's code, null when trusted. */
  readonly error: string | null;
  readonly chain: readonly Buffer[];
  readonly protocol: string | null;
  readonly alpn: string | false | null;
  readonly peer: PeerCertificate;
}

export async function handshake(world: World, address: string, alpn: readonly string[] = []): Promise<Handshake> {
  const socket: TLSSocket = connect({
    host: address,
    port: world.port,
    servername: 'kms.example',
    ca: world.caPem,
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
    ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
  });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('timeout')));
  try {
    await once(socket, 'secureConnect');
    const chain: Buffer[] = [];
    for (let at = socket.getPeerX509Certificate(); at !== undefined; at = at.issuerCertificate) chain.push(at.raw);
    const error = socket.authorizationError as unknown as Error | string | undefined;
    return {
      error:
        error === undefined || error === null
          ? null
          : typeof error === 'string'
            ? error
            : (codeOf(error) ?? error.message),
      chain,
      protocol: socket.getProtocol(),
      alpn: socket.alpnProtocol,
      peer: socket.getPeerCertificate(),
    };
  } finally {
    socket.destroy();
  }
}

const codeOf = (error: Error): string | undefined => ('code' in error ? String(error.code) : undefined);

export interface Fetched {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** False when the body was cut at `limitBytes` or stopped before its end. */
  readonly whole: boolean;
}

/** GET over HTTP/1.1 on a new connection; at most `limitBytes` of the body and `timeoutMs` of waiting. */
export function fetchOne(
  world: World,
  address: string,
  path = '/',
  limits: { readonly bytes?: number; readonly timeoutMs?: number } = {},
): Promise<Fetched> {
  const { bytes = 1_048_576, timeoutMs = TIMEOUT_MS } = limits;
  return new Promise((resolve, reject) => {
    const request = get({
      agent: false,
      host: address,
      port: world.port,
      servername: 'kms.example',
      ca: world.caPem,
      path,
      headers: { host: 'kms.example' },
    });
    request.on('error', (error) => reject(error));
    const timer = setTimeout(() => request.destroy(new Error('timeout')), timeoutMs);
    request.on('close', () => clearTimeout(timer));
    request.on('response', (response) => {
      const parts: Buffer[] = [];
      const { statusCode: status = 0, headers } = response;
      response.on('data', (chunk: Buffer) => {
        parts.push(chunk);
        if (parts.reduce((sum, part) => sum + part.length, 0) > bytes) response.destroy();
      });
      // The answer so far counts, however it ended.
      response.on('error', () => {});
      request.removeAllListeners('error').on('error', () => {});
      response.on('close', () => resolve({ status, headers, body: Buffer.concat(parts), whole: response.complete }));
    });
  });
}

/** GET over HTTP/2; header values as received. */
export async function fetchHttp2(world: World, address: string, path = '/') {
  const session = connectHttp2(`https://${address}:${world.port}`, { servername: 'kms.example', ca: world.caPem });
  session.setTimeout(TIMEOUT_MS, () => session.destroy(new Error('timeout')));
  try {
    const stream = session.request({ ':path': path, ':authority': 'kms.example' });
    stream.resume();
    return await new Promise<Record<string, unknown>>((resolve, reject) => {
      stream.on('response', resolve);
      stream.on('error', reject);
      session.on('error', reject);
      stream.on('close', () => reject(new Error('closed without an answer')));
    });
  } finally {
    session.destroy();
  }
}

/** What a TCP connection brings within `waitMs`, and how it ended. */
export async function listenOn(world: World, address: string, say: string | Buffer, waitMs: number) {
  const socket = connectTcp({ host: address, port: world.port });
  const parts: Buffer[] = [];
  const ended = new Promise<string>((resolve) => {
    socket.on('data', (chunk: Buffer) => parts.push(chunk));
    socket.on('error', (error) => resolve(codeOf(error) ?? error.message));
    socket.on('end', () => resolve('end'));
    setTimeout(() => resolve('silence'), waitMs);
  });
  socket.write(say);
  const how = await ended;
  socket.destroy();
  return { how, bytes: Buffer.concat(parts) };
}

/** One raw DNS message over UDP; null after `waitMs` of silence, the error's code when the port is closed. */
export async function exchange(
  address: string,
  port: number,
  message: Buffer,
  waitMs = 1_000,
): Promise<Buffer | string | null> {
  const socket = createSocket('udp4');
  try {
    return await new Promise<Buffer | string | null>((resolve) => {
      socket.on('message', (bytes) => resolve(bytes));
      socket.on('error', (error) => resolve(codeOf(error) ?? error.message));
      socket.connect(port, address, () => socket.send(message));
      setTimeout(() => resolve(null), waitMs);
    });
  } finally {
    socket.close();
  }
}

/** Asks one authority directly. */
export async function ask(
  world: World,
  address: string,
  name: string,
  type: string,
  extra: Packet = {},
): Promise<DecodedPacket> {
  const question = { name, type } as NonNullable<Packet['questions']>[number];
  const bytes = await exchange(address, world.authorityPort, packet.encode({ id: 7, questions: [question], ...extra }));
  if (!Buffer.isBuffer(bytes)) throw new Error(`no answer: ${String(bytes)}`);
  return packet.decode(bytes);
}

/** Speaks HTTP/1.1 by hand over TLS and reads to the end of the connection, as UTF-8. */
export async function tlsText(world: World, address: string, say: string): Promise<string> {
  const socket = connect({ host: address, port: world.port, servername: 'kms.example', ca: world.caPem });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('timeout')));
  socket.write(say);
  const parts: Buffer[] = [];
  for await (const chunk of socket) parts.push(chunk as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
