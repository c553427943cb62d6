// Owns honest answers to hellos, of every kind that is read, and how to damage them: the start of each fuzzing of the reader.

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const vector = (width: number, content: Buffer): Buffer => {
  const length = Buffer.alloc(width);
  length.writeUIntBE(content.length, 0, width);
  return Buffer.concat([length, content]);
};

export function record(type: number, content: Buffer, version = 0x0303): Buffer {
  return Buffer.concat([Buffer.from([type]), u16(version), vector(2, content)]);
}
export function message(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), vector(3, body)]);
}
export function alert(level: number, description: number): Buffer {
  return record(21, Buffer.from([level, description]));
}

const RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

export interface HelloParts {
  readonly version: number;
  readonly cipher: number;
  readonly extensions?: readonly (readonly [number, string])[];
  readonly retry?: boolean;
  readonly compression?: number;
}
/** The body of a ServerHello. */
export function serverHello({ version, cipher, extensions, retry, compression = 0 }: HelloParts): Buffer {
  const list = (extensions ?? []).map(([number, hex]) =>
    Buffer.concat([u16(number), vector(2, Buffer.from(hex, 'hex'))]),
  );
  return message(
    2,
    Buffer.concat([
      u16(version),
      retry === true ? RETRY : Buffer.alloc(32, 7),
      vector(1, Buffer.alloc(32, 1)),
      u16(cipher),
      Buffer.from([compression]),
      ...(extensions === undefined ? [] : [vector(2, Buffer.concat(list))]),
    ]),
  );
}

/** DER of the name CN=CA. */
export const AUTHORITY = Buffer.from('300d310b300906035504030c024341', 'hex');
const certificates = message(
  11,
  vector(3, Buffer.concat([vector(3, Buffer.alloc(900, 0x30)), vector(3, Buffer.alloc(700, 0x31))])),
);
const status = message(22, Buffer.concat([Buffer.from([1]), vector(3, Buffer.alloc(300, 5))]));
const ecdhe = message(
  12,
  Buffer.concat([
    Buffer.from([3]),
    u16(0x1d),
    vector(1, Buffer.alloc(32, 9)),
    u16(0x0403),
    vector(2, Buffer.alloc(70, 8)),
  ]),
);
const dhe = message(
  12,
  Buffer.concat([vector(2, Buffer.alloc(128, 0xff)), vector(2, Buffer.from([2])), vector(2, Buffer.alloc(128, 3))]),
);
const request = message(
  13,
  Buffer.concat([vector(1, Buffer.from([1, 64])), vector(2, u16(0x0403)), vector(2, vector(2, AUTHORITY))]),
);
const done = message(14, Buffer.alloc(0));
const traits = [
  [0xff01, '00'],
  [23, ''],
  [16, '0003026832'],
] as const;

/** A whole flight of TLS 1.2 with ECDHE, in one record. */
export const FLIGHT_12 = record(
  22,
  Buffer.concat([
    serverHello({ version: 0x0303, cipher: 0xc02b, extensions: traits }),
    certificates,
    status,
    ecdhe,
    request,
    done,
  ]),
);
/** TLS 1.0 with DHE, a record each. */
export const FLIGHT_10 = Buffer.concat(
  [serverHello({ version: 0x0301, cipher: 0x0033 }), certificates, dhe, done].map((each) => record(22, each, 0x0301)),
);
export const HELLO_13 = record(
  22,
  serverHello({
    version: 0x0303,
    cipher: 0x1301,
    extensions: [
      [43, '0304'],
      [51, `001d0020${'ab'.repeat(32)}`],
    ],
  }),
);
export const RETRY_13 = record(
  22,
  serverHello({
    version: 0x0303,
    cipher: 0x1302,
    retry: true,
    extensions: [
      [43, '0304'],
      [51, '11ec'],
    ],
  }),
);
/** A session that goes on: a new ticket, and nothing in the clear behind it. */
export const RESUMED_12 = Buffer.concat([
  record(22, serverHello({ version: 0x0303, cipher: 0xc02f, extensions: traits })),
  record(22, message(4, Buffer.concat([Buffer.alloc(4), vector(2, Buffer.from('0123456789abcdef and more'))]))),
  record(20, Buffer.from([1])),
]);

export const corpus: readonly Buffer[] = [
  FLIGHT_12,
  FLIGHT_10,
  HELLO_13,
  RETRY_13,
  RESUMED_12,
  alert(2, 40),
  Buffer.concat([alert(1, 112), FLIGHT_10]),
];

export interface Damage {
  readonly at: number;
  readonly kind: 'flip' | 'cut' | 'insert' | 'length';
  readonly octets: Uint8Array;
}

export function mutate(bytes: Buffer, { at, kind, octets }: Damage): Buffer {
  const where = bytes.length === 0 ? 0 : at % bytes.length;
  const [before, after] = [bytes.subarray(0, where), bytes.subarray(where)];
  if (kind === 'cut') return Buffer.from(before);
  if (kind === 'insert') return Buffer.concat([before, octets, after]);
  const replacement = kind === 'length' ? Uint8Array.of(0, octets[0] ?? 0) : octets;
  return Buffer.concat([before, replacement, after.subarray(replacement.length)]);
}
