// Holds records to the text that github.com/miekg/dns gives them, and the reader of messages to its bounds.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MalformedMessage } from '../../net/dns/names.ts';
import { typeName } from '../config/dns-words.ts';
import { questionBytes, readAnswer } from '../dns/message.ts';
import { messageOf, record } from './dns-messages.ts';
import { RECORD_ROWS } from './record-rows.ts';

const typeWord = (type: number, text: string): string =>
  text.startsWith('\\#') ? `CLASS1\tTYPE${type}` : `IN\t${typeName(type)}`;

describe('a record', () => {
  test.each(RECORD_ROWS)('of type %s with %s reads %s', (type, hex, text) => {
    const { answer } = readAnswer(messageOf(7, [record('A.example', type, hex)]));
    expect(answer.map((line) => line.text)).toEqual([`A.example.\t60\t${typeWord(type, text)}\t${text}`]);
  });

  test('of the type NULL is a comment', () => {
    const { answer } = readAnswer(messageOf(7, [record('a.x', 10, '6162')]));
    expect(answer[0]?.text).toBe(';a.x.\t60\tIN\tNULL\tab');
  });

  test('of another class says so', () => {
    const { answer } = readAnswer(
      messageOf(7, [record('version.bind', 16, '0131', 3), record('x', 1, 'c0000201', 77)]),
    );
    expect(answer.map(({ text }) => text)).toEqual([
      'version.bind.\t60\tCH\tTXT\t"1"',
      'x.\t60\tCLASS77\tA\t192.0.2.1',
    ]);
  });

  test.each([
    ['an address that is too long', 1, 'c000020100'],
    ['an address that is too short', 1, 'c00002'],
    ['a mail exchange with something behind it', 15, '000a0100ff'],
    ['a name that points to itself', 5, 'c01f'],
    ['a string past the end', 16, '05616263'],
    ['a bitmap of 33 bytes', 47, `000021${'01'.repeat(33)}`],
    ['windows that fall', 47, '0001014000 0140'.replaceAll(' ', '')],
    ['a service parameter twice', 65, '000100000300020001000300020001'],
    ['a port of one byte', 65, '000100 0003 0001 01'.replaceAll(' ', '')],
    ['a prefix of an unknown family', 42, '0007180101'],
  ])('%s spoils the answer', (_name, type, hex) => {
    expect(() => readAnswer(messageOf(7, [record('a.x', type, hex)]))).toThrow(MalformedMessage);
  });
});

describe('an answer', () => {
  test('that counts more than it holds is taken as it is, one that is cut is not', () => {
    const whole = messageOf(7, [record('a.x', 1, 'c0000201')]);
    whole.writeUInt16BE(9, 6);
    expect(readAnswer(whole).answer).toHaveLength(1);
    expect(() => readAnswer(whole.subarray(0, -1))).toThrow(MalformedMessage);
    expect(() => readAnswer(whole.subarray(0, 11))).toThrow(MalformedMessage);
    expect(readAnswer(whole.subarray(0, 12)).answer).toEqual([]);
  });

  test('has the upper bits of its code in the OPT record, which reads as dig prints it', () => {
    const bytes = messageOf(7, [], [record('', 41, '000a0008 0102030405060708'.replaceAll(' ', ''), 1232, 0x01008000)]);
    const { rcode, additional } = readAnswer(bytes);
    expect(rcode).toBe(16);
    expect(additional[0]?.text).toBe(
      '\n;; OPT PSEUDOSECTION:\n; EDNS: version 0; flags: do; udp: 1232\n; COOKIE: 0102030405060708',
    );
  });

  test('of any bytes is read or refused, and nothing else', () => {
    const whole = messageOf(
      7,
      RECORD_ROWS.slice(0, 60).map(([type, hex]) => record('a.x', type, hex)),
    );
    const spoilt = fc
      .tuple(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 6 }), fc.nat(whole.length))
      .map(([at, noise, length]) => {
        const copy = Buffer.from(whole);
        copy.set(noise.subarray(0, copy.length - at), at);
        return copy.subarray(0, Math.max(12, length));
      });
    const any = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(spoilt, any), (bytes) => {
        try {
          const { answer, authority, additional } = readAnswer(bytes);
          for (const { text } of [...answer, ...authority, ...additional]) expect(typeof text).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('of each type, with any data, likewise', () => {
    const types = fc.oneof(fc.constantFrom(...RECORD_ROWS.map(([type]) => type)), fc.nat(65_535));
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 80 }), (type, data) => {
        try {
          readAnswer(messageOf(7, [record('a.x', type, Buffer.from(data).toString('hex'))]));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('an answer that means to keep us busy', () => {
  /** Of 255 octets, each of which is four characters as text; it stands at byte 27. */
  const long = `${`3f${'ff'.repeat(63)}`.repeat(3)}3d${'ff'.repeat(61)}00`;
  const first = record('a.x', 5, long);
  const pointer = (0xc000 + 27).toString(16);

  test('by one record of 32,000 names is refused', () => {
    const bytes = messageOf(1, [first, record('a.x', 55, `00020000${pointer.repeat(32_000)}`)]);
    expect(() => readAnswer(bytes)).toThrow('too many names');
  });

  test('by thousands of records with long names is refused', () => {
    const pointed = Buffer.from(`${pointer}0001000100000000 0004c0000201`.replace(' ', ''), 'hex');
    const bytes = messageOf(1, [first, ...Array.from({ length: 4000 }, () => ({ bytes: pointed }))]);
    expect(bytes.length).toBeLessThan(65_536 + 2000);
    expect(() => readAnswer(bytes)).toThrow('too much text');
  });
});

test.each([
  ['example.com', '076578616d706c6503636f6d00'],
  ['example.com.', '076578616d706c6503636f6d00'],
  ['.', '00'],
  ['a\\.b.c', '03612e62016300'],
  ['\\255.c', '01ff016300'],
])('the name %s is asked for as %s', (name, hex) => {
  const bytes = questionBytes(7, { name, type: 255, class: 1 }, true);
  expect(bytes.toString('hex')).toBe(`000701000001000000000000${hex}00ff0001`);
});

test.each(['a..b', 'x'.repeat(64), 'abcdefg.'.repeat(40)])('the name %s cannot be asked for', (name) => {
  expect(() => questionBytes(7, { name, type: 1, class: 1 }, false)).toThrow('dns:');
});
