// Owns a small HTTP proxy for tests: absolute-form and CONNECT, to this machine whatever the name; keeps what it was asked.
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { connect, type Socket } from 'node:net';
import { listening } from './asking.ts';

export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Proxy {
  readonly port: number;
  readonly asked: Asked[];
  close(): void;
}

/** @param status of the answer to CONNECT; 200 makes the tunnel */
export async function openProxy(
  status = '200 Connection established',
  identity: { readonly cert: string; readonly key: string } | null = null,
): Promise<Proxy> {
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  const server: Server = identity === null ? createServer() : createSecure(identity);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('request', (from, to) => {
    const { method = '', url: target = '', headers } = from;
    asked.push({ method, target, headers });
    const url = new URL(target);
    const path = `${url.pathname}${url.search}`;
    const onward = request({ host: '127.0.0.1', port: url.port, path, method, headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    });
    onward.on('error', () => to.writeHead(502).end());
    from.pipe(onward);
  });
  server.on('connect', ({ url: target = '', headers }, client: Socket) => {
    asked.push({ method: 'CONNECT', target, headers });
    client.on('error', () => undefined);
    if (!status.startsWith('200')) {
      client.end(`HTTP/1.1 ${status}\r\n\r\n`);
      return;
    }
    const onward = connect(Number(target.split(':').at(-1)), '127.0.0.1', () => {
      client.write(`HTTP/1.1 ${status}\r\n\r\n`);
      onward.pipe(client).pipe(onward);
    });
    sockets.add(onward);
    onward.on('error', () => client.destroy());
  });
  const port = await listening(server);
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port, asked, close };
}
