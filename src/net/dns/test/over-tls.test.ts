import { randomBytes } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Answer } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { DnsServer } from '../../../contract/net.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { openDnsClient } from '../client.ts';
import { type Certified, roots, startTls, type TlsRespond } from './secured-servers.ts';
import { type Asked, frame, reply } from './servers.ts';

const KMS = 'kms.example' as DnsName;
const forever = new AbortController().signal;
const a = (data: string, name: string = KMS): Answer => ({ type: 'A', name, ttl: 60, data });
const answer = (asked: Asked, data = '192.0.2.1') => frame(reply(asked, { answers: [a(data, asked.name)] }));
const honest: TlsRespond = (asked, socket) => socket.write(answer(asked));

function client(resolver: DnsServer, timeoutMs = 5_000) {
  const meter = createMeter();
  return { dns: openDnsClient({ resolvers: [resolver], timeoutMs, meter, families: [4], caPem: roots }), meter };
}

const question = (name: string = KMS) => ({ name: name as DnsName, type: 'A', recursionDesired: true }) as const;

async function ask(respond: TlsRespond, certified: Certified = {}, name?: DnsName | null, timeoutMs?: number) {
  await using server = await startTls(respond, certified, name);
  const { dns, meter } = client(server.server, timeoutMs);
  const attempt = await dns.query(server.server, question(), forever);
  await dns.close();
  await server.allClosed();
  return { attempt, server, budget: meter.read() };
}

describe.concurrent('one question over TLS', () => {
  test('an answer, and what it cost', async () => {
    const { attempt, server, budget } = await ask(honest);
    expect(attempt).toMatchObject({
      state: 'complete',
      value: { transport: 'tls', verified: 'name', rcode: 'NOERROR', answers: [{ address: '192.0.2.1' }] },
    });
    expect(budget).toMatchObject({ dnsQueries: 1, connections: 1 });
    expect(budget.bytesSent).toBeGreaterThan(42);
    expect(budget.bytesReceived).toBeGreaterThan(1_000);
    expect(server.connections.total).toBe(1);
  });

  const verified: readonly [string, Certified, DnsName | null, string][] = [
    ['without a name, the address in the certificate', { names: ['127.0.0.1'] }, null, 'address'],
    ['without a name, a certificate for something else', {}, null, 'none'],
    ['without a name, nobody’s certificate', { by: 'stranger' }, null, 'none'],
  ];
  test.each(verified)('%s', async (_, certified, name, expected) => {
    const { attempt } = await ask(honest, certified, name);
    expect(attempt).toMatchObject({ state: 'complete', value: { verified: expected } });
  });

  const refused: readonly [string, Certified, string][] = [
    [
      'of a stranger',
      { by: 'stranger' },
      'SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    ['for another name', { names: ['other.example'] }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['that is over', { expired: true }, 'CERT_HAS_EXPIRED'],
  ];
  test.each(refused)('with a name, a certificate %s: nothing is asked', async (_, certified, words) => {
    const { attempt, server, budget } = await ask(honest, certified);
    expect(attempt).toMatchObject({
      state: 'failed',
      problem: {
        code: 'dns-unreachable',
        detail: expect.stringMatching(`does not hold for dns.example \\((${words})\\)`),
      },
    });
    expect(server.asked).toEqual([]);
    expect(budget).toMatchObject({ dnsQueries: 0, connections: 1 });
  });

  const broken: readonly [string, TlsRespond, string, string | null][] = [
    ['closes', (_, socket) => socket.destroy(), 'dns-unreachable', 'connection closed'],
    [
      'closes mid-answer',
      (asked, socket) => socket.end(answer(asked).subarray(0, 20)),
      'dns-unreachable',
      'connection closed',
    ],
    ['sends garbage with our id', (asked, socket) => socket.write(frame(garbage(asked))), 'dns-malformed', null],
    [
      'answers another question',
      (asked, socket) => socket.write(frame(reply(asked, { questions: [{ type: 'A', name: 'x.example' }] }))),
      'dns-malformed',
      null,
    ],
    ['floods with other ids', flood, 'dns-malformed', null],
    ['is silent', () => undefined, 'dns-timeout', null],
    [
      'promises more than it sends',
      (_, socket) => socket.write(Buffer.from([0xff, 0xff, 1, 2, 3])),
      'dns-timeout',
      null,
    ],
  ];
  test.each(broken)('a resolver that %s', async (_, respond, code, detail) => {
    const { attempt, server } = await ask(respond, {}, undefined, 400);
    expect(attempt).toMatchObject({
      state: 'failed',
      problem: { code, fault: 'resolver', ...(detail !== null && { detail }) },
    });
    expect(server.connections).toEqual({ total: 1, open: 0 });
  });

  test('the largest answer that the frame can say is read', async () => {
    const padded: Answer[] = Array.from({ length: 32 }, () => ({
      type: 'NULL',
      name: KMS,
      ttl: 1,
      data: Buffer.alloc(2_000),
    }));
    const { attempt } = await ask((asked, socket) =>
      socket.write(frame(reply(asked, { answers: [...padded, a('192.0.2.9')] }))),
    );
    expect(attempt).toMatchObject({ state: 'complete' });
    expect(attempt.state === 'complete' && attempt.value.answers.length).toBe(33);
  });

  test('a port where nobody listens', async () => {
    await using server = await startTls(honest);
    const nobody = { ...server.server, address: '127.0.0.9' as IpAddress };
    const { dns } = client(nobody);
    expect(await dns.query(nobody, question(), forever)).toMatchObject({
      state: 'failed',
      problem: { code: 'dns-unreachable', detail: 'ECONNREFUSED' },
    });
    await dns.close();
  });

  test('a server without EDNS is asked again without', async () => {
    const { attempt, server } = await ask((asked, socket) =>
      socket.write(
        (asked.packet.additionals?.length ?? 0) > 0
          ? frame(reply(asked, { rcode: 'FORMERR', additionals: [] }))
          : answer(asked),
      ),
    );
    expect(attempt).toMatchObject({ state: 'complete', value: { rcode: 'NOERROR' } });
    expect(server.asked.length).toBe(2);
    expect(server.connections.total).toBe(1);
  });
});

describe.concurrent('one connection for many questions', () => {
  test('answers come in any order, each to its question', async () => {
    const held: [Asked, TLSSocket][] = [];
    await using server = await startTls((asked, socket) => {
      held.push([asked, socket]);
      if (held.length === 50)
        for (const [one, to] of held.toReversed()) to.write(answer(one, `192.0.2.${one.name.split('.')[0]}`));
    });
    const { dns } = client(server.server);
    const names = Array.from({ length: 50 }, (_, index) => `${index}.example`);
    const attempts = await Promise.all(names.map((name) => dns.query(server.server, question(name), forever)));
    expect(attempts.map((one) => one.state === 'complete' && one.value.answers)).toMatchObject(
      names.map((name, index) => [{ name, address: `192.0.2.${index}` }]),
    );
    expect(server.connections.total).toBe(1);
    await dns.close();
    await server.allClosed();
  });

  test('a resolver that hangs up between answers is asked on a new connection', async () => {
    await using server = await startTls((asked, socket) =>
      asked.count === 2 ? socket.destroy() : socket.write(answer(asked)),
    );
    const { dns } = client(server.server);
    const states = [];
    for (let times = 0; times < 3; times++) states.push((await dns.query(server.server, question(), forever)).state);
    expect(states).toEqual(['complete', 'complete', 'complete']);
    expect(server.connections.total).toBe(2);
    await dns.close();
  });

  test('a resolver that hangs up after each answer is not asked without end', async () => {
    await using server = await startTls((asked, socket) => socket.end(asked.count % 2 === 1 ? answer(asked) : ''));
    const { dns } = client(server.server);
    const attempts = [];
    for (let times = 0; times < 40; times++) attempts.push(await dns.query(server.server, question(), forever));
    expect(server.connections.total).toBeLessThanOrEqual(32);
    expect(attempts.at(-1)).toMatchObject({ state: 'failed', problem: { code: 'dns-unreachable' } });
    await dns.close();
  });

  test('a connection that fell silent is left for a new one', async () => {
    let first: TLSSocket | null = null;
    await using server = await startTls((asked, socket) => {
      first ??= socket;
      if (socket !== first) socket.write(answer(asked));
    });
    const { dns } = client(server.server, 300);
    expect(await dns.query(server.server, question(), forever)).toMatchObject({ problem: { code: 'dns-timeout' } });
    expect(await dns.query(server.server, question(), forever)).toMatchObject({ state: 'complete' });
    await dns.close();
    await server.allClosed();
  });

  test('the signal ends the asking, and no socket is left', async () => {
    const over = new AbortController();
    await using server = await startTls(() => over.abort());
    const { dns } = client(server.server);
    expect(await dns.query(server.server, question(), over.signal)).toMatchObject({ state: 'unfinished' });
    await dns.close();
    await server.allClosed();
    expect(await dns.query(server.server, question(), forever)).toMatchObject({ state: 'unfinished' });
    expect(server.connections).toEqual({ total: 1, open: 0 });
  });

  test('the lookup says what was verified', async () => {
    await using server = await startTls(honest, { by: 'stranger' }, null);
    const { dns } = client(server.server);
    expect(await dns.lookup(KMS, forever)).toMatchObject({
      resolver: `tls://127.0.0.1:${server.server.port}`,
      resolverVerified: 'none',
      addresses: [{ address: '192.0.2.1' }],
    });
    await dns.close();
  });
});

function garbage(asked: Asked): Buffer {
  const bytes = Buffer.concat([reply(asked).subarray(0, 12), randomBytes(60)]);
  bytes.writeUInt16BE(0xffff, 6);
  return bytes;
}

function flood(asked: Asked, socket: TLSSocket): void {
  const other = reply({ ...asked, packet: { ...asked.packet, id: ((asked.packet.id ?? 0) + 1) % 0x1_0000 } });
  socket.write(Buffer.concat(Array.from({ length: 200 }, () => frame(other))));
}
