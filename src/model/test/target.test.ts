import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../duration.ts';
import { endpointId, ipAddress, parseTarget, shownTarget } from '../target.ts';
import type { IpAddress } from '../text.ts';
import { UsageError } from '../usage-error.ts';

describe('parseTarget', () => {
  test.each([
    ['kms.example', 'https://kms.example/', 'kms.example', 443, false],
    ['KMS.Example.', 'https://kms.example/', 'kms.example', 443, false],
    ['kms.example:8443', 'https://kms.example:8443/', 'kms.example', 8443, false],
    ['https://kms.example/a?b=c#d', 'https://kms.example/a?b=c', 'kms.example', 443, false],
    ['http://kms.example', 'http://kms.example/', 'kms.example', 80, false],
    ['192.0.2.1', 'https://192.0.2.1/', '192.0.2.1', 443, true],
    ['2001:db8::1', 'https://[2001:db8::1]/', '2001:db8::1', 443, true],
    ['[2001:db8::1]:8443', 'https://[2001:db8::1]:8443/', '2001:db8::1', 8443, true],
    ['bücher.example', 'https://xn--bcher-kva.example/', 'xn--bcher-kva.example', 443, false],
  ])('%s', (input, url, host, port, isAddress) => {
    expect(parseTarget(input)).toMatchObject({ input, url, host, port, isAddress });
  });

  test('a default port serves only targets that name none', () => {
    expect(parseTarget('kms.example', 8443)).toMatchObject({ port: 8443, url: 'https://kms.example:8443/' });
    expect(parseTarget('kms.example:443', 8443).port).toBe(443);
    expect(parseTarget('https://kms.example:9443/x', 8443).port).toBe(9443);
  });

  test.each([
    ['', 'empty'],
    ['https://', 'not a name'],
    ['ftp://kms.example', 'only https and http'],
    ['https://user:pw@kms.example', 'no user name or password'],
    ['kms example', 'not a name'],
    ['kms.example:99999', 'not a name'],
    ['kms.example:0', 'port 0'],
    ['01.2.3.4', '"01.2.3.4" is not an address'],
    ['127.0.09.2', '"127.0.09.2" is not an address'],
    ['http://192.0.2.010:80/', '"192.0.2.010" is not an address'],
    ['0x7f.1', '"0x7f.1" is not a host name'],
    ['2130706433', '"2130706433" is not a host name'],
    ['127.1:443', '"127.1" is not a host name'],
  ])('%j is refused: %s', (input, words) => {
    expect(() => parseTarget(input)).toThrow(UsageError);
    expect(() => parseTarget(input)).toThrow(words);
  });

  test('a password in a target is not repeated', () => {
    try {
      parseTarget('https://user:hunter2@kms.example');
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain('hunter2');
    }
  });
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ['256.0.0.1', null],
  ['1.2.3', null],
  ['0.0.0.0', '0.0.0.0'],
  ['100.10.1.200', '100.10.1.200'],
  ['01.2.3.4', null],
  ['127.0.09.2', null],
  ['127.0.0.00', null],
  ['::ffff:1.2.3.04', null],
  ['fe80::1%eth0', null],
  ['::1]/', null],
  ['kms', null],
])('the address %j reads as %j', (text, address) => {
  expect(ipAddress(text)).toBe(address);
});

test('endpoint ids put IPv6 in brackets', () => {
  expect(endpointId('192.0.2.1' as IpAddress, 443)).toBe('192.0.2.1:443');
  expect(endpointId('2001:db8::1' as IpAddress, 443)).toBe('[2001:db8::1]:443');
});

test.each([
  ['500ms', 500],
  ['5s', 5000],
  ['1.5m', 90_000],
  ['30d', 2_592_000_000],
])('the duration %s is %d ms and back', (text, ms) => {
  expect(parseDuration(text, '--timeout')).toBe(ms);
  expect(parseDuration(formatDuration(ms), '--timeout')).toBe(ms);
});

test.each([
  ['16.1s', 16_100],
  ['64.1s', 64_100],
  ['2.3h', 8_280_000],
  ['1.001s', 1001],
  ['1.5ms', 2],
  ['0.1ms', 1],
  ['0.000001ms', 1],
  ['0d', 0],
])('the duration %s is %d ms, a whole number that a timer takes', (text, ms) => {
  expect(parseDuration(text, '--deadline')).toBe(ms);
  expect(() => AbortSignal.timeout(parseDuration(text, '--deadline'))).not.toThrow();
});

test.each(['5', 's', '-1s', '5 s', '1e3s', ''])('the duration %j is refused with the option and a remedy', (text) => {
  expect(() => parseDuration(text, '--timeout')).toThrow('--timeout');
});

test.each([
  ['https://kms.example/a@b?k=v#f', 'https://kms.example/a@b'],
  ['http://me:pw@kms.example:80/', 'http://kms.example:80/'],
  ['http://me:p@w@kms.example', 'http://kms.example'],
  ['me:pw@kms.example/x', 'kms.example/x'],
  ['kms.example:443', 'kms.example:443'],
  ['/run/app@1.sock', '/run/app@1.sock'],
])('%s is shown as %s', (text, shown) => {
  expect(shownTarget(text)).toBe(shown);
});
