// Owns a host: the application behind a balancer, HTTP/1.1 in the clear. Never seen from outside the world.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { closed, listen } from '../binding.ts';
import type { Lifetime } from '../lifetime.ts';
import type { HostScript } from '../script.ts';
import { asBytes, type Headers, send } from './respond.ts';

/** A host that runs, as its balancer sees it. */
export interface Host {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

const DATABASE_SHARE = 2 / 3;
const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** What the application says, before the host's own state changes it. */
function application(path: string, authorization: string | undefined): Answer {
  if (path === '/' || path === '/healthz') return { status: 200, headers: [], body: json({ status: 'ok' }) };
  if (path !== '/keys') return { status: 404, headers: [], body: json({ error: 'not_found' }) };
  // RFC 6750 3: no error code for a request that carries no credentials at all.
  const challenge = `Bearer realm="kms"${authorization === undefined ? '' : ', error="invalid_token"'}`;
  return { status: 401, headers: [['www-authenticate', challenge]], body: json({ error: 'unauthenticated' }) };
}

function answerOf(script: HostScript, request: IncomingMessage): Answer {
  if (script.status !== 200) {
    const headers: Headers = script.status === 503 ? [['retry-after', '5']] : [];
    return { status: script.status, headers, body: json({ error: 'unavailable' }) };
  }
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  return application(path, request.headers.authorization);
}

async function serve(script: HostScript, request: IncomingMessage, response: ServerResponse, lifetime: Lifetime) {
  request.resume();
  const began = performance.now();
  if (script.delayMs > 0 && !(await lifetime.sleep(script.delayMs))) return;
  const tookMs = performance.now() - began;
  const databaseMs = tookMs * DATABASE_SHARE;
  const answer = answerOf(script, request);
  const headers: Headers = [
    ['content-type', 'application/json'],
    ['cache-control', 'no-store'],
    ['x-served-by', script.name],
    ['server-timing', `app;dur=${(tookMs - databaseMs).toFixed(1)}, db;dur=${databaseMs.toFixed(1)}`],
    ...answer.headers,
    ...script.headers.map(([name, value]) => [name, asBytes(value)] as const),
  ];
  send(response, answer.status, headers, script.body === null ? answer.body : Buffer.from(script.body));
}

/** Starts a host on a port of the OS's choice. */
export async function startHost(script: HostScript, address: string, lifetime: Lifetime): Promise<Host> {
  // No idle timeout: a connection that ends just as the balancer takes it again would look like a sick host.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    // A header name of the script that no HTTP has: the balancer then answers 502.
    serve(script, request, response, lifetime).catch(() => request.socket.destroy());
  });
  server.on('connection', (socket) => lifetime.hold(socket));
  lifetime.atEnd(() => closed(server));
  return { name: script.name, address, port: await listen(server, address, 0) };
}
