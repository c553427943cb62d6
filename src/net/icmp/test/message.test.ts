// Holds echo messages to the RFCs, and their reading to any bytes.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { behindIpv4Header, checksum, type Echo, isReply, requestBytes } from '../message.ts';

const ORDER: Echo = { family: 4, id: 0x1234, sequence: 7, payload: Buffer.from('abc') };

test('a request of IPv4 carries a checksum that makes the sum of all words all ones', () => {
  const bytes = requestBytes(ORDER);
  expect(Buffer.from(bytes).toString('hex')).toBe('0800216212340007616263');
  expect(checksum(bytes)).toBe(0);
  expect(Buffer.from(requestBytes({ ...ORDER, family: 6 })).toString('hex')).toBe('8000000012340007616263');
});

/** What came, and whether it is the reply. */
test.each<[string, Partial<Echo>, string, boolean]>([
  ['the reply', {}, '0000ffff12340007616263', true],
  ['one to another process', {}, '0000ffff12350007616263', false],
  ['one whose number the kernel chose', { id: null }, '0000ffff99990007616263', true],
  ['an earlier one', {}, '0000ffff12340006616263', false],
  ['another payload', {}, '0000ffff12340007616264', false],
  ['a longer payload', {}, '0000ffff1234000761626363', false],
  ['a shorter one', {}, '0000ffff123400076162', false],
  ['our own request, as raw sockets of this machine see it', {}, '0800ffff12340007616263', false],
  ['a reply of IPv6', { family: 6 }, '8100ffff12340007616263', true],
  ['one of IPv4 in its place', { family: 6 }, '0000ffff12340007616263', false],
  ['nothing', {}, '', false],
])('%s', (_name, change, hex, expected) => {
  expect(isReply(Buffer.from(hex, 'hex'), { ...ORDER, ...change })).toBe(expected);
});

test('any bytes are read without a throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(behindIpv4Header(bytes).length).toBeLessThanOrEqual(bytes.length);
      expect(typeof isReply(behindIpv4Header(bytes), ORDER)).toBe('boolean');
    }),
  );
});
