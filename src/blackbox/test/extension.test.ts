// Holds the block `outrider:` of a module: what may stand in it, what is said of the rest with its line, and that a file without it stays as it was.
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { printBlackboxConfig, Refusal, readBlackboxConfig } from '../config/read.ts';

const fileOf = (block: string, prober = 'http', more = ''): string =>
  `modules:\n  m:\n    prober: ${prober}\n    timeout: 5s\n${more}    outrider:\n      ${block.trim().replace(/\n\s*/g, '\n      ')}\n`;

const DNS = '    dns: {query_name: a.example}\n';

const extensionOf = (...given: Parameters<typeof fileOf>) =>
  readBlackboxConfig(fileOf(...given)).modules.get('m')?.outrider;

function refusalOf(text: string): string {
  try {
    readBlackboxConfig(text);
    return '';
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

describe('the block', () => {
  test('is read whole, and printed as it was written', () => {
    const text = `all_addresses: yes
      quorum: 2
      zones: {a: [192.0.2.1, 2001:db8::/32], b: 198.51.100.0/24}
      resolver: [127.0.0.1:5353, tcp://127.0.0.2, tls://192.0.2.53#dns.example]
      source_ip_address: 127.0.0.3
      confirm: {times: 2, after: 250ms}`;
    expect(extensionOf(text)).toMatchObject({
      all_addresses: true,
      quorum: 2,
      resolver: [
        { server: { address: '127.0.0.1', port: 5353 }, tcp: false },
        { server: { address: '127.0.0.2', port: 53 }, tcp: true },
        { server: { transport: 'tls', address: '192.0.2.53', port: 853, name: 'dns.example' }, tcp: false },
      ],
      source_ip_address: '127.0.0.3',
      confirm: { times: 2, after: 250 },
      line: 6,
    });
    expect(parse(printBlackboxConfig(readBlackboxConfig(fileOf(text)))).modules.m.outrider).toEqual({
      ...{ all_addresses: true, quorum: 2, source_ip_address: '127.0.0.3', confirm: { times: 2, after: '250ms' } },
      zones: { a: ['192.0.2.1', '2001:db8::/32'], b: ['198.51.100.0/24'] },
      resolver: ['127.0.0.1:5353', 'tcp://127.0.0.2', 'tls://192.0.2.53#dns.example'],
    });
  });

  test('may say how often alone, and has defaults', () => {
    expect(extensionOf('confirm: 3')?.confirm).toEqual({ times: 3, after: 500 });
    expect(extensionOf('confirm: {}')?.confirm).toEqual({ times: 1, after: 500 });
    expect(extensionOf('all_addresses: true')).toMatchObject({ quorum: 'all', resolver: [], confirm: { times: 0 } });
    expect(extensionOf('query_names_under: [Example.COM., .]', 'dns', DNS)?.query_names_under).toEqual([
      'example.com',
      '.',
    ]);
  });

  test('is not there where nobody wrote it', () => {
    const config = readBlackboxConfig('modules: {m: {prober: tcp}}');
    expect(config.modules.get('m')?.outrider).toBeNull();
    expect(printBlackboxConfig(config)).not.toContain('outrider');
  });
});

test.each([
  ['quorum: most', 'http', '', 'line 6: quorum: "most" is not all, any or a number from 1'],
  ['quorum: 0', 'http', '', 'line 6: quorum: "0"'],
  ['all_addresses: 1', 'http', '', 'line 6: cannot unmarshal !!int `1` into bool'],
  ['every_address: true', 'http', '', 'line 6: field every_address not found in type outrider'],
  ['all_addresses: true\nzones: {a: [nowhere]}', 'http', '', 'line 7: zones: "nowhere" is neither an address'],
  ['zones: {a: [192.0.2.0/33]}', 'http', '', 'line 6: zones: "192.0.2.0/33"'],
  ['resolver: dns.example', 'http', '', 'line 6: resolver: "dns.example" is not a resolver address'],
  ['resolver: tcp://tls://192.0.2.1', 'http', '', 'line 6: resolver: "tcp://tls://192.0.2.1" has two schemes'],
  ['resolver: [a, b, c, d, e, f, g, h, i]', 'http', '', 'line 6: resolver: more than 8'],
  ['source_ip_address: eth0', 'http', '', 'line 6: source_ip_address: "eth0" is not an address'],
  ['source_ip_address: 127.0.0.1', 'tcp', '', 'line 6: outrider: write source_ip_address under tcp'],
  [
    'source_ip_address: 127.0.0.1',
    'http',
    '    http: {preferred_ip_protocol: ip6}\n',
    'line 7: outrider: from 127.0.0.1 nothing goes to an address of preferred_ip_protocol ip6',
  ],
  ['query_names_under: [a b]', 'dns', DNS, 'line 7: query_names_under: "a b" is not a domain name'],
  [
    'query_names_under: [a.example]',
    'http',
    '',
    'line 6: outrider: query_names_under is for the dns prober, and this is http',
  ],
  ['all_addresses: true', 'unix', '', 'line 6: outrider: a unix socket has no addresses'],
  ['resolver: 127.0.0.1', 'unix', '', 'line 6: outrider: a unix socket has no name'],
  ['confirm: 9', 'http', '', 'line 6: confirm: 9 times is not between 0 and 5'],
  ['confirm: {times: 1, after: -1s}', 'http', '', 'line 6: confirm: after cannot be negative'],
  ['confirm: {times: 1, after: 5s}', 'http', '', 'line 6: outrider: confirm: the pauses alone take the timeout of 5s'],
  ['confirm: {times: 1, after: 5}', 'http', '', 'line 6: cannot unmarshal !!int `5` into time.Duration'],
])('%j of a %s module is refused with its line', (block, prober, more, words) => {
  expect(refusalOf(fileOf(block, prober, more))).toContain(words);
});

test.each([
  ['modules: {m: {prober: http, all_addresses: true}}', 'write outrider: { all_addresses: ... }'],
  ['modules: {m: {prober: http, http: {source_ip_address: 127.0.0.1}}}', 'write outrider: { source_ip_address: ... }'],
])('%s is refused as blackbox_exporter does, and told where the key stands', (text, hint) => {
  const refusal = refusalOf(text);
  expect(refusal).toMatch(
    /^error parsing config file: yaml: unmarshal errors:\n {2}line 1: field \w+ not found in type config\.plain\n/,
  );
  expect(refusal).toContain(hint);
});
