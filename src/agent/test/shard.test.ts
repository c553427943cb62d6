// Holds shares of a list to Prometheus' own: what its hashmod writes for a name is which agent rides it, and each target has one.
import { expect, test } from 'vitest';
import { isInShard, parseShard } from '../shard.ts';

test.each([
  ['0/1', { number: 0, of: 1 }],
  ['1/2', { number: 1, of: 2 }],
  ['999/1000', { number: 999, of: 1000 }],
])('%s', (text, shard) => {
  expect(parseShard(text)).toEqual(shard);
});

test.each(['', '1', '2/2', '-1/2', '0/0', '0/1001', '1/2/3', '0x1/2', '1 /2', 'a/b', '00000/1'])('not %j', (text) => {
  expect(() => parseShard(text)).toThrow(`--shard: "${text}" is not N/M`);
});

// As Prometheus 2.42 relabels them: promtool cannot say it, a scrape does (test/system/agent-shards.test.ts).
test('each target has exactly one agent, and the shares are even', () => {
  const names = Array.from({ length: 3000 }, (_, at) => `https://kms-${at}.example/`);
  const shares = [0, 1, 2].map((number) => names.filter((name) => isInShard(name, { number, of: 3 })));
  expect(shares.flat().toSorted((a, b) => a.localeCompare(b))).toEqual(names.toSorted((a, b) => a.localeCompare(b)));
  // 1000 each; six standard deviations of a binomial are 155.
  for (const share of shares) expect(Math.abs(share.length - 1000)).toBeLessThan(155);
});

test('the hash is the end of MD5, as a number of 64 bits', () => {
  // MD5 of the empty text is d41d8cd98f00b204e9800998ecf8427e (RFC 1321 A.5).
  const number = Number(0xe9_80_09_98_ec_f8_42_7en % 97n);
  expect(isInShard('', { number, of: 97 })).toBe(true);
});
