import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cookiePair } from '../cookie.ts';
import { wireText } from '../text.ts';

test.each<[string, string | null]>([
  ['SERVERID=s1; path=/', 'SERVERID=s1'],
  ['AWSALB=aB/+9==; Expires=Sat, 28 Nov 2026 00:00:00 GMT; Path=/', 'AWSALB=aB/+9=='],
  ['  sid = 1 ', 'sid=1'],
  ['sid="quoted"; Secure', 'sid="quoted"'],
  ['sid="open; Secure', null],
  ['SERVERID=; Max-Age=0', null],
  ['no pair', null],
  ['=value', null],
  ['na me=value', null],
  ['sid=a b', null],
  ['sid=a,b', null],
  ['sid=a\\b', null],
  ['sid=a\r\nHost: other', null],
  ['sid=grüße', null],
  [`sid=${'x'.repeat(1020)}`, `sid=${'x'.repeat(1020)}`],
  [`sid=${'x'.repeat(1024)}`, null],
])('%j: %j', (line, pair) => {
  expect(cookiePair(wireText(line))).toBe(pair);
});

test('whatever comes, what is sent back is one pair of one field', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((value) => `sid=${value}`),
  );
  fc.assert(
    fc.property(line, (raw) => {
      const pair = cookiePair(wireText(raw));
      if (pair !== null) expect(pair).toMatch(/^[!-~]+$/);
      if (pair !== null) expect(pair).not.toMatch(/[;,\\ ]/);
    }),
  );
});
