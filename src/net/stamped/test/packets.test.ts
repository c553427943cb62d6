// What the reader of tcpdump's lines makes of packets that were sent again. Never runs tcpdump.
import { expect, test } from 'vitest';
import { phasesOfLines } from './packets.ts';

const line = (at: string, from: string, to: string, flags: string, seq: string, bytes: number): string =>
  `17${at} IP 127.0.0.1.${from} > 127.0.0.1.${to}: Flags [${flags}]${seq === '' ? '' : `, seq ${seq}`}, ack 1, win 512, length ${bytes}`;
const ours = (at: string, flags: string, seq = '', bytes = 0): string => line(at, '50000', '443', flags, seq, bytes);
const theirs = (at: string, flags: string, seq = '', bytes = 0): string => line(at, '443', '50000', flags, seq, bytes);

const ONCE = [
  ours('00000000.000000000', 'S', '900'),
  theirs('00000000.001000000', 'S.', '800'),
  ours('00000000.010000000', 'P.', '1:1580', 1579),
  theirs('00000000.020000000', 'P.', '1:2551', 2550),
  ours('00000000.030000000', 'P.', '1580:1660', 80),
  ours('00000000.031000000', 'P.', '1660:1792', 132),
  theirs('00000000.035000000', 'P.', '2551:3125', 574),
  theirs('00000000.051000000', 'P.', '3125:3187', 62),
  ours('00000000.052000000', 'F.', '1792'),
  theirs('00000000.053000000', 'P.', '3187:3211', 24),
];
/** A probe of the tail: the request a second time, before its answer; and the answer a second time, behind it. */
const AGAIN = [
  ...ONCE.slice(0, 6),
  ours('00000000.039000000', 'P.', '1660:1792', 132),
  ...ONCE.slice(6, 8),
  theirs('00000000.051900000', 'P.', '3125:3187', 62),
  ...ONCE.slice(8),
];

test.each([
  ['sent once', ONCE],
  ['sent again: the first counts', AGAIN],
])('packets %s', (_, lines) => {
  const [phases] = phasesOfLines(lines, 443);
  expect(Object.entries(phases ?? {}).map(([id, ms]) => [id, Math.round(ms * 1000) / 1000])).toEqual([
    ['connect', 1],
    ['tls', 10],
    ['wait', 20],
  ]);
});
