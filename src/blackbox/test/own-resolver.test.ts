// Holds a module's own resolver, the query name by URL and the source address to real servers: who is asked, over what, from where, and what is
// said when nobody answers.
import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { answerProbe } from '../handler.ts';
import { failureIn, listening, probed, roomOf, valueOf } from './asking.ts';
import { identity, ROOT_PEM } from './certified.ts';
import { messageOf, record } from './dns-messages.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Knows `own.example` alone, as 127.0.0.1; `silent` says nothing, `broken` fails. */
function answerTo(query: Buffer): Buffer | null {
  const [id, question] = [query.readUInt16BE(0), query.subarray(12)];
  const name = nameIn(query);
  const type = query.readUInt16BE(12 + name.length + 2);
  const asked = question.subarray(0, name.length + 2 + 4);
  if (name.startsWith('silent')) return null;
  if (name.startsWith('broken')) return messageOf(id, [], [], { rcode: 2, question: asked });
  if (name !== 'own.example') return messageOf(id, [], [], { rcode: 3, question: asked });
  return messageOf(id, type === 1 ? [record(name, 1, '7f000001')] : [], [], { question: asked });
}

function nameIn(query: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; (query[at] ?? 0) > 0; at += (query[at] ?? 0) + 1)
    labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)));
  return labels.join('.').toLowerCase();
}

async function udpResolver(seen: string[] = []): Promise<number> {
  const socket: Datagrams = createSocket('udp4');
  closing.push(() => socket.close());
  socket.on('message', (query, from) => {
    seen.push(`udp ${nameIn(query)}`);
    const bytes = answerTo(query);
    if (bytes !== null) socket.send(bytes, from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return socket.address().port;
}

function overStream(seen: string[], kind: string): (socket: Socket) => void {
  return (socket) => {
    closing.push(() => socket.destroy());
    let held = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const query = held.subarray(2, 2 + held.readUInt16BE(0));
        held = held.subarray(2 + query.length);
        seen.push(`${kind} ${nameIn(query)}`);
        const bytes = answerTo(query);
        if (bytes !== null) socket.write(Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]));
      }
    });
  };
}

async function streamResolver(server: Server): Promise<number> {
  closing.push(() => server.close());
  return listening(server);
}

/** RFC 8484 4.1: the query is the body. */
async function httpsResolver(seen: string[]): Promise<number> {
  const server = createSecureServer({ ...identity(['127.0.0.1']), allowHTTP1: true }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => void parts.push(part));
    request.on('end', () => {
      const query = Buffer.concat(parts);
      seen.push(`https ${nameIn(query)}`);
      response.writeHead(200, { 'content-type': 'application/dns-message' });
      response.end(answerTo(query) ?? '');
    });
  });
  server.on('session', (session) => closing.push(() => session.destroy()));
  return streamResolver(server);
}

/** Takes connections, and tells from where. */
async function target(from: (string | undefined)[] = []): Promise<number> {
  const server = createHttpServer((request, response) => {
    from.push(request.socket.remoteAddress);
    response.end('hello');
  });
  closing.push(() => server.close());
  return listening(server);
}

const notBySystem = { resolve: async () => Promise.reject(new Error('the system was asked')) };
const roomFor = (block: string, prober = 'http', timeout = '5s', more: Parameters<typeof roomOf>[1] = {}) =>
  roomOf(`modules: {m: {prober: ${prober}, timeout: ${timeout}, outrider: {${block}}}}`, { ...notBySystem, ...more });

describe('resolver', () => {
  test.each(['udp', 'tcp', 'tls', 'https'])('is asked over %s, and the system is not', async (way) => {
    const seen: string[] = [];
    const dns =
      way === 'udp'
        ? await udpResolver(seen)
        : way === 'tcp'
          ? await streamResolver(createServer(overStream(seen, way)))
          : way === 'https'
            ? await httpsResolver(seen)
            : await streamResolver(
                createTlsServer({ ...identity(['dns.example']), ALPNProtocols: ['dot'] }, overStream(seen, way)),
              );
    const text = {
      https: `"https://127.0.0.1:${dns}/dns-query"`,
      udp: `"127.0.0.1:${dns}"`,
      tcp: `"tcp://127.0.0.1:${dns}"`,
      tls: `"tls://127.0.0.1#dns.example:${dns}"`,
    };
    const room = roomFor(`resolver: ${text[way as keyof typeof text]}`, 'http', '5s', { rootsPem: ROOT_PEM });
    const page = await probed(room, 'm', `http://own.example:${await target()}/`);
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect([...new Set(seen)]).toEqual([`${way} own.example`]);
  });

  test.each([
    ['gone.example', 'resolve nxdomain target'],
    ['broken.example', 'resolve servfail resolver'],
    ['silent.example', 'resolve dns-timeout resolver'],
  ])('for %s: %s', async (name, failure) => {
    const timeout = name.startsWith('silent') ? '150ms' : '10s';
    const room = roomFor(`resolver: "127.0.0.1:${await udpResolver()}"`, 'tcp', timeout);
    const page = await probed(room, 'm', `${name}:1`);
    expect(failureIn(page)).toBe(failure);
    expect(page).toContain(`lookup ${name}`);
  });

  test('that is not there is told from a target that is not', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => {
      socket.bind(0, '127.0.0.1', resolve);
    });
    const { port } = socket.address();
    await new Promise<void>((resolve) => {
      socket.close(() => resolve());
    });
    const page = await probed(roomFor(`resolver: "127.0.0.1:${port}"`, 'tcp'), 'm', 'own.example:1');
    expect(failureIn(page)).toBe('resolve dns-unreachable resolver');
  });

  test('the second one is asked where the first fails', async () => {
    const page = await probed(
      roomFor(`resolver: ["127.0.0.1:1", "127.0.0.1:${await udpResolver()}"]`),
      'm',
      `http://own.example:${await target()}/`,
    );
    expect(valueOf(page, 'probe_success')).toBe(1);
  });

  test('a certificate of another name is not believed', async () => {
    const seen: string[] = [];
    const server = createTlsServer({ ...identity(['other.example']), ALPNProtocols: ['dot'] }, overStream(seen, 'tls'));
    server.on('tlsClientError', () => undefined);
    const dns = await streamResolver(server);
    const room = roomFor(`resolver: "tls://127.0.0.1#dns.example:${dns}"`, 'tcp', '5s', { rootsPem: ROOT_PEM });
    expect(failureIn(await probed(room, 'm', 'own.example:1'))).toMatch(/^resolve \S+ resolver$/);
    expect(seen).toEqual([]);
  });
});

describe('query_name', () => {
  const MODULES = `modules:
    plain: {prober: dns, timeout: 5s, dns: {query_name: own.example, query_type: A}}
    open: {prober: dns, timeout: 5s, dns: {query_name: own.example, query_type: A}, outrider: {query_names_under: [own.example, b.example]}}
    any: {prober: dns, timeout: 5s, dns: {query_name: own.example, query_type: A}, outrider: {query_names_under: .}}
    tcp: {prober: tcp, timeout: 5s}`;
  const ask = async (module: string, name: string, dns: number) => {
    const query = new URLSearchParams({ module, target: `127.0.0.1:${dns}`, query_name: name });
    return answerProbe({ query, scrapeTimeout: undefined, exposition: 'text' }, roomOf(MODULES));
  };

  test.each([
    ['open', '', 'own.example'],
    ['open', 'own.example', 'own.example'],
    ['open', 'X.B.Example.', 'x.b.example'],
    ['open', '*.b.example', '*.b.example'],
    ['open', '_dmarc.b.example', '_dmarc.b.example'],
    ['any', 'elsewhere.test', 'elsewhere.test'],
    ['any', '.', ''],
  ])('module %s with %j asks for %j', async (module, name, asked) => {
    const seen: string[] = [];
    const answer = await ask(module, name, await udpResolver(seen));
    expect(answer.status).toBe(200);
    expect(seen).toEqual([`udp ${asked}`]);
  });

  test.each([
    ['plain', 'own.example', /takes no parameter query_name.*query_names_under/],
    ['open', 'example', /permits no query_name of this zone/],
    ['open', 'xown.example', /permits no query_name/],
    ['open', 'a b.example', /not a domain name/],
    ['any', `${'x'.repeat(64)}.example`, /not a domain name/],
    ['any', `${'x.'.repeat(130)}example`, /not a domain name/],
    ['any', 'a\r\nb', /not a domain name/],
  ])('module %s refuses %j', async (module, name, words) => {
    const seen: string[] = [];
    const answer = await ask(module, name, await udpResolver(seen));
    expect(answer).toMatchObject({ status: 400, body: expect.stringMatching(words) });
    expect(seen).toEqual([]);
  });

  test("of another prober is nobody's business", async () => {
    const query = new URLSearchParams({ module: 'tcp', target: `127.0.0.1:${await target()}`, query_name: 'x' });
    const answer = await answerProbe({ query, scrapeTimeout: undefined, exposition: 'text' }, roomOf(MODULES));
    expect(answer.body).toContain('\nprobe_success 1\n');
  });
});

describe('source_ip_address', () => {
  const names = { resolve: async () => ['::1', '127.0.0.1'] };

  test('is where http requests come from, and chooses the family', async () => {
    const from: (string | undefined)[] = [];
    const room = roomFor('source_ip_address: 127.0.0.7', 'http', '5s', names);
    const page = await probed(room, 'm', `http://both.example:${await target(from)}/`);
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect(from).toEqual(['127.0.0.7']);
    expect(valueOf(page, 'probe_ip_protocol')).toBe(4);
  });

  test.each(['http://both.example:1/', 'grpc', 'websocket'])(
    'of another machine is our own fault (%s)',
    async (what) => {
      const prober = what.startsWith('http') ? 'http' : what;
      const goes = { http: what, grpc: 'both.example:1', websocket: 'ws://both.example:1/' }[prober] ?? what;
      const page = await probed(roomFor('source_ip_address: 192.0.2.7', prober, '5s', names), 'm', goes);
      expect(failureIn(page)).toBe('connect no-route prober');
    },
  );

  test('of another family than an address that was written is our mistake', async () => {
    const page = await probed(roomFor('source_ip_address: "::1"', 'http', '5s', names), 'm', 'http://127.0.0.1:1/');
    expect(failureIn(page)).toBe('resolve config prober');
  });
});
