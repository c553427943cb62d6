import type { Answer } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { DnsQuestion, DnsServer } from '../../../contract/net.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { type DnsClientOptions, openDnsClient } from '../client.ts';
import { AA, frame, type Respond, reply, soa, startServer, TC } from './servers.ts';

const NAME = 'kms.example' as DnsName;
const QUESTION: DnsQuestion = { name: NAME, type: 'A', recursionDesired: true };
const forever = new AbortController().signal;

function client(resolvers: readonly DnsServer[], options: Partial<DnsClientOptions> = {}) {
  const meter = options.meter ?? createMeter();
  return openDnsClient({ resolvers, timeoutMs: 1_000, families: [4, 6], meter, ...options });
}

const a = (data: string, name: string = NAME, ttl = 60): Answer => ({ type: 'A', name, ttl, data });
const cname = (name: string, data: string, ttl = 60): Answer => ({ type: 'CNAME', name, ttl, data });
const nodata: Partial<Parameters<typeof reply>[1]> = { authorities: [soa(NAME)] };

async function ask(respond: Respond, where: Parameters<typeof startServer>[1] = {}, question = QUESTION) {
  await using server = await startServer(respond, where);
  const meter = createMeter();
  const attempt = await client([server.server], { meter }).query(server.server, question, forever);
  return { attempt, asked: server.asked, budget: meter.read() };
}

async function look(respond: Respond, options: Partial<DnsClientOptions> = {}) {
  await using server = await startServer(respond);
  const found = await client([server.server], options).lookup(NAME, forever);
  return { found, asked: server.asked };
}

describe.concurrent('one question to one server', () => {
  test('an answer, and what it cost', async () => {
    const { attempt, asked, budget } = await ask((asked) => reply(asked, { flags: AA, answers: [a('192.0.2.1')] }));
    expect(attempt).toMatchObject({
      state: 'complete',
      value: { transport: 'udp', rcode: 'NOERROR', authoritative: true, truncated: false, unreadableRecords: 0 },
    });
    expect(asked[0]?.packet.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
    expect(asked[0]?.packet.flag_rd).toBe(true);
    expect(budget).toMatchObject({ dnsQueries: 1, bytesSent: 52 });
    expect(budget.bytesReceived).toBeGreaterThan(40);
  });

  test('an authority is asked without recursion, and HTTPS by its number', async () => {
    const { asked } = await ask((asked) => reply(asked), {}, { name: NAME, type: 'HTTPS', recursionDesired: false });
    expect(asked).toMatchObject([{ type: 'UNKNOWN_65', packet: { flag_rd: false } }]);
  });

  test('the case of the echoed name does not matter', async () => {
    const { attempt } = await ask((asked) => reply(asked, { questions: [{ type: 'A', name: 'KMS.Example' }] }));
    expect(attempt.state).toBe('complete');
  });
});

describe.concurrent('truncation', () => {
  test('truncation is followed by TCP, and the whole answer is used', async () => {
    const many = Array.from({ length: 100 }, (_, i) => a(`192.0.2.${i}`));
    const { attempt, asked, budget } = await ask((asked) =>
      asked.via === 'udp' ? reply(asked, { flags: TC }) : reply(asked, { answers: many }),
    );
    expect(attempt).toMatchObject({ value: { transport: 'tcp', truncated: true } });
    expect(attempt.state === 'complete' && attempt.value.answers.length).toBe(100);
    expect(asked.map((one) => one.via)).toEqual(['udp', 'tcp']);
    expect(budget).toMatchObject({ dnsQueries: 2, connections: 1 });
  });

  const cutOff: readonly (readonly [string, Respond])[] = [
    ['holds the question only, and promises 40 records', (asked) => promising(40, reply(asked, { additionals: [] }))],
    ['is cut within a record', (asked) => reply(asked, { answers: [a('192.0.2.1')], additionals: [] }).subarray(0, -3)],
    ['promises 65,535 records', (asked) => promising(0xffff, reply(asked))],
  ];
  test.each(cutOff)('TCP is asked when the truncated answer %s', async (_, respond) => {
    const { attempt, asked } = await ask((one) =>
      one.via === 'udp' ? truncated(respond(one)) : reply(one, { answers: [a('192.0.2.2')] }),
    );
    expect(asked.map((one) => one.via)).toEqual(['udp', 'tcp']);
    const answers = [{ address: '192.0.2.2' }];
    expect(attempt).toMatchObject({ value: { transport: 'tcp', truncated: true, unreadableRecords: 0, answers } });
  });

  test('TCP is not asked for a truncated answer to another question', async () => {
    const { attempt, asked } = await ask((one) =>
      truncated(promising(40, reply(one, { questions: [{ type: 'A', name: 'b.example' }] }))),
    );
    expect(attempt).toMatchObject({ state: 'failed', problem: { code: 'dns-malformed' } });
    expect(asked.every((one) => one.via === 'udp')).toBe(true);
  });

  const brokenTcp: readonly [string, (socket: import('node:net').Socket) => void][] = [
    ['says nothing', () => {}],
    ['closes', (socket) => socket.destroy()],
    ['promises 65,535 bytes and drips them', (socket) => drip(socket)],
    ['answers another question', (socket) => socket.write(frame(Buffer.alloc(12, 0x80)))],
  ];
  test.each(brokenTcp)('the truncated part is kept when TCP %s', async (_, tcp) => {
    const { attempt } = await ask((asked) => reply(asked, { flags: TC, answers: [a('192.0.2.1')] }), { tcp });
    expect(attempt).toMatchObject({ state: 'complete', value: { transport: 'udp', truncated: true } });
  });
});

describe.concurrent('replies that are late, wrong or missing', () => {
  test('replies that answer something else are passed over', async () => {
    const { attempt } = await ask((asked) => {
      const right = reply(asked, { answers: [a('192.0.2.1')] });
      const wrongId = reply(asked, { id: ((asked.packet.id ?? 0) + 1) & 0xffff, answers: [a('203.0.113.1')] });
      const wrongName = reply(asked, { questions: [{ type: 'A', name: 'evil.example' }], answers: [a('203.0.113.2')] });
      const wrongType = reply(asked, { questions: [{ type: 'TXT', name: NAME }] });
      const noQuestion = reply(asked, { questions: [], answers: [a('203.0.113.3')] });
      return [wrongId, wrongName, wrongType, noQuestion, Buffer.from('?'), right];
    });
    expect(attempt).toMatchObject({ value: { answers: [{ address: '192.0.2.1' }] } });
  });

  test('a lost query is sent again', async () => {
    const { attempt, asked } = await ask((asked) =>
      asked.count < 3 ? null : reply(asked, { answers: [a('192.0.2.1')] }),
    );
    expect(attempt.state).toBe('complete');
    expect(asked).toHaveLength(3);
    expect(new Set(asked.map((one) => one.packet.id)).size).toBe(1);
  });

  const failures: readonly [string, Respond, string, RegExp | null][] = [
    ['silence', () => null, 'dns-timeout', null],
    [
      'only answers to another question',
      (asked) => reply(asked, { questions: [{ type: 'A', name: 'x.example' }] }),
      'dns-malformed',
      /^3 replies/,
    ],
    ['garbage', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'dns-malformed', /none to the question/],
    ['a flood of garbage', () => Array.from({ length: 200 }, () => Buffer.from('x')), 'dns-malformed', /^64 replies/],
    ['an impossible count', (asked) => promising(0xffff, reply(asked)), 'dns-malformed', /more records/],
  ];
  test.each(failures)('%s', async (_, respond, code, detail) => {
    const { attempt } = await ask(respond);
    expect(attempt).toMatchObject({ state: 'failed', problem: { code, fault: 'resolver', step: 'resolve' } });
    if (detail !== null) expect(attempt).toMatchObject({ problem: { detail: expect.stringMatching(detail) } });
  });
});

describe.concurrent('servers and machines that cannot', () => {
  test('a server that does not know EDNS is asked without it', async () => {
    const { attempt, asked } = await ask((asked) =>
      (asked.packet.additionals?.length ?? 0) > 0
        ? reply(asked, { rcode: 'FORMERR', questions: [], additionals: [] })
        : reply(asked, { answers: [a('192.0.2.1')], additionals: [] }),
    );
    expect(attempt).toMatchObject({ value: { rcode: 'NOERROR', answers: [{ address: '192.0.2.1' }] } });
    expect(asked).toHaveLength(2);
  });

  test('a server that knows EDNS and still finds the query malformed is asked again once, without a cookie', async () => {
    const { attempt, asked } = await ask((asked) => reply(asked, { rcode: 'FORMERR' }));
    expect(attempt).toMatchObject({ value: { rcode: 'FORMERR' } });
    expect(asked).toHaveLength(2);
  });

  test('a closed port is told at once, not after the timeout', async () => {
    const gone = await startServer(() => null);
    await gone[Symbol.asyncDispose]();
    const attempt = await client([gone.server], { timeoutMs: 60_000 }).query(gone.server, QUESTION, forever);
    expect(attempt).toMatchObject({ state: 'failed', problem: { code: 'dns-unreachable', detail: 'ECONNREFUSED' } });
  });

  test('what this machine does not permit is its own fault', async () => {
    // socket(7): connecting to a broadcast address needs SO_BROADCAST, so the kernel refuses before anything is sent.
    const server: DnsServer = { address: '255.255.255.255' as IpAddress, port: 53 };
    const attempt = await client([server]).query(server, QUESTION, forever);
    expect(attempt).toMatchObject({ state: 'failed', problem: { code: 'denied', fault: 'prober' } });
  });

  test('the signal ends it, before and in the middle', async () => {
    await using server = await startServer(() => null);
    const dns = client([server.server], { timeoutMs: 60_000 });
    expect(await dns.query(server.server, QUESTION, AbortSignal.abort())).toMatchObject({
      state: 'unfinished',
      value: null,
    });
    expect(await dns.query(server.server, QUESTION, AbortSignal.timeout(20))).toMatchObject({
      state: 'unfinished',
      value: null,
    });
  });
});

describe.concurrent('a lookup', () => {
  test('asks both families side by side', async () => {
    const { found, asked } = await look((asked) =>
      asked.type === 'A'
        ? reply(asked, { answers: [a('192.0.2.2', NAME, 30), a('192.0.2.1'), a('192.0.2.1')] })
        : reply(asked, { answers: [{ type: 'AAAA', name: NAME, ttl: 20, data: '2001:db8::1' }] }),
    );
    expect(asked.map((one) => one.type).toSorted()).toEqual(['A', 'AAAA']);
    expect(found).toMatchObject({
      canonicalName: NAME,
      aliases: [],
      problem: null,
      familyProblems: { ipv4: null, ipv6: null },
      addresses: [
        { address: '192.0.2.2', family: 4, ttlSeconds: 30 },
        { address: '192.0.2.1', family: 4, ttlSeconds: 60 },
        { address: '2001:db8::1', family: 6, ttlSeconds: 20 },
      ],
    });
  });

  test('asks only the families wanted', async () => {
    const { found, asked } = await look((asked) => reply(asked, { answers: [a('192.0.2.1')] }), { families: [4] });
    expect(asked.map((one) => one.type)).toEqual(['A']);
    expect(found.familyProblems.ipv6).toBeNull();
  });

  test('keeps the alias chain, asks for an end that the resolver left out, and ignores what nobody asked for', async () => {
    const { found } = await look((asked) => {
      if (asked.type === 'AAAA') return reply(asked, nodata);
      if (asked.name === NAME) {
        return reply(asked, {
          answers: [a('203.0.113.9', 'other.example'), cname('B.example', 'c.example', 5), cname(NAME, 'b.example', 9)],
        });
      }
      return reply(asked, { answers: asked.name === 'c.example' ? [a('192.0.2.7', 'c.example', 3)] : [] });
    });
    expect(found).toMatchObject({
      aliases: [
        { name: NAME, target: 'b.example', ttlSeconds: 9 },
        { name: 'b.example', target: 'c.example', ttlSeconds: 5 },
      ],
      canonicalName: 'c.example',
      addresses: [{ address: '192.0.2.7', ttlSeconds: 3 }],
      familyProblems: { ipv4: null, ipv6: null },
    });
  });
});

describe.concurrent('aliases that the resolver fails to follow', () => {
  const failing =
    (links: readonly Answer[]): Respond =>
    (asked) => {
      const link = links.filter(({ name }) => asked.type === 'CNAME' && name === asked.name);
      return reply(asked, link.length === 0 ? { rcode: 'SERVFAIL' } : { answers: link });
    };

  test('a ring is told from a resolver that fails', async () => {
    const { found } = await look(failing([cname(NAME, 'b.example', 30), cname('b.example', NAME, 30)]));
    expect(found).toMatchObject({
      problem: { code: 'dns-alias-loop' },
      aliases: [
        { name: NAME, target: 'b.example', ttlSeconds: 30 },
        { name: 'b.example', target: NAME, ttlSeconds: 30 },
      ],
    });
  });

  test('the name that fails is the one at the end of the links', async () => {
    const { found, asked } = await look(failing([cname(NAME, 'b.example')]), { families: [4] });
    expect(found).toMatchObject({
      problem: { code: 'servfail' },
      canonicalName: 'b.example',
      aliases: [{ name: NAME }],
    });
    expect(asked.map(({ type, name }) => `${type} ${name}`)).toEqual([
      `A ${NAME}`,
      `CNAME ${NAME}`,
      'A b.example',
      'CNAME b.example',
    ]);
  });

  test('links without end are not followed for ever', async () => {
    const { found } = await look(
      (asked) =>
        reply(
          asked,
          asked.type === 'CNAME' ? { answers: [cname(asked.name, `x${asked.name}`)] } : { rcode: 'SERVFAIL' },
        ),
      { families: [4] },
    );
    expect(found.problem?.code).toBe('dns-alias-loop');
    expect(found.aliases).toHaveLength(12);
  });
});

describe.concurrent('a lookup that finds nothing', () => {
  const outcomes: readonly [string, Respond, string][] = [
    ['NXDOMAIN', (asked) => reply(asked, { rcode: 'NXDOMAIN', ...nodata }), 'nxdomain'],
    ['NODATA', (asked) => reply(asked, nodata), 'nodata'],
    [
      'NODATA at the end of an alias',
      (asked) => reply(asked, { ...nodata, answers: [cname(NAME, 'b.example')] }),
      'nodata',
    ],
    ['SERVFAIL', (asked) => reply(asked, { rcode: 'SERVFAIL' }), 'servfail'],
    ['REFUSED', (asked) => reply(asked, { rcode: 'REFUSED' }), 'dns-refused'],
    ['NOTIMP', (asked) => reply(asked, { rcode: 'NOTIMP' }), 'dns-error'],
    ['silence', () => null, 'dns-timeout'],
    ['an alias to itself', (asked) => reply(asked, { answers: [cname(NAME, NAME)] }), 'dns-alias-loop'],
    [
      'two aliases in a ring',
      (asked) => reply(asked, { answers: [cname(NAME, 'b.example'), cname('b.example', NAME)] }),
      'dns-alias-loop',
    ],
    [
      'a name that exists for one family only',
      (asked) => reply(asked, { rcode: asked.type === 'A' ? 'NXDOMAIN' : 'NOERROR', ...nodata }),
      'nodata',
    ],
    [
      'NODATA for one family, silence for the other',
      (asked) => (asked.type === 'A' ? reply(asked, nodata) : null),
      'dns-timeout',
    ],
    [
      'a truncated answer without TCP',
      (asked) => (asked.via === 'udp' ? reply(asked, { flags: TC }) : Buffer.from('x')),
      'dns-error',
    ],
  ];
  test.each(outcomes)('%s', async (_, respond, code) => {
    const { found } = await look(respond);
    expect(found.problem?.code).toBe(code);
    expect(found.addresses).toEqual([]);
  });
});

describe.concurrent('a lookup with trouble', () => {
  test('an endless chain of aliases ends after eleven', async () => {
    const { found } = await look((asked) => reply(asked, { answers: [cname(asked.name, `x${asked.name}`)] }), {
      families: [4],
    });
    expect(found.problem?.code).toBe('dns-alias-loop');
    expect(found.aliases).toHaveLength(12);
  });

  test('the trouble of one family is kept while the other answers', async () => {
    const { found } = await look((asked) => (asked.type === 'A' ? reply(asked, { answers: [a('192.0.2.1')] }) : null));
    expect(found).toMatchObject({ problem: null, familyProblems: { ipv4: null, ipv6: { code: 'dns-timeout' } } });
  });

  const sick: readonly [string, Respond][] = [
    ['fails', (asked) => reply(asked, { rcode: 'SERVFAIL' })],
    ['refuses', (asked) => reply(asked, { rcode: 'REFUSED' })],
    ['is silent', () => null],
    [
      'answers garbage',
      (asked) =>
        asked.packet.id === undefined
          ? null
          : Buffer.from([asked.packet.id >> 8, asked.packet.id & 255, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0]),
    ],
  ];
  test.each(sick)('the second resolver is asked when the first %s', async (_, respond) => {
    await using first = await startServer(respond);
    await using second = await startServer((asked) => reply(asked, { answers: [a('192.0.2.1')] }), {
      address: '127.0.0.2',
    });
    const found = await client([first.server, second.server], { families: [4] }).lookup(NAME, forever);
    expect(found).toMatchObject({
      problem: null,
      addresses: [{ address: '192.0.2.1' }],
      resolver: `127.0.0.2#${second.server.port}`,
    });
  });

  test('the second resolver is not asked when the first says that the name does not exist', async () => {
    await using first = await startServer((asked) => reply(asked, { rcode: 'NXDOMAIN' }));
    await using second = await startServer((asked) => reply(asked, { answers: [a('192.0.2.1')] }));
    const found = await client([first.server, second.server], { families: [4] }).lookup(NAME, forever);
    expect(found.problem?.code).toBe('nxdomain');
    expect(second.asked).toEqual([]);
  });

  test('a stopped lookup says so', async () => {
    await using server = await startServer(() => null);
    const found = await client([server.server], { timeoutMs: 60_000 }).lookup(NAME, AbortSignal.timeout(20));
    expect(found.problem).toMatchObject({ code: 'cancelled', fault: 'prober' });
  });

  test.each(['A', 'AAAA'])(
    'a lookup stopped while %s is waited for says so, though the other family answered',
    async (held) => {
      const stop = new AbortController();
      await using server = await startServer((asked) => {
        if (asked.type !== held) {
          // By the time the address has been read, as far as a test from outside can tell.
          setTimeout(() => stop.abort(), 100);
          const data = asked.type === 'A' ? '192.0.2.1' : '2001:db8::1';
          return reply(asked, { answers: [{ type: asked.type as 'A' | 'AAAA', name: NAME, ttl: 60, data }] });
        }
        return null;
      });
      const found = await client([server.server], { timeoutMs: 60_000 }).lookup(NAME, stop.signal);
      expect(found.problem?.code).toBe('cancelled');
      expect(found.familyProblems[held === 'A' ? 'ipv4' : 'ipv6']?.code).toBe('cancelled');
    },
  );
});

function promising(answers: number, bytes: Buffer): Buffer {
  bytes.writeUInt16BE(answers, 6);
  return bytes;
}

/** With TC set: RFC 1035 4.1.1. */
function truncated(bytes: ReturnType<Respond>): ReturnType<Respond> {
  if (Buffer.isBuffer(bytes)) bytes.writeUInt16BE(bytes.readUInt16BE(2) | TC, 2);
  return bytes;
}

function drip(socket: import('node:net').Socket): void {
  socket.write(Buffer.from([0xff, 0xff]));
  const timer = setInterval(() => socket.write('x'), 10);
  socket.on('close', () => clearInterval(timer));
}
