// Holds the reading of a blackbox.yml to what blackbox_exporter 0.28 accepts and refuses (its config/config_test.go, restated as data).
import { describe, expect, test } from 'vitest';
import { acceptsEncoding } from '../config/encoding.ts';
import { printBlackboxConfig, readBlackboxConfig } from '../config/read.ts';
import { base2Bytes, formatBase2Bytes } from '../go/bytes.ts';
import { celProgram } from '../go/cel.ts';
import { formatGoDuration, goDuration } from '../go/duration.ts';
import { expand, goRegexp } from '../go/regexp.ts';

const module = (prober: string, block: string): string =>
  `modules:\n  m:\n    prober: ${prober}\n    ${prober}:\n${block.replace(/^/gm, '      ')}\n`;

const read = (text: string) => readBlackboxConfig(text).modules;

const only = (text: string) => {
  const found = read(text).get('m');
  if (found === undefined) throw new Error('no module m');
  return found;
};

const REFUSED: readonly (readonly [string, string])[] = [
  [
    'modules:\n  m:\n    prober: tcp\n    tpc: {}\n',
    'yaml: unmarshal errors:\n  line 4: field tpc not found in type config.plain',
  ],
  ['module: {}\n', 'yaml: unmarshal errors:\n  line 1: field module not found in type config.plain'],
  [
    'modules:\n  m:\n    prober: tcp\n    prober: http\n',
    'yaml: unmarshal errors:\n  line 4: mapping key "prober" already defined at line 3',
  ],
  ['', 'EOF'],
  ['# nothing\n', 'EOF'],
  ['modules:\n  m:\n    prober: smtp\n', "prober 'smtp' is not valid"],
  ['modules:\n  m: {}\n', "prober '' is not valid"],
  [
    'modules:\n  m:\n    prober: tcp\n    timeout: 5\n',
    'yaml: unmarshal errors:\n  line 4: cannot unmarshal !!int `5` into time.Duration',
  ],
  [
    'modules:\n  m:\n    prober: tcp\n    timeout: 1d\n',
    'yaml: unmarshal errors:\n  line 4: cannot unmarshal !!str `1d` into time.Duration',
  ],
  [
    module('http', 'valid_status_codes: 200'),
    'yaml: unmarshal errors:\n  line 5: cannot unmarshal !!int `200` into []int',
  ],
  [module('http', 'fail_if_ssl: maybe'), 'yaml: unmarshal errors:\n  line 5: cannot unmarshal !!str `maybe` into bool'],
  [
    module('http', 'bearer_token: a\nbearer_token_file: b'),
    'at most one of bearer_token & bearer_token_file must be configured',
  ],
  [
    module('http', 'basic_auth: {username: a, username_file: b}'),
    'at most one of basic_auth username, username_file & username_ref must be configured',
  ],
  [
    module('http', 'authorization: {type: Basic, credentials: x}'),
    'authorization type cannot be set to "basic", use "basic_auth" instead',
  ],
  [module('http', 'oauth2: {client_id: a}'), 'oauth2 token_url must be configured'],
  [module('http', 'no_proxy: a'), 'if no_proxy is configured, proxy_url must also be configured'],
  [module('http', 'http_headers: {host: {values: [a]}}'), 'setting header "Host" is not allowed'],
  [
    module('http', 'tls_config: {cert_file: a}'),
    'exactly one of key or key_file must be configured when a client certificate is configured',
  ],
  [module('http', 'tls_config: {min_version: TLS9}'), 'unknown TLS version: TLS9'],
  [module('http', 'body: a\nbody_file: b'), 'setting body and body_file both are not allowed'],
  [
    module('http', 'compression: gzip\nheaders: {accEpt-enCoding: deflate}'),
    'invalid configuration "accEpt-enCoding: deflate", "compression: gzip"',
  ],
  [
    module('http', 'valid_http_versions: [HTTP/3.0]'),
    'HTTP/3 cannot be used as a valid HTTP version when enable_http3 is false',
  ],
  [module('http', 'enable_http3: yes'), 'when enable_http3 is true, enable_http2 must be set to false'],
  [module('http', "fail_if_body_matches_regexp: [':[']"), '"Could not compile regular expression" regexp=":["'],
  [module('http', "fail_if_body_matches_regexp: ['(?=a)']"), '"Could not compile regular expression" regexp="(?=a)"'],
  [module('http', 'fail_if_body_json_matches_cel: foo.bar'), '"Could not compile CEL program" expression="foo.bar"'],
  [module('http', 'fail_if_header_matches: [{regexp: a}]'), 'header name must be set for HTTP header matchers'],
  [module('http', 'fail_if_header_matches: [{header: a}]'), 'regexp must be set for HTTP header matchers'],
  [module('dns', 'query_type: A'), 'query name must be set for DNS module'],
  [module('dns', 'query_name: a\nquery_class: X'), "query class 'X' is not valid"],
  [module('dns', 'query_name: a\nquery_type: a'), "query type 'a' is not valid"],
  [module('icmp', 'ttl: -1'), '"ttl" cannot be negative'],
  [module('icmp', 'ttl: 256'), '"ttl" cannot exceed 255'],
  [module('tcp', 'query_response: [{expect: a, expect_bytes: b}]'), 'expect and expect_bytes are mutually exclusive'],
  [module('websocket', "query_response: [{expect: ':['}]"), '"Could not compile regular expression" regexp=":["'],
];

describe('a blackbox.yml', () => {
  test.each(REFUSED)('refuses %j', (text, words) => {
    expect(() => readBlackboxConfig(text)).toThrow(new Error(`error parsing config file: ${words}`));
  });

  test('takes empty blocks, words of YAML 1.1, anchors and merged keys', () => {
    const modules = read(`modules:
  a: &a
    prober: http
    timeout: 1m30s
    http: &h
      fail_if_ssl: on
      ip_protocol_fallback: "no"
      valid_status_codes: [200, 0x12c]
  b:
    <<: *a
    timeout: 500ms
    http:
      <<: *h
      fail_if_ssl: n
  c:
    prober: tcp
    http:
`);
    expect(modules.get('a')).toMatchObject({
      timeout: 90_000,
      http: { fail_if_ssl: true, ip_protocol_fallback: false, valid_status_codes: [200, 300] },
    });
    expect(modules.get('b')).toMatchObject({
      prober: 'http',
      timeout: 500,
      http: { fail_if_ssl: false, ip_protocol_fallback: false },
    });
    expect(modules.get('c')).toMatchObject({
      prober: 'tcp',
      http: { ip_protocol_fallback: true, follow_redirects: true },
    });
  });

  test("has the exporter's defaults, and a grpc module without block falls back to nothing", () => {
    expect(only('modules: {m: {prober: grpc}}').grpc.ip_protocol_fallback).toBe(false);
    expect(only('modules: {m: {prober: grpc, grpc: {}}}').grpc.ip_protocol_fallback).toBe(true);
    expect(only('modules: {m: {prober: icmp}}').icmp.ttl).toBe(64);
    expect(only(module('dns', 'query_name: a')).dns).toMatchObject({ recursion_desired: true, transport_protocol: '' });
  });

  test('keeps bytes as they are, an empty pattern apart from none, and makes a bearer token an authorization', () => {
    const [first, second] = only(module('tcp', 'query_response: [{send: !!binary AAAACATSFi8=}, {expect: ""}]')).tcp
      .query_response;
    expect(first?.send.toString('hex')).toBe('0000000804d2162f');
    expect(first?.expect).toBeNull();
    expect(second?.expect?.test('anything')).toBe(true);
    expect(only(module('http', 'bearer_token: x')).http.authorization).toMatchObject({
      type: 'Bearer',
      credentials: 'x',
    });
    expect(only(module('http', 'no_follow_redirects: true')).http).toMatchObject({
      follow_redirects: false,
      no_follow_redirects: null,
    });
  });

  test('an alias that multiplies is refused', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefg'].map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[at]}`).join(',')}]`).join('\n')}\n`;
    const claims = module(
      'http',
      `oauth2:\n  client_id: a\n  token_url: b\n  claims:\n${bomb.replace(/^/gm, '    ').trimEnd()}`,
    );
    expect(() => readBlackboxConfig(claims)).toThrow('excessive aliasing');
  });

  test('prints no secret', () => {
    const secret = 'canary-7f3a';
    const text = printBlackboxConfig(
      readBlackboxConfig(
        module(
          'http',
          `basic_auth: {username: u, password: ${secret}}\nproxy_url: http://u:${secret}@p:1\nproxy_connect_header: {a: [${secret}]}\ntls_config: {key: ${secret}, cert: c}\nhttp_headers: {X: {secrets: [${secret}]}}`,
        ),
      ),
    );
    expect(text).not.toContain(secret);
    expect(text).toContain('password: <secret>');
    expect(text).toContain('proxy_url: http://u:xxxxx@p:1');
  });
});

test.each([
  ['5s', 5000],
  ['1m30s', 90_000],
  ['9500ms', 9500],
  ['1.5s', 1500],
  ['500us', 0.5],
  ['-2h', -7_200_000],
  ['0', 0],
  ['+.5s', 500],
  ['5', null],
  ['1d', null],
  ['', null],
  ['s', null],
  ['.s', null],
  ['1s ', null],
])('the duration %j is %s ms', (text, ms) => expect(goDuration(text)).toBe(ms));

test.each([
  [5000, '5s'],
  [90_000, '1m30s'],
  [3_600_000, '1h0m0s'],
  [500, '500ms'],
  [0.5, '500µs'],
  [1500, '1.5s'],
  [0, '0s'],
])('%s ms is printed as %s', (ms, text) => expect(formatGoDuration(ms)).toBe(text));

test.each([
  ['1MB', 1_048_576n, '1MiB'],
  ['1MB512KB', 1_572_864n, '1MiB512KiB'],
  ['512KiB', 524_288n, '512KiB'],
  ['0', 0n, '0B'],
  ['10', null, ''],
  ['1kB', null, ''],
  ['1.5KB', 1536n, '1KiB512B'],
])('the size %s is %s', (text, bytes, printed) => {
  expect(base2Bytes(text)).toBe(bytes);
  if (bytes !== null) expect(formatBase2Bytes(bytes)).toBe(printed);
});

test.each([
  ['', 'gzip', true],
  ['gzip', 'gzip', true],
  ['gzip', 'gzip;q=1.0', true],
  ['gzip', 'compress, gzip', true],
  ['br', 'gzip, compress', false],
  ['br', 'gzip, compress, *', true],
  ['br', 'gzip, compress, *;q=0.1', true],
  ['br', 'gzip, compress, br;q=0.0', false],
  ['br', 'gzip, compress, *;q=0.0', false],
  ['br', '*;q=0.0, compress;q=0.5, br;q=0.1, gzip;q=1.0', true],
  ['br', ' gzip;q=1.0, compress; q=0.5, br;q=0.1, *; q=0.0 ', true],
])('%j within Accept-Encoding %j: %s', (encoding, header, accepted) =>
  expect(acceptsEncoding(encoding, header)).toBe(accepted),
);

test('a condition is over the body alone, and an evaluation that fails is null', () => {
  expect(celProgram('foo.bar')).toBeNull();
  expect(celProgram('')).toBeNull();
  const program = celProgram("body.state == 'ok' && body.n > 2");
  expect(program?.evaluate({ state: 'ok', n: 3 })).toBe(true);
  expect(program?.evaluate({ state: 'bad', n: 3 })).toBe(false);
  expect(program?.evaluate({ n: 3 })).toBeNull();
  expect(celProgram('body.n')?.evaluate({ n: 3 })).toBeNull();
});

test('what a pattern matched is put where the template says', () => {
  const match = goRegexp('^PING (?P<who>\\w+) (x)?')?.match('PING abc ');
  expect(match).not.toBeNull();
  if (match === null || match === undefined) return;
  expect(expand('PONG ${1}! $who $$ $2. $nobody. $1x ${who}x $', match)).toBe('PONG abc! abc $ . .  abcx $');
});
