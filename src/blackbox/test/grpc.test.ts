// Holds the grpc prober to blackbox_exporter's, against health services of this process over HTTP/2.
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createTcpServer } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { checkRequest, checkStatus } from '../grpc/health-messages.ts';
import { failureIn, listening, probed, roomOf, valueOf } from './asking.ts';
import { identity, NOT_AFTER, ROOT_PEM } from './certified.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Talk = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, body: Buffer) => void;

async function serverOf(talk: Talk, secured = false): Promise<number> {
  const server: Http2Server = secured ? createSecureServer(identity()) : createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (opened, headers) => {
    const stream = opened as ServerHttp2Stream;
    const parts: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => void parts.push(chunk));
    stream.on('end', () => talk(stream, headers, Buffer.concat(parts)));
  });
  closing.push(() => {
    server.close();
    for (const session of sessions) session.destroy();
  });
  return listening(server);
}

/** An answer of gRPC: prefix and message, then the code in the trailers. */
function answer(stream: ServerHttp2Stream, messageHex: string, code = '0'): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': code }));
  stream.end(Buffer.from(messageHex, 'hex'));
}

/** By service: what a health service says. */
const health: Talk = (stream, headers, body) => {
  const service = body.subarray(7).toString();
  if (headers[':path'] !== '/grpc.health.v1.Health/Check') return answer(stream, '', '12');
  const messages: Readonly<Record<string, string>> = {
    '': '00000000020801',
    up: '00000000020801',
    down: '00000000020802',
  };
  const message = messages[service];
  if (message !== undefined) return answer(stream, message);
  stream.respond({
    ':status': 200,
    'content-type': 'application/grpc',
    'grpc-status': '5',
    'grpc-message': 'unknown service',
  });
  return stream.end();
};

const moduleOf = (block: string, timeout = '5s'): string =>
  `modules:\n  m:\n    prober: grpc\n    timeout: ${timeout}\n    grpc:\n      ${block.replaceAll('\n', '\n      ')}\n`;
const probe = (block: string, target: string, given = {}, timeout = '5s'): Promise<string> =>
  probed(roomOf(moduleOf(block, timeout), given), 'm', target);
const serving = (page: string): readonly (number | null)[] =>
  ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'].map((status) =>
    valueOf(page, `probe_grpc_healthcheck_response{serving_status="${status}"}`),
  );

const IP4 = 'preferred_ip_protocol: ip4';

describe('a health service', () => {
  test.each([
    ['serves', '', 1, 0, [0, 1, 0, 0]],
    ['serves a service', 'service: up', 1, 0, [0, 1, 0, 0]],
    ['does not serve one', 'service: down', 0, 0, [0, 0, 1, 0]],
    ['does not know one', 'service: gone', 0, 5, [0, 0, 0, 0]],
  ])('that %s', async (_name, block, success, code, statuses) => {
    const page = await probe(`${IP4}\n${block}`, `127.0.0.1:${await serverOf(health)}`);
    expect(valueOf(page, 'probe_success')).toBe(success);
    expect(valueOf(page, 'probe_grpc_status_code')).toBe(code);
    expect(valueOf(page, 'probe_grpc_ssl')).toBe(0);
    expect(failureIn(page)).toBe(success === 1 ? null : `answer ${code === 0 ? 'health' : 'status'} target`);
    expect(serving(page)).toEqual(statuses);
    expect(valueOf(page, 'probe_grpc_duration_seconds{phase="check"}')).toBeGreaterThan(0);
  });

  test('over TLS tells of the certificate, but not of the chain', async () => {
    const page = await probe(`${IP4}\ntls: true`, `https://here.example:${await serverOf(health, true)}/x`, {
      rootsPem: ROOT_PEM,
    });
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect(valueOf(page, 'probe_grpc_ssl')).toBe(1);
    expect(valueOf(page, 'probe_ssl_earliest_cert_expiry')).toBe(NOT_AFTER);
    expect(valueOf(page, 'probe_tls_version_info{version="TLS 1.3"}')).toBe(1);
    expect(page).toContain('probe_ssl_last_chain_info{');
    expect(page).not.toContain('probe_ssl_last_chain_expiry_timestamp_seconds');
    expect(page).not.toContain('probe_tls_cipher_info');
  });

  test('with a certificate that leads nowhere is unavailable', async () => {
    const page = await probe(`${IP4}\ntls: true`, `here.example:${await serverOf(health, true)}`);
    expect(valueOf(page, 'probe_grpc_status_code')).toBe(14);
    expect(failureIn(page)).toBe('tls certificate target');
    expect(page).not.toContain('probe_ssl_earliest_cert_expiry');
  });

  test('is asked by the name that was given, with the metadata of the module', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const port = await serverOf((stream, headers, body) => {
      seen.push(headers);
      health(stream, headers, body);
    });
    await probe(
      `${IP4}\nmetadata: {x-one: [a, b], token-bin: ["\\x01"], content-type: [text/html]}`,
      `here.example:${port}`,
    );
    expect(seen[0]).toMatchObject({
      ...{
        ':authority': `here.example:${port}`,
        ':scheme': 'http',
        te: 'trailers',
        'content-type': 'application/grpc',
      },
      ...{ 'x-one': 'a, b', 'token-bin': 'AQ==' },
    });
  });

  test('is reached at whatever address answers, as the exporter dials by name; mended, at the preferred one alone', async () => {
    const target = `both.example:${await serverOf(health)}`;
    expect(valueOf(await probe('preferred_ip_protocol: ip6', target), 'probe_success')).toBe(1);
    const mended = await probe('preferred_ip_protocol: ip6', target, { quirks: false });
    expect(valueOf(mended, 'probe_success')).toBe(0);
    expect(valueOf(mended, 'probe_ip_protocol')).toBe(6);
  });

  test('at an address that is not allowed is not gone to', async () => {
    const page = await probe(IP4, `here.example:${await serverOf(health)}`, { allows: () => 'not allowed' });
    expect(failureIn(page)).toBe('connect not-allowed prober');
  });
});

/** What a server does, the code that it comes to. */
const ANSWERS: readonly (readonly [string, Talk, number])[] = [
  [
    'an HTTP page',
    (stream) => void (stream.respond({ ':status': 200, 'content-type': 'text/html' }), stream.end('<p>')),
    2,
  ],
  ['503', (stream) => stream.respond({ ':status': 503 }, { endStream: true }), 14],
  ['404', (stream) => stream.respond({ ':status': 404 }, { endStream: true }), 12],
  ['401', (stream) => stream.respond({ ':status': 401 }, { endStream: true }), 16],
  [
    'no trailers',
    (stream) =>
      void (stream.respond({ ':status': 200, 'content-type': 'application/grpc' }),
      stream.end(Buffer.from('00000000020801', 'hex'))),
    13,
  ],
  ['a code that is none', (stream) => answer(stream, '', 'many'), 2],
  ['no message', (stream) => answer(stream, ''), 13],
  ['half a message', (stream) => answer(stream, '000000000208'), 13],
  ['two messages', (stream) => answer(stream, '00000000020801'.repeat(2)), 13],
  ['a message that is none', (stream) => answer(stream, '000000000108'), 13],
  ['a compressed message', (stream) => answer(stream, '01000000020801'), 12],
  ['too much', (stream) => answer(stream, '00'.repeat(100_000)), 8],
  ['a reset', (stream) => stream.close(7), 14],
  ['the end of the connection', (stream) => stream.session?.destroy(), 14],
  ['silence', () => undefined, 4],
];

test.each(ANSWERS)('%s', async (_name, talk, code) => {
  const page = await probe(IP4, `127.0.0.1:${await serverOf(talk)}`, {}, '700ms');
  expect(valueOf(page, 'probe_grpc_status_code')).toBe(code);
  expect(valueOf(page, 'probe_success')).toBe(0);
  expect(serving(page)).toEqual([0, 0, 0, 0]);
});

test('a status that nobody knows has a series of its own', async () => {
  const page = await probe(IP4, `127.0.0.1:${await serverOf((stream) => answer(stream, '00000000020809'))}`);
  expect(valueOf(page, 'probe_grpc_healthcheck_response{serving_status="9"}')).toBe(1);
  expect(valueOf(page, 'probe_success')).toBe(0);
});

test('who speaks no HTTP/2, or nothing, or is not there, is unavailable', async () => {
  const chatty = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
  });
  closing.push(() => chatty.close());
  for (const target of [`127.0.0.1:${await listening(chatty)}`, '127.0.0.1:1']) {
    const page = await probe(IP4, target);
    expect(valueOf(page, 'probe_grpc_status_code')).toBe(14);
    expect(serving(page)).toEqual([0, 0, 0, 0]);
  }
});

test('metadata that cannot be sent is said', async () => {
  const page = await probe(`${IP4}\nmetadata: {X-Upper: [a]}`, `127.0.0.1:${await serverOf(health)}`);
  expect(valueOf(page, 'probe_grpc_status_code')).toBe(13);
  expect(page).toContain('X-Upper');
});

test('without a grpc block nothing falls back to the other family', async () => {
  const page = await probed(
    roomOf('modules:\n  m: {prober: grpc, timeout: 1s}\n'),
    'm',
    `here.example:${await serverOf(health)}`,
  );
  expect(valueOf(page, 'probe_success')).toBe(0);
  expect(valueOf(page, 'probe_ip_protocol')).toBe(0);
});

describe('the messages of grpc.health.v1', () => {
  test.each([
    ['', '0000000000'],
    ['up', '00000000040a027570'],
    ['x'.repeat(200), `00000000cb0ac801${'78'.repeat(200)}`],
  ])('a request for "%s"', (service, hex) => expect(checkRequest(service).toString('hex')).toBe(hex));

  test.each([
    ['', 0],
    ['0801', 1],
    ['08ffffffffffffffffff01', -1],
    ['120361626308021d00000000', 2],
    ['08', null],
    ['0b', null],
    ['1203', null],
    ['00', null],
  ])('an answer %s says %s', (hex, status) => expect(checkStatus(Buffer.from(hex, 'hex'))).toBe(status));

  test('any bytes are read without a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const status = checkStatus(Buffer.from(bytes));
        expect(status === null || Number.isInteger(status)).toBe(true);
      }),
    );
  });
});
