// Owns a zone's listener: TLS with ALPN over one TCP port, and the fault in force when a connection or request arrives.
import { createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Server } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { type Binding, closed, listen, unlisten } from '../binding.ts';
import type { Lifetime } from '../lifetime.ts';
import type { ServerChain } from '../pki/chain.ts';
import type { Random } from '../random.ts';
import type { ZoneFault, ZoneScript } from '../script.ts';
import { isSocketFault, misbehave, socketFaults } from './misbehave.ts';
import type { Request, Response } from './respond.ts';

export interface ListenerOptions {
  readonly zone: ZoneScript;
  readonly chain: ServerChain;
  readonly random: Random;
  readonly lifetime: Lifetime;
  readonly fault: () => ZoneFault;
  readonly answer: (request: Request, response: Response) => Promise<void>;
}

type Handler = (request: Request, response: Response) => void;

/** The server that ends TLS. It never listens itself: the listener hands it connections. */
function createTlsServer(zone: ZoneScript, chain: ServerChain, handle: Handler): Server {
  const old = zone.tls.min === 'TLSv1' || zone.tls.min === 'TLSv1.1';
  const tls: TlsOptions = {
    cert: chain.certificatesPem,
    key: chain.keyPem,
    minVersion: zone.tls.min,
    maxVersion: zone.tls.max,
    // OpenSSL 3 speaks TLS 1.0 and 1.1 only with its security level off.
    ...(old ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {}),
  };
  if (!zone.alpn.includes('h2')) return createHttpsServer({ ...tls, ALPNProtocols: [...zone.alpn] }, handle);
  const allowHTTP1 = zone.alpn.includes('http/1.1');
  return createSecureServer({ ...tls, allowHTTP1, maxSendHeaderBlockLength: 1 << 20 }, handle);
}

/** A listener ready to be bound. */
export function createListener(options: ListenerOptions): Binding {
  const { zone, lifetime, fault } = options;
  const handle: Handler = (request, response) => {
    response.on('error', () => {});
    const now = fault();
    if (now === 'none' || isSocketFault(now)) options.answer(request, response).catch(() => request.socket.destroy());
    else misbehave(now, request, response, lifetime);
  };
  const secure = createTlsServer(zone, options.chain, handle);
  // Handshakes that fail are the client's to report.
  secure.on('tlsClientError', () => {}).on('sessionError', () => {});
  const ill = socketFaults(options.random, lifetime);
  // Without this, Nagle holds the answer back until the client acknowledges the session tickets: 40 ms of nobody's making.
  const server = createServer({ noDelay: true }, (socket) => {
    lifetime.hold(socket);
    const now = fault();
    if (isSocketFault(now)) ill(now, socket);
    else secure.emit('connection', socket);
  });
  lifetime.atEnd(() => closed(server));
  return {
    address: zone.address,
    bind: (port) => listen(server, zone.address, port),
    unbind: () => unlisten(server),
  };
}
