// Steps through a real nginx: WebSockets with and without the upgrade passed on, gRPC health over HTTP/2, its own password file, and its banner.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createH2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { StepsEvidence } from '../../probes/steps/evidence.ts';
import { freePort } from './rig/ports.ts';
import { ride } from './rig/probe.ts';
import { HERE, openRig, type Rig, run } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';
import { startNginx } from './rig/web.ts';

const ADDRESS = '127.0.70.10';
const PASSWORD = 'canary-of-the-password';

interface Entry {
  readonly pageref: string;
  readonly response: { readonly status: number };
  readonly _traceId?: string;
  readonly _spanId?: string;
}

describe.skipIf(!requireTools(['nginx', 'openssl', 'setpriv', 'bash']))('through nginx', () => {
  let rig: Rig;
  let ports: { readonly web: number; readonly grpc: number };
  const servers: Server[] = [];
  /** Of what reached the services behind nginx. */
  const traceparents: unknown[] = [];
  const serving = new Map([
    ['', 1],
    ['kms.v1.Keys', 2],
  ]);

  beforeAll(async () => {
    rig = await openRig();
    const chat = createServer((_request, response) => response.writeHead(426).end());
    new WebSocketServer({ server: chat }).on('connection', (socket, { headers }) => {
      traceparents.push(headers['traceparent']);
      socket.on('message', (data) => socket.send(`echo ${String(data as Buffer)}`));
    });
    const health = createH2Server().on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      traceparents.push(headers['traceparent']);
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        // The name stands behind the frame (5 bytes), the key and the length of field 1.
        const state = serving.get(Buffer.concat(parts).subarray(7).toString());
        const head = { ':status': 200, 'content-type': 'application/grpc' };
        if (state === undefined) return stream.respond({ ...head, 'grpc-status': '5' }, { endStream: true });
        stream.respond(head, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        return stream.end(Buffer.from([0, 0, 0, 0, 2, 8, state]));
      });
    });
    const [chatPort, healthPort] = await Promise.all([chat, health as unknown as Server].map(opened));
    ports = { web: await freePort([ADDRESS]), grpc: await freePort([ADDRESS]) };
    const hashed = await run(['openssl', 'passwd', '-apr1', PASSWORD]);
    const users = await rig.write('users', `probe:${hashed.stdout.trim()}\n`);
    // Not `return`, which nginx takes before it asks who is there.
    await rig.write('page', 'private');
    const upgrade =
      'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;';
    await startNginx(
      rig,
      HERE,
      'nginx',
      { address: ADDRESS, port: ports.web },
      `  server { listen ${ADDRESS}:${ports.web};
    location /chat { proxy_pass http://127.0.0.1:${chatPort}; ${upgrade} }
    location /forgotten { proxy_pass http://127.0.0.1:${chatPort}; }
    location /private { auth_basic kms; auth_basic_user_file ${users}; root ${rig.folder}; try_files /page =404; }
    location / { return 204; } }
  server { listen ${ADDRESS}:${ports.grpc} http2;
    location / { grpc_pass grpc://127.0.0.1:${healthPort}; } }`,
    );
  }, 60_000);
  afterAll(async () => {
    for (const server of servers) server.close();
    await rig.close();
  });

  async function opened(server: Server): Promise<number> {
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  }

  async function outcomesOf(steps: readonly object[], more: object = {}): Promise<readonly string[]> {
    const journeys = steps.map(async (step, n) => {
      const file = await rig.write(`journey-${n}.yaml`, JSON.stringify({ ...more, steps: [step] }));
      const { journey, stdout } = await ride([
        `http://${ADDRESS}:${ports.web}/`,
        ...['--journey', file, '--only', 'steps', '-n', '1', '--timeout', '3s', '--no-progress'],
      ]);
      expect(stdout).not.toContain(PASSWORD);
      const [last] = (journey.evidence['steps'] as unknown as StepsEvidence).steps[0]?.rounds ?? [];
      return [last?.outcome, last?.because as unknown as string | null].filter((word) => word != null).join(': ');
    });
    return Promise.all(journeys);
  }

  it('tells a WebSocket that is passed on from one whose upgrade is forgotten', async () => {
    const web = `ws://${ADDRESS}:${ports.web}`;
    const websocket = { send: 'hello', expect: '^echo hello$' };
    const [chat, forgotten, none] = await outcomesOf([
      { name: 'chat', url: `${web}/chat`, websocket },
      { name: 'forgotten', url: `${web}/forgotten`, websocket },
      { name: 'none', url: `${web}/`, websocket },
    ]);
    expect([chat, forgotten, none]).toEqual([
      'passed',
      'failed: answered 426 to the upgrade, not 101 (Switching Protocols)',
      'failed: answered 204 to the upgrade, not 101 (Switching Protocols)',
    ]);
  });

  it('tells the states of gRPC services', async () => {
    const url = `grpc://${ADDRESS}:${ports.grpc}`;
    const services = ['', 'kms.v1.Keys', 'kms.v1.Nothing'];
    expect(await outcomesOf(services.map((service) => ({ name: 'health', url, grpcHealth: { service } })))).toEqual([
      'passed',
      'failed: NOT_SERVING',
      'failed: grpc-status 5 NOT_FOUND: the server knows no service "kms.v1.Nothing"',
    ]);
  });

  it('has its traces joined by the services behind', async () => {
    const steps = [
      { name: 'chat', url: `ws://${ADDRESS}:${ports.web}/chat`, websocket: {} },
      { name: 'health', url: `grpc://${ADDRESS}:${ports.grpc}`, grpcHealth: {} },
    ];
    const file = await rig.write('traced.yaml', JSON.stringify({ steps }));
    const har = join(rig.folder, 'traced.har');
    traceparents.length = 0;
    await ride([
      `http://${ADDRESS}:${ports.web}/`,
      ...['--journey', file, '--only', 'steps', '-n', '1', '--timeout', '3s', '--no-progress', '--har', har],
    ]);
    const { log } = JSON.parse(await readFile(har, 'utf8')) as { readonly log: { readonly entries: readonly Entry[] } };
    const told = log.entries.filter(({ pageref }) => pageref.startsWith('step '));
    expect(told.map(({ response: { status } }) => status)).toEqual([101, 200]);
    expect(traceparents).toEqual(told.map(({ _traceId, _spanId }) => `00-${_traceId}-${_spanId}-01`));
    expect(new Set(told.map(({ _traceId }) => _traceId)).size).toBe(1);
  });

  it('passes the password file, and talks in lines', async () => {
    const file = await rig.write('password', PASSWORD);
    const auth = { basic: { user: 'probe', password: { file } } };
    const say = { send: 'HEAD / HTTP/1.0\r\n\r\n' };
    const known = { name: 'private', url: '/private' };
    const lines = { name: 'lines', url: `tcp://${ADDRESS}:${ports.web}`, lines: [say, { expect: '^Server: nginx' }] };
    expect(await outcomesOf([known, { ...known, auth: 'none' }, lines], { auth })).toEqual([
      'passed',
      'failed: answered 401',
      'passed',
    ]);
  });
});
