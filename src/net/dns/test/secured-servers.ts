// Owns small real resolvers over TLS and HTTPS for tests, each answer decided by a function, with certificates of their own root.
// Never leaves the loopback network.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import dnsPacket from 'dns-packet';
import type { HttpsDnsServer, TlsDnsServer } from '../../../contract/net.ts';
import { createAuthority } from '../../../demo/pki/authority.ts';
import { issue } from '../../../demo/pki/certificate.ts';
import { ecKeys } from '../../../demo/pki/keys.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import type { Asked } from './servers.ts';

const ADDRESS = '127.0.0.1' as IpAddress;
const DAY_MS = 86_400_000;
const NOW_MS = Date.now();
const trusted = createAuthority('Resolver', NOW_MS);
const stranger = createAuthority('Stranger', NOW_MS);

export const NAME = 'dns.example' as DnsName;
/** For the client: the root that the certificates lead to. */
export const roots: readonly string[] = [trusted.rootCertificate.pem];

export interface Certified {
  readonly names?: readonly string[];
  readonly by?: 'trusted' | 'stranger';
  readonly expired?: boolean;
}

function identity({ names = [NAME], by = 'trusted', expired = false }: Certified) {
  const authority = by === 'trusted' ? trusted : stranger;
  const keys = ecKeys();
  const subject = { commonName: names[0] ?? 'nobody', ...keys };
  const end = expired ? NOW_MS - DAY_MS : NOW_MS + 30 * DAY_MS;
  const leaf = issue({
    subject,
    issuer: authority.intermediate,
    notBefore: NOW_MS - 60 * DAY_MS,
    notAfter: end,
    names,
  });
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { cert: leaf.pem + authority.intermediateCertificate.pem, key };
}

export interface SecuredServer<Server> extends AsyncDisposable {
  readonly server: Server;
  /** Of every query that came, in that order. */
  readonly asked: readonly Asked[];
  /** Connections that came, and those that are open now. */
  readonly connections: { readonly total: number; readonly open: number };
  /** Resolves when no connection is open any more. */
  allClosed(): Promise<void>;
}

/** What a resolver over TLS does with a query: it gets the socket, and may answer later, otherwise or not at all. */
export type TlsRespond = (asked: Asked, socket: TLSSocket) => void;

export async function startTls(
  respond: TlsRespond,
  certified: Certified = {},
  name: DnsName | null = NAME,
): Promise<SecuredServer<TlsDnsServer>> {
  const asked: Asked[] = [];
  const server = createTlsServer({ ...identity(certified), ALPNProtocols: ['dot'] }, (socket) => {
    let buffer = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      buffer = Buffer.concat([buffer, bytes]);
      while (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE(0)) {
        const end = 2 + buffer.readUInt16BE(0);
        const one = read(buffer.subarray(2, end), asked.length + 1);
        buffer = buffer.subarray(end);
        asked.push(one);
        respond(one, socket);
      }
    });
  });
  return opened(server, asked, (port) => ({ transport: 'tls', address: ADDRESS, port, name }));
}

export type HttpsRespond = (asked: Asked, response: Http2ServerResponse) => void;

/** HTTP/2, or HTTP/1.1 alone; `host` stands in the URL. */
export async function startHttps(
  respond: HttpsRespond,
  certified: Certified = { names: [ADDRESS] },
  { host = ADDRESS as string, http1 = false } = {},
): Promise<
  SecuredServer<HttpsDnsServer> & {
    readonly requests: readonly { readonly version: string; readonly headers: object }[];
  }
> {
  const asked: Asked[] = [];
  const requests: { version: string; headers: object }[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const take = async (request: Http2ServerRequest | IncomingMessage, response: unknown) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one = read(Buffer.concat(chunks), asked.length + 1);
    asked.push(one);
    requests.push({ version: request.httpVersion, headers: { ...request.headers } });
    // What the tests use of it, both kinds have.
    respond(one, response as Http2ServerResponse);
  };
  const server = http1 ? createServer(identity(certified)) : createSecureServer(identity(certified));
  server.on('request', (request: Http2ServerRequest | IncomingMessage, response) => void take(request, response));
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on('error', () => {}).on('close', () => sessions.delete(session));
  });
  const started = await opened<HttpsDnsServer>(server, asked, (port) => ({
    transport: 'https',
    url: `https://${host}:${port}/dns-query`,
  }));
  return { ...started, requests };
}

export function answerHttps(
  response: Http2ServerResponse,
  body: Uint8Array,
  type = 'application/dns-message',
  status = 200,
): void {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
}

function read(bytes: Buffer, count: number): Asked {
  const packet = dnsPacket.decode(bytes);
  const question = packet.questions?.[0];
  return { packet, name: question?.name ?? '', type: question?.type ?? '', via: 'tcp', count };
}

async function opened<Server>(
  server: TlsServer,
  asked: readonly Asked[],
  written: (port: number) => Server,
): Promise<SecuredServer<Server>> {
  const sockets = new Set<{ destroy(): void }>();
  const connections = { total: 0, open: 0 };
  let tell = (): void => undefined;
  server.on('tlsClientError', () => {});
  server.on('connection', (socket: TLSSocket) => {
    sockets.add(socket);
    connections.total += 1;
    connections.open += 1;
    socket
      .on('error', () => {})
      .on('close', () => {
        sockets.delete(socket);
        connections.open -= 1;
        tell();
      });
  });
  server.on('secureConnection', (socket: TLSSocket) => socket.on('error', () => {}));
  server.listen(0, ADDRESS);
  await once(server, 'listening');
  return {
    server: written((server.address() as AddressInfo).port),
    asked,
    connections,
    allClosed: () =>
      new Promise((resolve) => {
        tell = () => connections.open === 0 && resolve();
        tell();
      }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
