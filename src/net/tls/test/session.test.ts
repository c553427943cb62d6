import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sessionWords } from '../session.ts';

/** An INTEGER in an explicit context tag. */
const field = (context: number, ...value: readonly number[]): readonly number[] => [
  0xa0 | context,
  value.length + 2,
  0x02,
  value.length,
  ...value,
];
const session = (...fields: readonly (readonly number[])[]): Uint8Array => {
  const body = [[0x02, 1, 1], ...fields].flat();
  return Uint8Array.of(0x30, body.length, ...body);
};

const headed = (name: string, record: Uint8Array): Uint8Array =>
  Uint8Array.of(
    ...Buffer.from(`\0nodejs:tls:session:1\0\0${String.fromCharCode(name.length)}${name}`, 'latin1'),
    ...record,
  );

test.each([
  ['neither', session(), { lifetimeSeconds: null, earlyDataBytes: 0 }],
  ['a lifetime', session(field(9, 0x1c, 0x20)), { lifetimeSeconds: 7200, earlyDataBytes: 0 }],
  [
    'both',
    session(field(1, 1), field(9, 0x1c, 0x20), field(15, 0x40, 0)),
    { lifetimeSeconds: 7200, earlyDataBytes: 16_384 },
  ],
  [
    'the largest number',
    session(field(9, 0, 255, 255, 255, 255)),
    { lifetimeSeconds: 4_294_967_295, earlyDataBytes: 0 },
  ],
  ['a negative number', session(field(9, 0x80)), { lifetimeSeconds: null, earlyDataBytes: 0 }],
  ['a number that is too large', session(field(9, 1, 0, 0, 0, 0, 0)), { lifetimeSeconds: null, earlyDataBytes: 0 }],
  [
    'the head that Node gives it',
    headed('kms.example', session(field(9, 60))),
    { lifetimeSeconds: 60, earlyDataBytes: 0 },
  ],
  ['a head alone', headed('kms.example', Uint8Array.of()), null],
  ['a head that is cut', headed('kms.example', Uint8Array.of()).subarray(0, 23), null],
  ['bytes behind it', Uint8Array.of(...session(), 0), null],
  ['a field that is cut', session([0xa9, 9, 2, 1]), null],
  [
    'more fields than are known',
    session(...Array.from({ length: 20 }, () => field(1, 1))),
    { lifetimeSeconds: null, earlyDataBytes: 0 },
  ],
  ['nothing', Uint8Array.of(), null],
  ['a length without end', Uint8Array.of(0x30, 0x80, 0, 0), null],
])('a session with %s', (_, der, words) => {
  expect(sessionWords(der)).toEqual(words);
});

test('whatever the bytes are, nothing throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isWrapped) => {
      const body = bytes.subarray(0, 120);
      const words = sessionWords(isWrapped ? Uint8Array.of(0x30, body.length, ...body) : bytes);
      expect(words === null || words.earlyDataBytes >= 0).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
