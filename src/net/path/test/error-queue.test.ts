// Owns the tests of what is read from the error queue: bytes as the kernel lays them out, and any other bytes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { IpAddress } from '../../../model/text.ts';
import { controlMessages, sockaddr, viewOf } from '../../libc/layout.ts';
import { quotedMss, routerReply } from '../error-queue.ts';

/** cmsg(3): each begins at a multiple of 8. */
function control(...all: readonly (readonly [level: number, type: number, data: Uint8Array])[]): Uint8Array {
  const parts = all.map(([level, type, data]) => {
    const bytes = new Uint8Array(16 + Math.ceil(data.length / 8) * 8);
    viewOf(bytes).setBigUint64(0, BigInt(16 + data.length), true);
    viewOf(bytes).setInt32(8, level, true);
    viewOf(bytes).setInt32(12, type, true);
    bytes.set(data, 16);
    return bytes;
  });
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const extended = (origin: number, type: number, code: number, offender: Uint8Array): Uint8Array =>
  Uint8Array.from([113, 0, 0, 0, origin, type, code, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...offender]);
const four = sockaddr('10.0.0.1' as IpAddress, 4, 0);
const six = sockaddr('fd00::1' as IpAddress, 6, 0);
const stamp = new Uint8Array(16);
viewOf(stamp).setBigInt64(0, 1_700_000_000n, true);
viewOf(stamp).setBigInt64(8, 5n, true);
const ttl = Uint8Array.of(61, 0, 0, 0);

describe('an answer of', () => {
  test.each<[string, Uint8Array, object | null]>([
    [
      'a router, stamped',
      control([1, 35, stamp], [0, 2, ttl], [0, 11, extended(2, 11, 0, four)]),
      {
        outcome: 'router',
        from: '10.0.0.1',
        stampNs: 1_700_000_000_000_000_005n,
        replyTtl: 61,
        icmp: { type: 11, code: 0 },
      },
    ],
    [
      'a router, not stamped',
      control([0, 11, extended(2, 11, 0, four)]),
      { outcome: 'router', stampNs: null, replyTtl: null },
    ],
    [
      'a router of IPv6',
      control([41, 52, ttl], [41, 25, extended(3, 3, 0, six)]),
      { outcome: 'router', from: 'fd00::1', replyTtl: 61 },
    ],
    [
      'a packet filter',
      control([0, 11, extended(2, 3, 13, four)]),
      { outcome: 'rejected', icmp: { type: 3, code: 13 } },
    ],
    ['a packet filter of IPv6', control([41, 25, extended(3, 1, 1, six)]), { outcome: 'rejected' }],
    ['a closed port', control([0, 11, extended(2, 3, 3, four)]), { outcome: 'port-closed' }],
    ['a narrow link', control([0, 11, extended(2, 3, 4, four)]), { outcome: 'too-big' }],
    ['a narrow link of IPv6', control([41, 25, extended(3, 2, 0, six)]), { outcome: 'too-big' }],
    ['nobody it names', control([0, 11, extended(2, 11, 0, new Uint8Array(16))]), { outcome: 'router', from: null }],
    ['this machine', control([0, 11, extended(1, 0, 0, four)]), null],
    ['somebody who asks for less', control([0, 11, extended(2, 4, 0, four)]), null],
    ['no one', control([1, 35, stamp]), null],
    [
      'a lifetime that is none',
      control([0, 2, Uint8Array.of(0, 0, 0, 1)], [0, 11, extended(2, 11, 0, four)]),
      { replyTtl: null },
    ],
  ])('%s', (_title, bytes, expected) => {
    const reply = routerReply({ control: bytes });
    if (expected === null) expect(reply).toBeNull();
    else expect(reply).toMatchObject(expected);
  });

  test('any bytes is read or passed over', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void routerReply({ control: bytes })));
    const cut = control([1, 35, stamp], [0, 2, ttl], [0, 11, extended(2, 11, 0, four)]);
    for (let length = 0; length < cut.length; length++) routerReply({ control: cut.subarray(0, length) });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect([...controlMessages(bytes)].length).toBeLessThanOrEqual(bytes.length / 16);
      }),
    );
  });
});

describe('the quoted SYN', () => {
  const header = (words: number, ...options: readonly number[]): Uint8Array => {
    const bytes = new Uint8Array(20 + options.length);
    bytes[12] = words << 4;
    bytes.set(options, 20);
    return bytes;
  };
  test.each<[string, Uint8Array, number | null]>([
    ['tells its MSS', header(6, 2, 4, 5, 180), 1460],
    ['behind others', header(8, 1, 4, 2, 1, 1, 2, 4, 5, 100, 0, 0), 1380],
    ['of eight bytes tells none', header(6, 2, 4, 5, 180).subarray(0, 8), null],
    ['cut in the option tells none', header(6, 2, 4, 5, 180).subarray(0, 23), null],
    ['without the option tells none', header(6, 1, 1, 0, 0), null],
    ['with an option of no length tells none', header(6, 3, 0, 0, 0), null],
    ['that ends before it tells none', header(6, 0, 2, 4, 5), null],
  ])('%s', (_title, bytes, mss) => expect(quotedMss(bytes)).toBe(mss));

  test('of any bytes ends', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void quotedMss(bytes)));
  });
});
