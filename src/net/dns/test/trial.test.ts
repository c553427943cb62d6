// Trials on the wire: what is sent bit by bit, what is read of replies, and any bytes at all.
import dnsPacket, { type Answer } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DnsTrial } from '../../../contract/net.ts';
import type { DnsName } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { openDnsClient } from '../client.ts';
import { MalformedMessage } from '../names.ts';
import { messagesIn } from '../pipeline.ts';
import { framed } from '../tcp.ts';
import { encodeTrial, readTrial } from '../trial.ts';
import { AA, OPT, reply, soa, startServer } from './servers.ts';

const name = 'kms.example' as DnsName;
const question = { name, type: 6 };
const plain: DnsTrial = { question };
const edns = { version: 0, flags: 0, payloadBytes: 1232, options: [] };

describe('what is sent', () => {
  const packet = (trial: DnsTrial) => {
    const { bytes } = encodeTrial(trial);
    return { bytes, packet: dnsPacket.decode(bytes), flags: bytes.readUInt16BE(2) };
  };
  test.each<[string, DnsTrial, (sent: ReturnType<typeof packet>) => unknown, unknown]>([
    ['no OPT record', plain, ({ packet: { additionals } }) => additionals, []],
    ['no recursion', plain, ({ flags }) => flags, 0],
    ['the reserved bit', { question, reservedBit: true }, ({ flags }) => flags, 0x40],
    ['an opcode alone', { question: null, opcode: 15 }, ({ bytes, flags }) => [bytes.length, flags >> 11], [12, 15]],
    ['letters of both cases', { question, mixedCase: true }, (sent) => sent.packet.questions?.[0]?.name, 'KmS.ExAmPlE'],
    ['a type by number', { question: { name, type: 65_280 } }, ({ bytes }) => bytes.readUInt16BE(25), 65_280],
    [
      'a version, a flag, an option and room',
      { question, edns: { version: 1, flags: 0x40, payloadBytes: 4096, options: [{ code: 100, data: Buffer.of(7) }] } },
      ({ bytes }) => bytes.subarray(-16).toString('hex'),
      // Root, OPT, 4096 bytes, rcode 0, version 1, flags, five bytes of options: code 100, one byte long.
      '00002910000001004000050064000107',
    ],
  ])('%s', (_, trial, read, expected) => {
    expect(read(packet(trial))).toEqual(expected);
  });
});

describe('what is read', () => {
  const answer = (trial: DnsTrial, parts: object, change = (bytes: Buffer) => bytes) => {
    const encoded = encodeTrial(trial);
    const { questions = [] } = dnsPacket.decode(encoded.bytes);
    const bytes = dnsPacket.encode({ type: 'response', id: encoded.id, questions, ...parts });
    return readTrial(encoded, change(bytes));
  };
  const own: Answer = soa(name);
  test.each<[string, DnsTrial, object, (bytes: Buffer) => Buffer, object | null]>([
    [
      'an answer',
      plain,
      { flags: AA, answers: [own] },
      same,
      { rcode: 'NOERROR', authoritative: true, answerTypes: ['SOA'], edns: null, trailingBytes: 0 },
    ],
    ['the question letter by letter', { question, mixedCase: true }, {}, same, { question: 'same' }],
    [
      'the question in other letters',
      { question, mixedCase: true },
      { questions: [{ name, type: 'SOA' }] },
      same,
      { question: 'other-case' },
    ],
    [
      'an owner in letters of its own',
      { question, mixedCase: true },
      { answers: [own] },
      same,
      { question: 'same', ownerAsAsked: false },
    ],
    [
      'an owner as asked',
      { question, mixedCase: true },
      { answers: [{ ...own, name: 'KmS.ExAmPlE' }] },
      same,
      { ownerAsAsked: true },
    ],
    [
      'a code of more than four bits',
      { question, edns },
      { additionals: [{ ...OPT, extendedRcode: 1 }] },
      same,
      { rcode: 'BADVERS', edns: { version: 0, flags: 0, options: [] } },
    ],
    [
      'an option sent back',
      { question, edns },
      { additionals: [{ ...OPT, options: [{ code: 100, data: Buffer.of(1, 2) }] }] },
      same,
      { edns: { version: 0, flags: 0, options: [{ code: 100, bytes: 2 }] } },
    ],
    ['the reserved bit', plain, {}, (bytes) => withBit(bytes, 3, 0x40), { reservedBit: true }],
    [
      'bytes behind the last record',
      plain,
      { answers: [own] },
      (bytes) => Buffer.concat([bytes, Buffer.alloc(3)]),
      { trailingBytes: 3 },
    ],
    [
      'bytes behind a question alone',
      plain,
      {},
      (bytes) => Buffer.concat([bytes, Buffer.alloc(2)]),
      { trailingBytes: 2 },
    ],
    ['no question, with an error', plain, { questions: [], flags: 1 }, same, { question: 'none', rcode: 'FORMERR' }],
    [
      'no question, but the wish for TCP',
      plain,
      { questions: [], flags: 0x0200 },
      same,
      { question: 'none', truncated: true },
    ],
    ['no question, without one', plain, { questions: [] }, same, null],
    ['another question', plain, { questions: [{ name: 'other.example', type: 'SOA' }] }, same, null],
    ['a question of another type', plain, { questions: [{ name, type: 'A' }] }, same, null],
    ['another id', plain, {}, (bytes) => withBit(bytes, 0, 0x80), null],
    ['a query', plain, {}, (bytes) => withBit(bytes, 2, 0x80), null],
  ])('%s', (_, trial, parts, change, expected) => {
    const read = answer(trial, parts, change);
    if (expected === null) expect(read).toBeNull();
    else expect(read).toMatchObject(expected);
  });
});

function same(bytes: Buffer): Buffer {
  return bytes;
}

/** The bit turned over. */
function withBit(bytes: Buffer, at: number, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ bit;
  return changed;
}

describe('any bytes', () => {
  const encoded = encodeTrial({ question, mixedCase: true, edns });
  const whole = dnsPacket.encode({
    type: 'response',
    id: encoded.id,
    questions: [{ name, type: 'SOA' }],
    answers: [soa(name)],
    additionals: [{ ...OPT, options: [{ code: 10, data: Buffer.alloc(24) }] } as unknown as Answer],
  });
  const readable = (bytes: Buffer): boolean => {
    try {
      const read = readTrial(encoded, bytes);
      return read === null || (read.trailingBytes >= 0 && read.sizeBytes === bytes.length);
    } catch (error) {
      return error instanceof MalformedMessage;
    }
  };
  test('are read, passed over or refused', () => {
    const mutant = fc
      .array(fc.tuple(fc.nat(whole.length - 3), fc.nat(255)), { maxLength: 6 })
      .chain((changes) => fc.nat(whole.length).map((length) => ({ changes, length })))
      .map(({ changes, length }) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at + 2] = value;
        return bytes.subarray(0, length % 7 === 0 ? length : whole.length);
      });
    fc.assert(fc.property(mutant, readable), { numRuns: 20_000 });
    const behind = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.concat([whole.subarray(0, 12), bytes]));
    fc.assert(fc.property(behind, readable), { numRuns: 5_000 });
  });

  test('of a stream are cut into the messages that were framed, however they come', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(messages, fc.nat(400), (sent, cut) => {
        const stream = Buffer.concat(sent.map((one) => framed(Buffer.from(one))));
        const first = messagesIn(stream.subarray(0, cut));
        const second = messagesIn(Buffer.concat([first.rest, stream.subarray(cut)]));
        expect([...first.messages, ...second.messages].map((one) => [...one])).toEqual(sent.map((one) => [...one]));
        expect(second.rest).toHaveLength(0);
      }),
    );
  });
});

describe('a trial over the wire', () => {
  const client = (timeoutMs = 400) => {
    const meter = createMeter();
    return { meter, dns: openDnsClient({ resolvers: [anywhere], timeoutMs, families: [4], meter }) };
  };
  const anywhere = { address: '127.0.0.1', port: 9 } as never;
  const { signal } = new AbortController();

  test('that is lost is sent again, and counted', async () => {
    await using server = await startServer((asked) => (asked.count === 1 ? null : reply(asked, { flags: AA })));
    const { dns, meter } = client();
    const attempt = await dns.trial(server.server, plain, signal);
    expect(attempt).toMatchObject({ state: 'complete', value: { sent: 2, from: null, rcode: 'NOERROR' } });
    expect(meter.read().dnsQueries).toBe(2);
  });

  test('that is never answered fails in time', async () => {
    await using server = await startServer(() => null);
    const attempt = await client().dns.trial(server.server, plain, signal);
    expect(attempt).toMatchObject({ state: 'failed', problem: { code: 'dns-timeout' } });
  });

  test('that cannot be read fails', async () => {
    await using server = await startServer((asked) => {
      const bytes = reply(asked);
      bytes.writeUInt16BE(900, 6);
      return bytes;
    });
    const attempt = await client().dns.trial(server.server, plain, signal);
    expect(attempt).toMatchObject({ state: 'failed', problem: { code: 'dns-malformed' } });
  });

  test('is cut off by the signal', async () => {
    await using server = await startServer(() => null);
    const stop = new AbortController();
    const attempt = client(5_000).dns.trial(server.server, plain, stop.signal);
    stop.abort();
    expect(await attempt).toMatchObject({ state: 'unfinished' });
    expect(await client().dns.pipeline(server.server, [plain], stop.signal)).toMatchObject({ state: 'unfinished' });
  });

  test('two on one connection are answered in any order', async () => {
    const held: Buffer[] = [];
    await using server = await startServer((asked) => {
      held.unshift(reply(asked, { flags: AA }));
      return held.length === 2 ? held : [];
    });
    const attempt = await client().dns.pipeline(server.server, [plain, { question: { name, type: 2 } }], signal);
    expect(attempt).toMatchObject({
      state: 'complete',
      value: { closedEarly: false, replies: [{ rcode: 'NOERROR' }, { rcode: 'NOERROR' }] },
    });
    expect(server.asked.map(({ type }) => type)).toEqual(['SOA', 'NS']);
  });

  test('a connection that is refused fails', async () => {
    const server = await startServer(() => null);
    await server[Symbol.asyncDispose]();
    const attempt = await client().dns.pipeline(server.server, [plain], signal);
    expect(attempt).toMatchObject({ state: 'failed', problem: { code: 'dns-unreachable' } });
  });
});
