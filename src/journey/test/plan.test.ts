// What the plan says of samples that the deadline will not let out, and that riding says it too.
import { describe, expect, test } from 'vitest';
import { runCli } from '../../../test/support/cli.ts';
import { deadlineHint } from '../plan.ts';
import type { RideSettings } from '../settings.ts';

const cut = (deadline: string, last: string, sent: string): string =>
  `the deadline of ${deadline} comes before the last sample (${last}): about ${sent} will be sent`;

test.each<[samples: number, rate: number, deadlineMs: number, string | null]>([
  [100, 10, 3_000, cut('3s', '9.9s', '30 of 100')],
  [11, 10, 1_000, cut('1s', '1s', '10 of 11')],
  [100, 10, 9_901, null],
  [20, 5, 60_000, null],
  [1, 1, 1, null],
  [2, 3, 100, cut('100ms', '333ms', '1 of 2')],
  [10_000, 10, 60_000, cut('1m', '1000s', '600 of 10000')],
])('%i samples, %d a second, within %d ms', (samples, rate, deadlineMs, hint) => {
  expect(deadlineHint({ samples, rate, deadlineMs, connect: [] } as unknown as RideSettings)).toBe(hint);
});

test('many addresses given by hand take longer than the rate says', () => {
  const settings = (addresses: number) =>
    ({
      samples: 11,
      rate: 10,
      deadlineMs: 1_400,
      connect: Array.from({ length: addresses }),
    }) as unknown as RideSettings;
  expect(deadlineHint(settings(40))).toBeNull();
  expect(deadlineHint(settings(64))).toBe(cut('1400ms', '1.6s', '9 of 11'));
});

describe('a deadline before the last sample', () => {
  const args = ['http://127.0.0.72:1/', '-n', '3', '--rate', '1', '--deadline', '200ms'];
  const hint = cut('200ms', '2s', '1 of 3');

  test('is in the plan', async () => {
    const { exit, out } = await runCli([...args, '--plan']);
    expect([exit, out.split('\n').includes(hint)]).toEqual([0, true]);
  });

  test.each<[readonly string[], string]>([
    [[], `probe: ${hint}\n`],
    [['--quiet'], ''],
  ])('is said once before riding with %j: %j', async (more, err) => {
    expect((await runCli([...args, ...more])).err).toBe(err);
  });
});

describe('a deadline before the end of what a probe sends after the ride', () => {
  const args = ['http://127.0.0.72:1/', '-n', '2', '--rate', '10', '--infer', '--only', 'hosts', '--plan'];
  const hint = (deadline: string, left: string): string =>
    `the deadline of ${deadline} leaves ${left} after the last sample for what hosts sends then, which may take 18s: some of it may be left out`;

  test.each<[deadline: string, more: readonly string[], said: string | null]>([
    ['10s', [], hint('10s', 'about 9.9s')],
    ['100ms', [], 'the deadline of 100ms comes before the last sample (100ms): about 1 of 2 will be sent'],
    ['101ms', [], hint('101ms', 'about 1ms')],
    ['30s', [], null],
  ])('of %s %j: %j', async (deadline, more, said) => {
    const { exit, out } = await runCli([...args, ...more, '--deadline', deadline]);
    expect([exit, out.split('\n').filter((line) => line.startsWith('the deadline of'))]).toEqual([
      0,
      said === null ? [] : [said],
    ]);
  });

  test('is nothing without --infer', async () => {
    const { out } = await runCli([...args.filter((arg) => arg !== '--infer'), '--deadline', '10s']);
    expect(out).not.toContain('the deadline of');
  });
});
