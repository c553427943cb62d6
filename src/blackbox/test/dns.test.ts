// Holds the dns prober to blackbox_exporter's: transports, families, valid codes, and the expressions over the records of each section.
import { createSocket, type RemoteInfo } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { failureIn, listening, probed, roomOf, valueOf } from './asking.ts';
import { identity, ROOT_PEM } from './certified.ts';
import { messageOf, record } from './dns-messages.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Reply = (query: Buffer) => Buffer | null;

/** Name, records: a small zone. */
const reply: Reply = (query) => {
  const [id, question] = [query.readUInt16BE(0), query.subarray(12)];
  const name = query.subarray(13, 13 + (query[12] ?? 0)).toString();
  const soa = record(
    'zone.example',
    6,
    '026e730002686d00 0000002a 00001c20 00000384 00127500 0000012c'.replaceAll(' ', ''),
  );
  const nothing = messageOf(id, [], [], { rcode: 3, authority: [soa], question });
  if (name === 'soa') return messageOf(id, [soa], [], { question });
  if (name === 'refused') return messageOf(id, [], [], { rcode: 5 });
  if (name === 'two')
    return messageOf(id, [record('two.example', 1, 'c0000201'), record('two.example', 1, 'c0000202')], [], {
      question,
    });
  if (name === 'broken') return messageOf(id, [record('x', 1, 'c00002')], [], { question });
  if (name === 'silent') return null;
  return nothing;
};

async function udpServer(answer: Reply = reply, seen: RemoteInfo[] = [], host = '127.0.0.1'): Promise<string> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  closing.push(() => socket.close());
  socket.on('message', (query, from) => {
    seen.push(from);
    const bytes = answer(query);
    if (bytes !== null) socket.send(bytes, from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, host, resolve);
  });
  const { port } = socket.address();
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function overStream(socket: Socket, answer: Reply): void {
  socket.on('error', () => undefined);
  let held = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    if (held.length < 2 || held.length < 2 + held.readUInt16BE(0)) return;
    const bytes = answer(held.subarray(2));
    if (bytes === null) return;
    // The length on its own, then the message in two parts: a reader must put them together.
    socket.write(Buffer.of(bytes.length >> 8, bytes.length & 0xff));
    socket.write(bytes.subarray(0, 5));
    setImmediate(() => socket.write(bytes.subarray(5)));
  });
}

const streams: Socket[] = [];

async function tcpServer(answer: Reply = reply): Promise<string> {
  const server = createServer((socket) => {
    streams.push(socket);
    overStream(socket, answer);
  });
  closing.push(() => server.close());
  return `127.0.0.1:${await listening(server)}`;
}

const moduleOf = (block: string, timeout = '5s'): string =>
  `modules:\n  m:\n    prober: dns\n    timeout: ${timeout}\n    dns:\n${block.trim().replace(/^ */gm, '      ')}\n`;
const probe = async (block: string, target: string, given = {}, timeout = '5s'): Promise<string> =>
  probed(roomOf(moduleOf(block, timeout), given), 'm', target);

describe('the answer', () => {
  test.each([
    ['udp', () => udpServer(), 4],
    ['udp over IPv6', () => udpServer(reply, [], '::1'), 6],
    ['tcp', () => tcpServer(), 4],
  ])('over %s is counted, and a SOA gives its serial', async (transport, open, family) => {
    const block = `query_name: soa.example\nquery_type: SOA\ntransport_protocol: ${transport.slice(0, 3)}`;
    const page = await probe(block, await open());
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect(valueOf(page, 'probe_ip_protocol')).toBe(family);
    expect(valueOf(page, 'probe_dns_serial')).toBe(42);
    expect(valueOf(page, 'probe_dns_answer_rrs')).toBe(1);
    expect(valueOf(page, 'probe_dns_query_succeeded')).toBe(1);
    expect(valueOf(page, 'probe_dns_duration_seconds{phase="request"}')).toBeGreaterThan(0);
  });

  test('of ANY has no serial, and the question is ANY in the class IN unless the module says otherwise', async () => {
    const asked: string[] = [];
    const target = await udpServer((query) => {
      asked.push(query.subarray(2, 4).toString('hex') + query.subarray(-4).toString('hex'));
      return reply(query);
    });
    expect(valueOf(await probe('query_name: soa.example', target), 'probe_dns_serial')).toBeNull();
    await probe('query_name: soa.example\nquery_type: TXT\nquery_class: CH\nrecursion_desired: false', target);
    expect(asked).toEqual(['010000ff0001', '000000100003']);
  });

  test('comes to the address that the module names', async () => {
    const seen: RemoteInfo[] = [];
    const page = await probe('query_name: soa.example\nsource_ip_address: 127.0.0.7', await udpServer(reply, seen));
    expect(valueOf(page, 'probe_success')).toBe(1);
    expect(seen.map(({ address }) => address)).toEqual(['127.0.0.7']);
  });

  test('to another question is passed over on udp and a failure on tcp', async () => {
    const stranger: Reply = (query) => {
      const bytes = reply(query);
      bytes?.writeUInt16BE(bytes.readUInt16BE(0) ^ 1, 0);
      return bytes;
    };
    const socket = createSocket('udp4');
    closing.push(() => socket.close());
    socket.on('message', (query, from) => {
      for (const one of [stranger, reply]) socket.send(one(query) ?? '', from.port, from.address);
    });
    await new Promise<void>((resolve) => {
      socket.bind(0, '127.0.0.1', resolve);
    });
    expect(valueOf(await probe('query_name: soa.x', `127.0.0.1:${socket.address().port}`), 'probe_success')).toBe(1);
    const page = await probe('query_name: soa.x\ntransport_protocol: tcp', await tcpServer(stranger));
    expect(valueOf(page, 'probe_success')).toBe(0);
    expect(page).toContain('dns: id mismatch');
  });
});

describe('DNS over TLS', () => {
  const block = 'query_name: soa.example\ntransport_protocol: tcp\ndns_over_tls: true\npreferred_ip_protocol: ip4';
  const server = async (): Promise<number> => {
    const tls = createTlsServer(identity(), (socket) => overStream(socket, reply));
    closing.push(() => tls.close());
    return listening(tls);
  };

  test('is trusted by the roots and the name of the target, and emits no TLS families', async () => {
    const port = await server();
    const good = await probe(block, `here.example:${port}`, { rootsPem: ROOT_PEM });
    expect(valueOf(good, 'probe_success')).toBe(1);
    expect(good).not.toMatch(/probe_ssl_(earliest|last)/);
    expect(valueOf(await probe(block, `here.example:${port}`), 'probe_success')).toBe(0);
    expect(valueOf(await probe(block, `127.0.0.1:${port}`, { rootsPem: ROOT_PEM }), 'probe_success')).toBe(0);
    const named = `${block}\ntls_config: {server_name: here.example}`;
    expect(valueOf(await probe(named, `127.0.0.1:${port}`, { rootsPem: ROOT_PEM }), 'probe_success')).toBe(1);
  });

  test('needs tcp', async () => {
    const page = await probe('query_name: x\ndns_over_tls: true', '127.0.0.1:1');
    expect(valueOf(page, 'probe_success')).toBe(0);
    expect(page).toContain('Expected transport protocol tcp for DoT');
  });
});

describe('fails, with every family there, for', () => {
  test.each([
    ['silence, within the timeout', 'silent.example', '', 'i/o timeout', 'request wait-timeout target'],
    ['a record that cannot be read', 'broken.example', '', 'record data', 'request dns-malformed target'],
    ['a transport that is none', 'soa.x', 'transport_protocol: sctp', 'Expected transport', 'connect config prober'],
    ['a source that is none', 'soa.x', 'source_ip_address: x', 'Error parsing source', 'connect config prober'],
    ['a name that cannot be asked for', 'a..b', '', 'dns: bad rdata', 'connect config prober'],
    ['a code that is not valid', 'refused.x', '', 'Rcode is not one of the valid', 'answer rcode target'],
    ['a code that is none', 'soa.x', 'valid_rcodes: [NOPE]', 'Invalid rcode', 'answer config prober'],
    [
      'what is not there',
      'soa.x',
      'validate_answer_rrs: {fail_if_not_matches_regexp: [y]}',
      'RRs validation',
      'answer records target',
    ],
  ])('%s', async (_name, name, more, words, failure) => {
    const block = `query_name: ${name}\n${more}`;
    const page = await probe(block, await udpServer(), {}, '300ms');
    expect(page).toContain(words);
    expect(failureIn(page)).toBe(failure);
    expect(valueOf(page, 'probe_success')).toBe(0);
    for (const phase of ['resolve', 'connect', 'request'])
      expect(valueOf(page, `probe_dns_duration_seconds{phase="${phase}"}`)).not.toBeNull();
    for (const family of ['answer_rrs', 'authority_rrs', 'additional_rrs', 'query_succeeded'])
      expect(valueOf(page, `probe_dns_${family}`)).not.toBeNull();
  });

  test.each(['udp', 'tcp'])('a closed port over %s', async (transport) => {
    const page = await probe(`query_name: x\ntransport_protocol: ${transport}`, '127.0.0.1:1');
    expect(page).toContain('ECONNREFUSED');
    expect(failureIn(page)).toMatch(/^(connect|request) refused target$/);
    expect(valueOf(page, 'probe_dns_query_succeeded')).toBe(0);
  });
});

test('what did not happen took 0 s, mended it is not there', async () => {
  const phases = (page: string) =>
    ['resolve', 'connect', 'request'].map((phase) => valueOf(page, `probe_dns_duration_seconds{phase="${phase}"}`));
  const block = 'query_name: x\ntransport_protocol: tcp';
  expect(phases(await probe(block, 'gone.example'))).toEqual([0, 0, 0]);
  expect(phases(await probe(block, 'gone.example', { quirks: false }))).toEqual([null, null, null]);
  const refused = phases(await probe(block, '127.0.0.1:1', { quirks: false }));
  expect(refused.map((seconds) => seconds !== null)).toEqual([true, false, false]);
  const whole = phases(await probe(block, await tcpServer(), { quirks: false }));
  expect(whole.every((seconds) => seconds !== null && seconds >= 0)).toBe(true);
});

/** Module, success with the exporter's quirks, success without. The name `two` has two A records, `none` only a SOA in the authority section. */
const VALIDATIONS: readonly (readonly [string, string, 0 | 1, 0 | 1])[] = [
  ['none', 'valid_rcodes: [NXDOMAIN]', 1, 1],
  ['none', 'valid_rcodes: [NOERROR]', 0, 0],
  ['two', 'validate_answer_rrs: {fail_if_matches_regexp: ["192.0.2.9"]}', 1, 1],
  ['two', 'validate_answer_rrs: {fail_if_matches_regexp: ["192.0.2.2$"]}', 0, 0],
  ['two', 'validate_answer_rrs: {fail_if_all_match_regexp: ["192.0.2"]}', 1, 0],
  ['two', 'validate_answer_rrs: {fail_if_all_match_regexp: ["192.0.2.2"]}', 0, 1],
  ['two', 'validate_answer_rrs: {fail_if_not_matches_regexp: ["^two\\\\.example\\\\.\\t60\\tIN\\tA\\t192"]}', 1, 1],
  ['two', 'validate_answer_rrs: {fail_if_not_matches_regexp: ["192.0.2.2"]}', 0, 0],
  ['two', 'validate_answer_rrs: {fail_if_none_matches_regexp: ["192.0.2.2", "never"]}', 1, 1],
  ['two', 'validate_answer_rrs: {fail_if_none_matches_regexp: ["never"]}', 0, 0],
  ['two', 'validate_answer_rrs: {fail_if_none_matches_regexp: ["(?<=x)"]}', 0, 0],
  ['two', 'validate_additional_rrs: {fail_if_none_matches_regexp: ["x"]}', 0, 0],
  ['two', 'validate_additional_rrs: {fail_if_not_matches_regexp: ["x"]}', 0, 0],
  ['two', 'validate_additional_rrs: {fail_if_matches_regexp: ["("], fail_if_all_match_regexp: ["x"]}', 1, 1],
  [
    'none',
    'valid_rcodes: [NXDOMAIN]\nvalidate_authority_rrs: {fail_if_not_matches_regexp: ["SOA\\tns. hm. 42 "]}',
    1,
    1,
  ],
];

test.each(VALIDATIONS)('%s with %s: %s, mended %s', async (name, block, quirky, mended) => {
  const target = await udpServer();
  for (const [quirks, success] of [
    [true, quirky],
    [false, mended],
  ] as const)
    expect(valueOf(await probe(`query_name: ${name}.example\n${block}`, target, { quirks }), 'probe_success')).toBe(
      success,
    );
});
