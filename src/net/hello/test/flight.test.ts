import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FlightReader, flightReader } from '../flight.ts';
import { MalformedFlight } from '../octets.ts';
import { MAX_FLIGHT_BYTES, MAX_RECORDS } from '../records.ts';
import {
  AUTHORITY,
  alert,
  corpus,
  FLIGHT_10,
  FLIGHT_12,
  HELLO_13,
  message,
  mutate,
  RESUMED_12,
  RETRY_13,
  record,
  serverHello,
} from './corpus.ts';

function read(...pieces: readonly Buffer[]): {
  readonly done: boolean;
  readonly reply: ReturnType<FlightReader['reply']>;
} {
  const reader = flightReader();
  const done = pieces.reduce((ended, piece) => ended || reader.push(piece), false);
  return { done, reply: reader.reply() };
}

function choiceIn(...pieces: readonly Buffer[]) {
  const { reply } = read(...pieces);
  if (reply?.kind !== 'chosen') throw new Error(`no choice: ${JSON.stringify(reply)}`);
  return reply.choice;
}

describe('what is read of', () => {
  test.each([
    [
      'TLS 1.2 with ECDHE',
      FLIGHT_12,
      {
        ...{ version: 'TLSv1.2', cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', group: 'x25519', whole: true },
        ...{ secureRenegotiation: true, extendedMasterSecret: true, encryptThenMac: false, dhBits: null },
        ...{
          alpn: 'h2',
          extensions: [0xff01, 23, 16],
          compression: false,
          retry: false,
          clientAuthorities: [AUTHORITY],
        },
      },
    ],
    [
      'TLS 1.0 with DHE',
      FLIGHT_10,
      {
        ...{ version: 'TLSv1', cipher: 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA', group: null, dhBits: 1024, whole: true },
        ...{ secureRenegotiation: false, extendedMasterSecret: false, alpn: null, clientAuthorities: null },
      },
    ],
    [
      'TLS 1.3',
      HELLO_13,
      { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', group: 'x25519', retry: false, whole: true },
    ],
    ['a HelloRetryRequest', RETRY_13, { version: 'TLSv1.3', group: 'X25519MLKEM768', retry: true, whole: true }],
    ['a session that goes on', RESUMED_12, { ticketKeyName: Buffer.from('0123456789abcdef'), whole: true }],
    [
      'compression',
      record(22, serverHello({ version: 0x0303, cipher: 0x2f, compression: 1 })),
      { compression: true, cipher: 'TLS_RSA_WITH_AES_128_CBC_SHA', whole: false },
    ],
    [
      'what has no name here',
      record(22, serverHello({ version: 0x0399, cipher: 0xabcd, extensions: [[51, '9999']] })),
      { version: 'unknown', cipher: '0xabcd', group: '0x9999' },
    ],
  ])('%s', (_, bytes, expected) => {
    expect(choiceIn(bytes)).toMatchObject(expected);
  });

  test('certificates and staple, as sent', () => {
    const { certificates, staple } = choiceIn(FLIGHT_12);
    expect(certificates.map((each) => each.byteLength)).toEqual([900, 700]);
    expect(staple.byteLength).toBe(300);
  });

  test('a refusal, behind warnings', () => {
    expect(read(alert(1, 112), alert(2, 70)).reply).toEqual({
      kind: 'refused',
      alert: 70,
      alertName: 'protocol_version',
    });
    expect(read(alert(2, 199)).reply).toEqual({ kind: 'refused', alert: 199, alertName: 'alert 199' });
  });

  test('a choice stands though an alert follows', () => {
    const begun = record(22, serverHello({ version: 0x0303, cipher: 0xc02f }));
    expect(read(begun, alert(2, 80))).toMatchObject({
      done: true,
      reply: { kind: 'chosen', choice: { whole: false } },
    });
  });
});

test('it is all the same in how many pieces it comes', () => {
  for (const bytes of corpus) {
    const whole = read(bytes);
    expect(read(...[...bytes].map((byte) => Buffer.of(byte)))).toEqual(whole);
  }
});

test('a record may hold one byte', () => {
  const flight = Buffer.concat([serverHello({ version: 0x0303, cipher: 0xc02f }), message(14, Buffer.alloc(0))]);
  expect(read(...[...flight].map((byte) => record(22, Buffer.of(byte))))).toMatchObject({
    done: true,
    reply: { kind: 'chosen', choice: { whole: true } },
  });
});

const garbled: readonly (readonly [string, readonly Buffer[], boolean])[] = [
  ['HTTP', [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], true],
  ['a greeting', [Buffer.from('220 mail ESMTP\r\n')], true],
  ['SSL 2', [Buffer.from([0x80, 0x2e, 4])], true],
  ['a record that is too long', [Buffer.from([22, 3, 3, 0xff, 0xff])], true],
  ['a message before the ServerHello', [record(22, message(14, Buffer.alloc(0)))], false],
  ['what is encrypted at once', [record(23, Buffer.alloc(40))], false],
  ['a ServerHello of three bytes', [record(22, message(2, Buffer.alloc(3)))], false],
  ['a message of sixteen megabytes', [record(22, Buffer.from([2, 0xff, 0xff, 0xff]))], false],
  ['an alert of one byte', [record(21, Buffer.alloc(1))], false],
  ['warnings without end', Array.from({ length: 9 }, () => alert(1, 112)), false],
  ['empty records without end', Array.from({ length: MAX_RECORDS + 1 }, () => record(22, Buffer.alloc(0))), false],
  [
    'a message without end',
    [
      record(22, Buffer.from([2, 3, 0xff, 0xff])),
      ...Array.from({ length: 40 }, () => record(22, Buffer.alloc(16_384))),
    ],
    false,
  ],
];

test.each(garbled)('%s is no answer', (_, pieces, isForeign) => {
  const reader = flightReader();
  const push = (): void => {
    for (const piece of pieces) reader.push(piece);
  };
  expect(push).toThrow(MalformedFlight);
  try {
    push();
  } catch (error) {
    expect((error as MalformedFlight).isForeign || !isForeign).toBe(true);
  }
});

test('whatever comes, it is an answer, the beginning of one, or none: nothing else is thrown, and nothing is kept for ever', () => {
  const damage = fc.record({
    at: fc.nat(4_000),
    kind: fc.constantFrom('flip', 'cut', 'insert', 'length'),
    octets: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  });
  const damaged = fc
    .tuple(fc.constantFrom(...corpus), fc.array(damage, { maxLength: 4 }))
    .map(([bytes, damages]) => damages.reduce(mutate, bytes));
  fc.assert(
    fc.property(
      fc.oneof(damaged, fc.uint8Array({ maxLength: 400 })),
      fc.integer({ min: 1, max: 600 }),
      (bytes, piece) => {
        const reader = flightReader();
        try {
          for (let at = 0; at < bytes.length; at += piece) reader.push(Buffer.from(bytes.subarray(at, at + piece)));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedFlight);
        }
        const reply = reader.reply();
        if (reply?.kind === 'chosen') {
          const { certificates, staple, clientAuthorities } = reply.choice;
          const kept = [staple, ...certificates, ...(clientAuthorities ?? [])];
          expect(kept.reduce((sum, each) => sum + each.byteLength, 0)).toBeLessThan(MAX_FLIGHT_BYTES);
        }
      },
    ),
    { numRuns: 3_000 },
  );
});
