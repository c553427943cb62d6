// Owns the reckoning of phases from moments, as a table over what was sent and what arrived.
// Never opens a socket.
import { expect, test } from 'vitest';
import { FLOOR_MS, type Timed, Timeline } from '../timeline.ts';

type Moment =
  | readonly ['sent', atMs: number, bytes?: number]
  | readonly ['arrived', firstMs: number, lastMs?: number, slackMs?: number];

/** Each send takes 0.01 ms. */
const SEND_MS = 0.01;

function timelineOf(moments: readonly Moment[]): Timeline {
  const timeline = new Timeline();
  for (const [kind, at, second, slackMs = 0] of moments) {
    if (kind === 'sent') timeline.sent(at, at + SEND_MS, second ?? 200);
    else timeline.arrived({ firstMs: at, slackMs, lastMs: second ?? at, lastSlackMs: (second ?? at) - at + slackMs });
  }
  return timeline;
}

const told = (timed: Timed | null): readonly number[] | null =>
  timed === null ? null : rounded([timed.durationMs, timed.uncertaintyMs]);

/** Binary fractions. */
const rounded = (all: readonly number[] | null): readonly number[] | null =>
  all?.map((ms) => Math.round(ms * 1000) / 1000) ?? null;

const handshakes: readonly (readonly [string, readonly Moment[], readonly number[] | null])[] = [
  [
    'of TLS 1.3, Finished not sent yet',
    [
      ['sent', 1],
      ['arrived', 21],
      ['arrived', 21, 22],
    ],
    [21, FLOOR_MS + SEND_MS],
  ],
  [
    'of TLS 1.3, Finished sent',
    [
      ['sent', 1],
      ['arrived', 21, 22],
      ['sent', 60, 74],
    ],
    [21, FLOOR_MS + SEND_MS],
  ],
  [
    'of TLS 1.2: what we took in between is not theirs',
    [
      ['sent', 1],
      ['arrived', 21],
      ['sent', 80],
      ['arrived', 100],
    ],
    [40, FLOOR_MS + 2 * SEND_MS],
  ],
  [
    'of a hello in two segments',
    [
      ['sent', 1],
      ['sent', 2],
      ['arrived', 21],
    ],
    [20, FLOOR_MS + SEND_MS],
  ],
  ['without an answer', [['sent', 1]], null],
  ['without anything', [], null],
];

test.for(handshakes)('a handshake %s', ([, moments, expected]) => {
  expect(told(timelineOf(moments).handshake(false))).toEqual(rounded(expected));
});

test('a handshake whose end shares a stamp with what came behind it may have ended earlier', () => {
  const ended = (...last: Moment): Timed | null => timelineOf([['sent', 1], ['arrived', 21], last]).handshake(true);
  expect(told(ended('arrived', 22, 25, 0.5))).toEqual(rounded([24, FLOOR_MS + SEND_MS + 3.5]));
  expect(told(ended('arrived', 22, 25, 500))).toEqual([24, 24]);
});

test('the end of an answer, too', () => {
  const timeline = timelineOf([['sent', 1]]);
  const first = { firstMs: 10, slackMs: 2, lastMs: 10, lastSlackMs: 2 };
  timeline.arrived(first);
  timeline.arrived({ firstMs: 15, slackMs: 0, lastMs: 20, lastSlackMs: 5 });
  expect(told(timeline.receive(first, false))).toEqual([10, FLOOR_MS + 2]);
  expect(told(timeline.receive(first, true))).toEqual([10, FLOOR_MS + 5]);
});

const waits: readonly (readonly [string, boolean, readonly Moment[], readonly number[] | null])[] = [
  [
    'of one send',
    false,
    [
      ['sent', 10],
      ['arrived', 30, 31],
    ],
    [20, FLOOR_MS + SEND_MS],
  ],
  [
    'of a body in parts: the last one counts',
    false,
    [
      ['sent', 10],
      ['sent', 12, 20],
      ['arrived', 30],
    ],
    [18, FLOOR_MS + SEND_MS],
  ],
  [
    'behind tickets: the piece that carries the answer counts',
    false,
    [
      ['sent', 10],
      ['arrived', 20],
      ['arrived', 110],
    ],
    [100, FLOOR_MS + SEND_MS],
  ],
  [
    'of HTTP/2, which acknowledges SETTINGS meanwhile',
    true,
    [
      ['sent', 10],
      ['arrived', 20],
      ['sent', 21, 31],
      ['arrived', 110],
    ],
    [100, FLOOR_MS + SEND_MS],
  ],
  [
    'of segments that the kernel has joined',
    false,
    [
      ['sent', 10],
      ['arrived', 30, 30, 5],
    ],
    [20, FLOOR_MS + SEND_MS + 5],
  ],
  [
    'that may not begin before the request',
    false,
    [
      ['sent', 10],
      ['arrived', 30, 30, 500],
    ],
    [20, FLOOR_MS + SEND_MS + 20],
  ],
  [
    'that ended before the request was out',
    false,
    [
      ['sent', 10],
      ['arrived', 9],
    ],
    null,
  ],
  ['without a request', false, [['arrived', 9]], null],
];

test.for(waits)('a wait %s', ([, framed, moments, expected]) => {
  expect(told(timelineOf(moments).wait(framed))).toEqual(rounded(expected));
});
