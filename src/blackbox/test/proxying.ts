// Owns small proxies for tests, HTTP (absolute-form and CONNECT) and SOCKS 5: to this machine whatever the name; they keep what they were asked.
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
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

/** Each part of a SOCKS 5 conversation as it came, in hex. */
export interface SocksProxy {
  readonly port: number;
  readonly asked: string[][];
  close(): void;
}

/** What it says instead of going on, in hex, at the turn: methods, password, request. */
export interface SocksAnswers {
  readonly method?: string;
  readonly password?: string;
  readonly request?: string;
}

/** Takes what comes in one piece a turn, as one side speaks after the other. */
export async function openSocks({
  method = '0500',
  password = '0100',
  request = '',
}: SocksAnswers = {}): Promise<SocksProxy> {
  const asked: string[][] = [];
  const sockets = new Set<Socket>();
  const server = createTcpServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    const heard: string[] = [];
    asked.push(heard);
    const turn = (answer: string, next: (bytes: Buffer) => void): void => {
      client.write(Buffer.from(answer, 'hex'));
      client.once('data', next);
    };
    const onRequest = (bytes: Buffer): void => {
      heard.push(bytes.toString('hex'));
      if (request !== '') return void client.end(Buffer.from(request, 'hex'));
      const onward = connect(bytes.readUInt16BE(bytes.length - 2), '127.0.0.1', () => {
        client.write(Buffer.from('05000003026f6b0050', 'hex'));
        onward.pipe(client).pipe(onward);
      });
      sockets.add(onward);
      onward.on('error', () => client.end(Buffer.from('05050001000000000000', 'hex')));
    };
    client.once('data', (methods) => {
      heard.push(methods.toString('hex'));
      if (method !== '0502') return turn(method, onRequest);
      turn(method, (proof) => {
        heard.push(proof.toString('hex'));
        turn(password, onRequest);
      });
    });
  });
  const port = await listening(server);
  return {
    port,
    asked,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
