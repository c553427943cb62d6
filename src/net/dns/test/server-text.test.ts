import { describe, expect, test } from 'vitest';
import type { DnsServer } from '../../../contract/net.ts';
import { UsageError } from '../../../model/usage-error.ts';
import { formatServer, parseResolver } from '../server-text.ts';

const plain = (address: string, port: number) => ({ address, port });
const tls = (address: string, port: number, name: string | null) => ({ transport: 'tls', address, port, name });
const https = (url: string) => ({ transport: 'https', url });

describe('a resolver as a person writes it', () => {
  test.each([
    ['127.0.0.1', plain('127.0.0.1', 53), '127.0.0.1'],
    [' 127.0.0.1#5353 ', plain('127.0.0.1', 5353), '127.0.0.1#5353'],
    ['2001:DB8::1', plain('2001:db8::1', 53), '2001:db8::1'],
    ['[2001:db8::1]', plain('2001:db8::1', 53), '2001:db8::1'],
    ['[2001:db8::1]#53', plain('2001:db8::1', 53), '2001:db8::1'],
    ['[2001:db8::1]:5300', plain('2001:db8::1', 5300), '2001:db8::1#5300'],
    ['2001:db8::1#5300', plain('2001:db8::1', 5300), '2001:db8::1#5300'],
    ['tls://192.0.2.1', tls('192.0.2.1', 853, null), 'tls://192.0.2.1'],
    ['TLS://192.0.2.1:8853', tls('192.0.2.1', 8853, null), 'tls://192.0.2.1:8853'],
    ['tls://192.0.2.1#DNS.example', tls('192.0.2.1', 853, 'dns.example'), 'tls://192.0.2.1#dns.example'],
    ['tls://192.0.2.1#dns.example:8853', tls('192.0.2.1', 8853, 'dns.example'), 'tls://192.0.2.1#dns.example:8853'],
    ['tls://192.0.2.1:8853#dns.example', tls('192.0.2.1', 8853, 'dns.example'), 'tls://192.0.2.1#dns.example:8853'],
    ['tls://2001:db8::1', tls('2001:db8::1', 853, null), 'tls://[2001:db8::1]'],
    ['tls://2001:db8::1#dns.example', tls('2001:db8::1', 853, 'dns.example'), 'tls://[2001:db8::1]#dns.example'],
    ['tls://[2001:db8::1]:8853', tls('2001:db8::1', 8853, null), 'tls://[2001:db8::1]:8853'],
    ['https://192.0.2.1/dns-query', https('https://192.0.2.1/dns-query'), 'https://192.0.2.1/dns-query'],
    ['https://[2001:db8::1]:8443/q', https('https://[2001:db8::1]:8443/q'), 'https://[2001:db8::1]:8443/q'],
    ['https://DNS.example/q{?dns}#x', https('https://dns.example/q'), 'https://dns.example/q'],
  ] as const)('%s', (text, server, written) => {
    expect(parseResolver(text)).toEqual(server);
    expect(formatServer(server as DnsServer)).toBe(written);
    expect(parseResolver(written)).toEqual(server);
  });

  test.each([
    ...[
      '',
      'dns.example',
      '127.0.0.1:53',
      '127.0.0.1#0',
      '127.0.0.1#65536',
      '1.2.3',
      'fe80::1%eth0',
      '[2001:db8::1]:0',
    ],
    ...[
      'tls://',
      'tls://dns.example',
      'tls://192.0.2.1#',
      'tls://192.0.2.1#a..b',
      'tls://192.0.2.1:0',
      'tls://[192.0.2.1',
    ],
    ...['tls://192.0.2.1#192.0.2.1', 'tls://192.0.2.1:853#dns.example:853', 'tls://192.0.2.1/path', 'tls://[x]:853'],
    ...['https://', 'https:///dns-query', 'https://user:password@192.0.2.1/', 'https://a_b^c/', 'http://192.0.2.1/'],
    `https://192.0.2.1/${'x'.repeat(2_048)}`,
  ])('not %j', (text) => {
    expect(() => parseResolver(text)).toThrow(UsageError);
  });
});
