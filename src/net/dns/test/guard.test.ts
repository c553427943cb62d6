import dnsPacket, { type Answer } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_RECORDS, walkMessage } from '../guard.ts';
import { decodeMessage } from '../message.ts';
import { MalformedMessage } from '../names.ts';
import { type Change, corpus, mutate } from './corpus.ts';
import { OPT, soa } from './servers.ts';

const query = dnsPacket.encode({ type: 'query', id: 7, questions: [{ type: 'A', name: 'kms.example' }] });

function message(answers: readonly Answer[], additionals: readonly Answer[] = [OPT]): Buffer {
  return dnsPacket.encode({
    type: 'response',
    id: 7,
    questions: [{ type: 'A', name: 'kms.example' }],
    answers: [...answers],
    additionals: [...additionals],
  });
}

/** Header and question of a reply that promises `count` answers; the records follow as raw bytes. */
function raw(count: number, ...records: readonly Buffer[]): Buffer {
  const head = Buffer.from(query);
  head.writeUInt16BE(0x8000, 2);
  head.writeUInt16BE(count, 6);
  return Buffer.concat([head, ...records]);
}

/** A record whose owner points at the question's name. */
function record(type: number, data: Buffer, { length = data.length, klass = 1, ttl = 60 } = {}): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(klass, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(length, 10);
  return Buffer.concat([head, data]);
}

const goodA = record(1, Buffer.from([192, 0, 2, 1]));

describe('honest messages', () => {
  test('every type that is read', () => {
    const decoded = decodeMessage(
      message([
        { type: 'CNAME', name: 'kms.example', ttl: 60, data: 'LB.kms.example' },
        { type: 'A', name: 'lb.kms.example', ttl: 30, data: '192.0.2.1' },
        { type: 'AAAA', name: 'lb.kms.example', ttl: 30, data: '2001:db8:0:0:0::1' },
        { type: 'NS', name: 'kms.example', ttl: 9, data: 'ns1.kms.example' },
        { type: 'PTR', name: '1.2.0.192.in-addr.arpa', ttl: 9, data: 'kms.example' },
        soa('kms.example', 4_294_967_295),
        { type: 'TXT', name: 'kms.example', ttl: 9, data: ['one', 'two'] },
        { type: 'MX', name: 'kms.example', ttl: 9, data: { preference: 10, exchange: 'mx.kms.example' } },
      ]),
    );
    expect(decoded.unreadableRecords).toBe(0);
    expect(decoded.edns).toBe(true);
    expect(decoded.additionals).toEqual([]);
    expect(decoded.answers).toMatchObject([
      { type: 'CNAME', name: 'kms.example', ttlSeconds: 60, target: 'lb.kms.example' },
      { type: 'A', name: 'lb.kms.example', address: '192.0.2.1' },
      { type: 'AAAA', address: '2001:db8::1' },
      { type: 'NS', target: 'ns1.kms.example' },
      { type: 'PTR', name: '1.2.0.192.in-addr.arpa', target: 'kms.example' },
      {
        type: 'SOA',
        soa: { primary: 'ns1.kms.example', mailbox: 'admin.kms.example', serial: 4_294_967_295, minimumSeconds: 30 },
      },
      { type: 'TXT', text: ['one', 'two'] },
      { type: 'MX', preference: 10, exchange: 'mx.kms.example' },
    ]);
  });

  test('the extended response code is put together from both places', () => {
    const bytes = message([], [{ ...OPT, extendedRcode: 1 } as Answer]);
    expect(decodeMessage(bytes).rcode).toBe('BADVERS');
  });

  test('any address reads back as it was sent', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (octets) => {
        const decoded = decodeMessage(raw(1, record(28, Buffer.from(octets)))).answers[0];
        const groups = Array.from({ length: 8 }, (_, i) =>
          ((octets[2 * i] ?? 0) * 256 + (octets[2 * i + 1] ?? 0)).toString(16),
        );
        expect(decoded).toMatchObject({
          type: 'AAAA',
          address: new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1),
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe('honest but odd records', () => {
  test('an IPv4-mapped address stays an IPv6 address', () => {
    const mapped = Buffer.from([...Array(10).fill(0), 255, 255, 192, 0, 2, 1]);
    expect(decodeMessage(raw(1, record(28, mapped))).answers).toMatchObject([{ address: '::ffff:c000:201' }]);
  });

  test('unprintable bytes, dots and backslashes inside a label stay told apart', () => {
    const name = Buffer.from([3, 0x61, 0x2e, 0x42, 4, 0xff, 0x00, 0x1b, 0x5c, 0]);
    expect(decodeMessage(raw(1, record(5, name))).answers).toMatchObject([{ target: 'a\\.b.\\255\\000\\027\\\\' }]);
  });

  test('a TTL with the highest bit set counts as zero (RFC 2181 8)', () => {
    const bytes = raw(1, record(1, Buffer.from([192, 0, 2, 1]), { ttl: 0x8000_0000 }));
    expect(decodeMessage(bytes).answers).toMatchObject([{ ttlSeconds: 0 }]);
  });
});

describe('one bad record does not spoil the others', () => {
  const bad: readonly [string, Buffer][] = [
    ['A of no bytes', record(1, Buffer.alloc(0))],
    ['A of eight bytes', record(1, Buffer.alloc(8))],
    ['AAAA of four bytes', record(28, Buffer.alloc(4))],
    ['CNAME with bytes behind the name', record(5, Buffer.from([1, 97, 0, 9]))],
    ['CNAME cut', record(5, Buffer.from([5, 97]))],
    ['CNAME that points at itself', record(5, Buffer.from([0xc0, 57]))],
    ['CNAME that points forwards, at a name', record(5, Buffer.from([0xc0, 59]))],
    ['CNAME with a label of 65 bytes', record(5, Buffer.concat([Buffer.alloc(66, 65), Buffer.alloc(1)]))],
    ['CNAME of 321 bytes', record(5, Buffer.concat([...Array(5).fill(Buffer.alloc(64, 63)), Buffer.alloc(1)]))],
    ['SOA of a name only', record(6, Buffer.from([0]))],
    ['TXT whose string runs out', record(16, Buffer.from([9, 97]))],
    ['class CHAOS', record(1, Buffer.from([192, 0, 2, 9]), { klass: 3 })],
  ];
  test.each(bad)('%s', (_, bytes) => {
    const decoded = decodeMessage(raw(3, goodA, bytes, goodA));
    expect(decoded.answers).toMatchObject([{ address: '192.0.2.1' }, { address: '192.0.2.1' }]);
    expect(decoded.unreadableRecords).toBe(1);
  });

  test('a record that runs past the end takes those behind it along, and they are counted', () => {
    const decoded = decodeMessage(raw(3, goodA, record(1, Buffer.from([192, 0, 2, 2]), { length: 400 }), goodA));
    expect(decoded.answers).toHaveLength(1);
    expect(decoded.unreadableRecords).toBe(2);
  });

  test('an SSHFP record of an unknown hash type does not matter', () => {
    const decoded = decodeMessage(raw(2, record(44, Buffer.from([4, 3, 1, 2, 3])), goodA));
    expect(decoded.answers).toMatchObject([{ type: 'other', typeName: 'TYPE44' }, { type: 'A' }]);
  });
});

describe('attacks', () => {
  test('23 bytes that make dns-packet start again from byte 0 for each promised record', () => {
    const bytes = Buffer.alloc(23);
    bytes.writeUInt16BE(0x8000, 2);
    for (const at of [6, 8, 10]) bytes.writeUInt16BE(0xffff, at);
    bytes.writeUInt16BE(13, 13);
    expect(() => decodeMessage(bytes)).toThrow(MalformedMessage);
    bytes.fill(0, 6, 12).writeUInt16BE(1, 6);
    expect(decodeMessage(bytes).answers.length).toBeLessThanOrEqual(1);
  });

  test('a bare header that promises 262,140 records', () => {
    const bytes = Buffer.alloc(12, 0xff);
    expect(() => decodeMessage(bytes)).toThrow(MalformedMessage);
  });

  test('more questions than one (RFC 9619)', () => {
    const bytes = Buffer.concat([query, query.subarray(12)]);
    bytes.writeUInt16BE(2, 4);
    expect(() => decodeMessage(bytes)).toThrow(MalformedMessage);
  });

  test('a question name that points at itself', () => {
    const bytes = Buffer.alloc(18);
    bytes.writeUInt16BE(1, 4);
    bytes.writeUInt16BE(0xc00c, 12);
    expect(() => decodeMessage(bytes)).toThrow(MalformedMessage);
  });

  test('a 64 KiB reply of pointer chains costs a bounded number of hops', () => {
    const links = Buffer.alloc(16_000);
    for (let at = 2; at < links.length; at += 2) links.writeUInt16BE(0xc000 + Math.min(at + 41 - 2, 0x3fff), at);
    const chain = record(10, links);
    const tip = Buffer.from([0xfe, 0xa7]);
    const bytes = raw(3_001, chain, ...Array.from({ length: 3_000 }, () => record(5, tip)));
    const decoded = decodeMessage(bytes.subarray(0, 65_535));
    expect(decoded.answers).toMatchObject([{ type: 'other', typeName: 'TYPE10' }]);
    expect(decoded.unreadableRecords).toBe(3_000);
  });
});

describe('any bytes', () => {
  const change = fc.record<Change>({
    at: fc.nat(800),
    kind: fc.constantFrom('flip', 'cut', 'insert', 'point'),
    octets: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  });

  test('are decoded or refused, never anything else', () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...corpus), fc.array(change, { minLength: 1, maxLength: 6 }), (bytes, changes) => {
        const mutant = changes.reduce(mutate, bytes);
        try {
          const decoded = decodeMessage(mutant);
          const kept = decoded.answers.length + decoded.authorities.length + decoded.additionals.length;
          expect(kept).toBeLessThanOrEqual(Math.min(MAX_RECORDS, (mutant.length - 12) / 11));
          expect(walkMessage(mutant).hops.left).toBeGreaterThanOrEqual(0);
        } catch (error) {
          if (!(error instanceof MalformedMessage)) throw error;
          refused += 1;
        }
      }),
      { numRuns: 20_000 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});
