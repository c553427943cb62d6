// Owns the agent's HTTP server over TLS: its certificate, read anew when it was renewed, and the certificates of its callers.
import type { ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { visible } from '../model/text.ts';
import type { ServerTls } from './web-config.ts';

/** How often the files are looked at, ms, and only when somebody connects. */
const LOOK_MS = 1000;

export function openSecureServer(tls: ServerTls, bounds: ServerOptions): Server {
  const options = () => {
    const { cert, key, ca } = tls.material();
    return {
      ...{ cert, key, minVersion: tls.minVersion, maxVersion: tls.maxVersion, honorCipherOrder: tls.prefersOwnCiphers },
      ...(ca === null ? {} : { ca }),
      ...(tls.ciphers === null ? {} : { ciphers: tls.ciphers }),
      ...(tls.curves === null ? {} : { ecdhCurve: tls.curves }),
    };
  };
  let used = options();
  // Who is let in is decided below: Node knows "asked for" and "must verify", and nothing between.
  const server = createServer({ ...bounds, ...used, requestCert: tls.requestCert, rejectUnauthorized: false });
  let lookedMs = performance.now();
  server.prependListener('connection', () => {
    if (performance.now() - lookedMs < LOOK_MS) return;
    lookedMs = performance.now();
    try {
      const now = options();
      if (now.cert === used.cert && now.key === used.key && now.ca === used.ca) return;
      server.setSecureContext(now);
      used = now;
    } catch {
      // Half written, or gone for a moment: what was read before still holds.
    }
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    if (!isWelcome(socket, tls)) socket.destroy();
  });
  return server;
}

/** Whom a certificate names that leads to a root of the config; null without one: of any other nobody knows who made it. */
export function certifiedCaller(socket: Socket, tls: ServerTls | null): string | null {
  if (tls?.verifyCert !== true || !(socket instanceof TLSSocket) || !socket.authorized) return null;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  const name = /^CN=(.+)$/m.exec(certificate.subject)?.[1] ?? certificate.subjectAltName ?? certificate.serialNumber;
  return visible(name.slice(0, 100));
}

function isWelcome(socket: TLSSocket, { requestCert, requireCert, verifyCert, allowedSans }: ServerTls): boolean {
  if (!requestCert) return true;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return !requireCert;
  if (verifyCert && !socket.authorized) return false;
  if (allowedSans.length === 0) return true;
  const names = (certificate.subjectAltName ?? '')
    .split(', ')
    .map((name) => name.replace(/^(DNS|IP Address|email|URI):/, ''));
  return names.some((name) => allowedSans.includes(name));
}
