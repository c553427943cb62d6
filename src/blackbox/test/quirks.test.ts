// Holds every quirk of the README's table to both columns: with quirks what blackbox_exporter says, without them what the table promises.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { echoRefusal } from '../../net/icmp/echo.ts';
import type { ProbeRoom } from '../handler.ts';
import { listening, probed, roomOf, valueOf } from './asking.ts';
import { identity } from './certified.ts';
import { messageOf, record } from './dns-messages.ts';
import { openProxy } from './proxying.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function open(server: Server, host?: string): Promise<number> {
  closing.push(() => server.close());
  return await listening(server, host);
}

const web = (): Promise<number> =>
  open(
    createServer((_, response) => {
      response.writeHead(200, { connection: 'close' });
      response.write('x');
      response.end();
    }),
  );

/** Says the same to every question: one A record. */
const names = (): Promise<number> =>
  open(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (query: Buffer) => {
        const answer = messageOf(query.readUInt16BE(2), [record('a.example', 1, '7f000001')]);
        socket.end(Buffer.concat([Buffer.of(answer.length >> 8, answer.length & 0xff), answer]));
      });
    }),
  );

const DNS = 'query_name: a.example, query_type: A, transport_protocol: tcp, preferred_ip_protocol: ip4';
/** Nobody listens there. */
const NOBODY = '127.0.0.1:1';

interface Case {
  readonly module: string;
  readonly target: () => Promise<string>;
  /** Series, with its value by each; null: absent. */
  readonly says: Readonly<Record<string, readonly [quirky: number | null, mended: number | null]>>;
  readonly room?: Partial<ProbeRoom>;
}

const to = (target: string) => (): Promise<string> => Promise.resolve(target);

/** By the beginning of the row. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  '`fail_if_all_match_regexp` of a dns module': [
    {
      module: `prober: dns, timeout: 5s, dns: {${DNS}, validate_answer_rrs: {fail_if_all_match_regexp: ["A"]}}`,
      target: async () => `127.0.0.1:${await names()}`,
      says: { probe_success: [1, 0] },
    },
    {
      module: `prober: dns, timeout: 5s, dns: {${DNS}, validate_answer_rrs: {fail_if_all_match_regexp: ["nothing"]}}`,
      target: async () => `127.0.0.1:${await names()}`,
      says: { probe_success: [0, 1] },
    },
  ],
  'a grpc probe goes to whatever address': [
    {
      // Only its IPv4 address answers; the module prefers the other.
      module: 'prober: grpc, timeout: 5s, grpc: {preferred_ip_protocol: ip6}',
      target: async () => {
        const server = createHttp2Server();
        server.on('stream', (opened) => {
          const stream = opened as ServerHttp2Stream;
          stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
          stream.end(Buffer.from('00000000020801', 'hex'));
        });
        return `both.example:${await open(server)}`;
      },
      says: { probe_success: [1, 0], probe_grpc_status_code: [0, 14] },
    },
  ],
  '`no_proxy` of an http module': [
    {
      module: 'prober: http, timeout: 5s, http: {proxy_url: "http://PROXY", no_proxy: far.example}',
      target: to('http://far.example:1'),
      // By the proxy, which tells that nobody is there, or straight.
      room: { resolve: () => Promise.resolve(['0.0.0.0']) },
      says: { probe_http_status_code: [502, null] },
    },
  ],
  'phases that did not happen': [
    {
      module: 'prober: http, timeout: 5s',
      target: async () => `http://127.0.0.1:${await web()}`,
      says: { 'probe_http_duration_seconds{phase="tls"}': [0, null] },
    },
    {
      module: 'prober: http, timeout: 5s',
      target: to(`http://${NOBODY}`),
      says: {
        'probe_http_duration_seconds{phase="processing"}': [0, null],
        'probe_http_duration_seconds{phase="transfer"}': [0, null],
      },
    },
    {
      module: `prober: dns, timeout: 5s, dns: {${DNS}}`,
      target: to(NOBODY),
      says: { 'probe_dns_duration_seconds{phase="request"}': [0, null] },
    },
    {
      module: 'prober: grpc, timeout: 5s',
      target: to('nobody.example:1'),
      says: { 'probe_grpc_duration_seconds{phase="resolve"}': [0, null] },
    },
    {
      module: 'prober: icmp, timeout: 5s',
      target: to('nobody.example'),
      says: {
        'probe_icmp_duration_seconds{phase="resolve"}': [0, null],
        'probe_icmp_duration_seconds{phase="rtt"}': [0, null],
      },
    },
  ],
  '`probe_ssl_last_chain_expiry_timestamp_seconds` is -62135596800': [
    {
      module: 'prober: http, timeout: 5s, http: {enable_http2: false, tls_config: {insecure_skip_verify: true}}',
      target: async () => `https://127.0.0.1:${await secureWeb()}`,
      says: {
        probe_success: [1, 1],
        probe_ssl_last_chain_expiry_timestamp_seconds: [-62_135_596_800, null],
      },
    },
    {
      module: 'prober: tcp, timeout: 5s, tcp: {tls: true, tls_config: {insecure_skip_verify: true}}',
      target: async () => `127.0.0.1:${await secureWeb()}`,
      says: {
        probe_success: [1, 1],
        probe_ssl_last_chain_expiry_timestamp_seconds: [-62_135_596_800, null],
      },
    },
  ],
  'what no answer told is 0': [
    {
      module: 'prober: http, timeout: 5s, http: {fail_if_body_matches_regexp: [x]}',
      target: to(`http://${NOBODY}`),
      says: {
        probe_http_status_code: [0, null],
        probe_http_version: [0, null],
        probe_http_content_length: [0, null],
        probe_http_uncompressed_body_length: [0, null],
        probe_http_ssl: [0, null],
        // These are true.
        probe_http_redirects: [0, 0],
        probe_failed_due_to_regex: [0, 0],
        probe_ip_protocol: [4, 4],
      },
    },
    {
      module: 'prober: http, timeout: 5s',
      target: async () => `http://127.0.0.1:${await web()}`,
      says: { probe_http_ssl: [0, 0], probe_http_uncompressed_body_length: [1, 1], probe_http_status_code: [200, 200] },
    },
    {
      module: 'prober: tcp, timeout: 5s',
      target: to('nobody.example:1'),
      says: { probe_ip_protocol: [0, null], probe_ip_addr_hash: [0, null] },
    },
    {
      module: 'prober: grpc, timeout: 5s',
      target: to('nobody.example:1'),
      says: { probe_grpc_status_code: [0, null], probe_grpc_ssl: [0, null] },
    },
    {
      module: 'prober: websocket, timeout: 5s',
      target: to(`ws://${NOBODY}`),
      says: { probe_websocket_status_code: [0, null], probe_websocket_connection_upgraded: [0, 0] },
    },
    {
      module: `prober: dns, timeout: 5s, dns: {${DNS}}`,
      target: to(NOBODY),
      says: { probe_dns_answer_rrs: [0, null], probe_dns_additional_rrs: [0, null], probe_dns_query_succeeded: [0, 0] },
    },
    {
      module: `prober: dns, timeout: 5s, dns: {${DNS.replace('query_type: A', 'query_type: SOA')}}`,
      target: async () => `127.0.0.1:${await names()}`,
      says: { probe_dns_serial: [0, null], probe_dns_answer_rrs: [1, 1], probe_dns_authority_rrs: [0, 0] },
    },
  ],
  '`probe_http_content_length` is -1': [
    {
      module: 'prober: http, timeout: 5s',
      target: async () => `http://127.0.0.1:${await web()}`,
      says: { probe_success: [1, 1], probe_http_content_length: [-1, null] },
    },
  ],
};

async function secureWeb(): Promise<number> {
  const { createServer: createSecure } = await import('node:https');
  return await open(createSecure(identity(), (_, response) => response.writeHead(200, { connection: 'close' }).end()));
}

/** The first column of the README's table. */
function rows(): readonly string[] {
  const text = readFileSync('README.md', 'utf8');
  const table = text.slice(text.indexOf('| blackbox_exporter | with `--no-quirks` |')).split('\n\n')[0] ?? '';
  return table
    .split('\n')
    .slice(2)
    .map((line) => line.split(' | ')[0]?.replace(/^\| /, '') ?? '');
}

test('the table has a case for every row', () => {
  const found = rows();
  expect(found.length).toBeGreaterThan(5);
  expect(found.filter((row) => !Object.keys(CASES).some((begin) => row.startsWith(begin)))).toEqual([]);
  expect(Object.keys(CASES).filter((begin) => !found.some((row) => row.startsWith(begin)))).toEqual([]);
});

const all = Object.entries(CASES).flatMap(([row, cases]) => cases.map((one) => [row, one.module, one] as const));

test.each(all)('%s: %s', async (_, __, { module, target, says, room = {} }) => {
  if (module.includes('icmp') && (await echoRefusal()) !== null) return;
  const proxy = await openProxy();
  closing.push(() => proxy.close());
  const text = `modules: {m: {${module.replace('PROXY', `127.0.0.1:${proxy.port}`)}}}`;
  const where = await target();
  for (const [at, quirks] of [true, false].entries()) {
    const page = await probed(roomOf(text, { ...room, quirks }), 'm', where);
    const found = Object.keys(says).map((series) => [series, valueOf(page, series)]);
    expect(Object.fromEntries(found), String(quirks)).toEqual(
      Object.fromEntries(Object.entries(says).map(([series, values]) => [series, values[at]])),
    );
  }
});
