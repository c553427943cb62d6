// Owns one request from the balancer to a host, over a real connection. Never retries: a sick host is seen by the client.
import { type Agent, request as open } from 'node:http';
import { pipeline } from 'node:stream';
import type { Host } from './host.ts';
import { type Headers, pairs, type Request } from './respond.ts';

export interface Forwarded {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

const PASSED_ON = ['accept', 'authorization', 'content-type', 'user-agent', 'traceparent', 'x-request-id'] as const;

/** Sends the client's request to the host and reads the whole answer. Rejects when the host cannot be reached. */
export function forward(request: Request, host: Host, agent: Agent, via: string): Promise<Forwarded> {
  const passed = PASSED_ON.flatMap((name) => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return new Promise((resolve, reject) => {
    const upstream = open({
      agent,
      host: host.address,
      port: host.port,
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: { ...Object.fromEntries(passed), host: 'kms.example', via },
      // Hosts of a script may send header values that node's strict parser refuses.
      insecureHTTPParser: true,
    });
    upstream.on('error', reject);
    upstream.on('response', (response) => {
      const body: Buffer[] = [];
      response.on('data', (chunk: Buffer) => body.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 502, headers: pairs(response.rawHeaders), body: Buffer.concat(body) }),
      );
    });
    // A client that goes away in the middle of its body takes the request to the host with it.
    pipeline(request, upstream, () => {});
  });
}
