// Holds the http prober to what blackbox_exporter returns, on real servers: status, redirects, bodies, headers, encodings, TLS.
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { rootPem, serverIdentity } from '../../net/sample/test/servers.ts';
import { readBlackboxConfig } from '../config/read.ts';
import { answerProbe } from '../handler.ts';
import { openHistory } from '../history.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listening(server: Server): Promise<number> {
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

const serve = (handler: Handler): Promise<number> => listening(createServer(handler));

async function probe(
  target: string,
  http = '{}',
  query = '',
  timeout = '5s',
): Promise<{ readonly of: (name: string) => string | undefined; readonly body: string }> {
  const config = readBlackboxConfig(`modules: {m: {prober: http, timeout: ${timeout}, http: ${http}}}`);
  const { body } = await answerProbe(
    {
      query: new URLSearchParams(`module=m&target=${encodeURIComponent(target)}${query}`),
      scrapeTimeout: undefined,
      exposition: 'text',
    },
    {
      config,
      history: openHistory(1),
      resolve: async (name) => {
        if (name.endsWith('.example')) return ['127.0.0.1'];
        throw new Error(`lookup ${name}: no such host`);
      },
      allows: () => null,
      rootsPem: null,
      wallClockMs: () => 0,
      userAgent: 'agent/1',
      quirks: true,
      env: {},
      timeoutOffsetSeconds: 0.5,
      logLevel: 'debug',
      networks: null,
      onUnknownModule: () => undefined,
      onFlap: () => undefined,
      signal: new AbortController().signal,
    },
  );
  return {
    body,
    of: (name) =>
      body
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length + 1),
  };
}

const text =
  (body: string | Buffer, headers: Record<string, string> = {}, status = 200): Handler =>
  (_request, response) => {
    response.writeHead(status, headers).end(body);
  };

describe('the http prober', () => {
  test('says what came back', async () => {
    const port = await serve(
      text('hello', { 'content-length': '5', 'last-modified': 'Tue, 01 Sep 2026 00:00:00 GMT' }),
    );
    const { of } = await probe(`http://x.example:${port}`);
    expect(of('probe_success')).toBe('1');
    expect(of('probe_http_status_code')).toBe('200');
    expect(of('probe_http_version')).toBe('1.1');
    expect(of('probe_http_ssl')).toBe('0');
    expect(of('probe_http_redirects')).toBe('0');
    expect(of('probe_http_content_length')).toBe('5');
    expect(of('probe_http_uncompressed_body_length')).toBe('5');
    expect(of('probe_http_last_modified_timestamp_seconds')).toBe('1.7882208e+09');
    expect(of('probe_ip_protocol')).toBe('4');
    for (const phase of ['resolve', 'connect', 'processing', 'transfer'])
      expect(Number(of(`probe_http_duration_seconds{phase="${phase}"}`))).toBeGreaterThan(0);
    expect(of('probe_http_duration_seconds{phase="tls"}')).toBe('0');
  });

  test('sends the name it was asked for to the address it chose, and its own name', async () => {
    let seen: IncomingMessage['headers'] = {};
    const port = await serve((request, response) => {
      seen = request.headers;
      response.end();
    });
    await probe(
      `x.example:${port}/a?b`,
      '{headers: {X-Own: one}, http_headers: {X-More: {values: [two], secrets: [three]}}, bearer_token: t}',
    );
    expect(seen).toMatchObject({
      host: `x.example:${port}`,
      'user-agent': 'agent/1',
      'x-own': 'one',
      'x-more': 'two, three',
      authorization: 'Bearer t',
    });
    await probe(
      `http://127.0.0.1:${port}`,
      '{basic_auth: {username: u, password: p}, method: POST, body: abc}',
      '&hostname=other.example',
    );
    expect(seen).toMatchObject({
      host: 'other.example',
      authorization: `Basic ${Buffer.from('u:p').toString('base64')}`,
      'content-length': '3',
    });
  });

  test.each([
    [200, '{}', '1'],
    [204, '{}', '1'],
    [404, '{}', '0'],
    [404, '{valid_status_codes: [404, 410]}', '1'],
    [200, '{valid_status_codes: [404, 410]}', '0'],
    [200, '{valid_http_versions: [HTTP/2.0]}', '0'],
    [200, '{valid_http_versions: [HTTP/1.1]}', '1'],
    [200, '{fail_if_not_ssl: true}', '0'],
    [200, '{fail_if_ssl: true}', '1'],
  ])('a status of %s under %s: %s', async (status, http, success) => {
    const port = await serve(text('', {}, status));
    const { of } = await probe(`127.0.0.1:${port}`, http);
    expect(of('probe_success')).toBe(success);
    expect(of('probe_http_status_code')).toBe(String(status));
  });

  test('follows redirects with their cookies, counts them, and leaves credentials behind at another host', async () => {
    const seen: (readonly [string | undefined, string | undefined, string | undefined])[] = [];
    const port = await serve((request, response) => {
      seen.push([request.url, request.headers.cookie, request.headers.authorization]);
      if (request.url === '/') response.writeHead(302, { location: '/next', 'set-cookie': 'k=v' }).end();
      else if (request.url === '/next')
        response.writeHead(307, { location: `http://other.example:${port}/last` }).end();
      else response.end('there');
    });
    const { of } = await probe(`127.0.0.1:${port}`, '{bearer_token: t}');
    expect(of('probe_http_redirects')).toBe('2');
    expect(of('probe_success')).toBe('1');
    expect(seen).toEqual([
      ['/', undefined, 'Bearer t'],
      ['/next', 'k=v', 'Bearer t'],
      ['/last', undefined, undefined],
    ]);
  });

  test('judges a redirect that is not followed, and gives up after ten', async () => {
    const port = await serve(text('', { location: '/' }, 301));
    const kept = await probe(`127.0.0.1:${port}`, '{follow_redirects: false, valid_status_codes: [301]}');
    expect([kept.of('probe_success'), kept.of('probe_http_redirects')]).toEqual(['1', '1']);
    const round = await probe(`127.0.0.1:${port}`);
    expect([round.of('probe_success'), round.of('probe_http_redirects'), round.of('probe_http_status_code')]).toEqual([
      '0',
      '11',
      '301',
    ]);
  });

  test.each([
    ['{fail_if_body_matches_regexp: [bad]}', '1', '0'],
    ['{fail_if_body_matches_regexp: [fine]}', '0', '1'],
    ['{fail_if_body_not_matches_regexp: [fine]}', '1', '0'],
    ['{fail_if_body_not_matches_regexp: [fine, "(?i)BAD"]}', '0', '1'],
    ['{fail_if_header_matches: [{header: x-state, regexp: "^warm"}]}', '0', '1'],
    ['{fail_if_header_not_matches: [{header: X-State, regexp: "^warm"}]}', '1', '0'],
    ['{fail_if_header_not_matches: [{header: X-Gone, regexp: a}]}', '0', '1'],
    ['{fail_if_header_not_matches: [{header: X-Gone, regexp: a, allow_missing: true}]}', '1', '0'],
  ])('%s: success %s, due to a pattern %s', async (http, success, due) => {
    const port = await serve(text('all is fine', { 'x-state': 'warm' }));
    const { of } = await probe(`127.0.0.1:${port}`, http);
    expect([of('probe_success'), of('probe_failed_due_to_regex')]).toEqual([success, due]);
  });

  test.each([
    ["body.state == 'ok'", '{"state":"ok"}', '0', '1'],
    ["body.state == 'bad'", '{"state":"ok"}', '1', '0'],
    ['body.gone == 1', '{"state":"ok"}', '0', '1'],
    ['body.state', '{"state":"ok"}', '0', '1'],
    ['true', 'no JSON', '0', '1'],
  ])('the condition %s over %s: success %s, due to CEL %s', async (cel, body, success, due) => {
    const port = await serve(text(body));
    const { of } = await probe(`127.0.0.1:${port}`, `{fail_if_body_json_matches_cel: ${JSON.stringify(cel)}}`);
    expect([of('probe_success'), of('probe_failed_due_to_cel')]).toEqual([success, due]);
    const plain = await probe(`127.0.0.1:${port}`);
    expect(plain.of('probe_failed_due_to_cel')).toBeUndefined();
  });

  const long = Buffer.alloc(5000, 'a');
  test.each([
    ['gzip', gzipSync(long), '{compression: gzip}', '1', '5000'],
    ['br', brotliCompressSync(long), '{compression: br}', '1', '5000'],
    ['deflate', deflateRawSync(long), '{compression: deflate}', '1', '5000'],
    ['none', long.subarray(0, 1000), '{compression: gzip}', '0', '0'],
    ['gzip', gzipSync(long), '{}', '1', String(gzipSync(long).byteLength)],
    ['none', long, '{body_size_limit: 1KB}', '0', '1024'],
    ['none', long, '{body_size_limit: 5000B}', '1', '5000'],
    ['gzip', gzipSync(Buffer.alloc(1_000_000)), '{compression: gzip, body_size_limit: 10KB}', '0', undefined],
  ])('a body in %s under %3$s', async (encoding, body, http, success, bytes) => {
    const port = await serve(text(body, encoding === 'none' ? {} : { 'content-encoding': encoding }));
    const { of } = await probe(`127.0.0.1:${port}`, http);
    expect(of('probe_success')).toBe(success);
    if (bytes !== undefined) expect(of('probe_http_uncompressed_body_length')).toBe(bytes);
  });

  test.each([
    ['a refusal', '127.0.0.1:1'],
    ['a name that is not', 'gone.test'],
    ['what is no URL', 'http://[::1'],
  ])('fails for %s with all its families', async (_name, target) => {
    const { of } = await probe(target);
    expect([of('probe_success'), of('probe_http_status_code'), of('probe_failed_due_to_regex')]).toEqual([
      '0',
      '0',
      '0',
    ]);
  });

  test('a silent server is given up in time, and a body that breaks off is a failure', async () => {
    const silent = await serve(() => undefined);
    const { of } = await probe(`127.0.0.1:${silent}`, '{}', '', '200ms');
    expect([of('probe_success'), of('probe_http_status_code'), of('probe_timeout_seconds')]).toEqual(['0', '0', '0.2']);
    const half = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half');
      setTimeout(() => response.destroy(), 50);
    });
    expect((await probe(`127.0.0.1:${half}`)).of('probe_success')).toBe('0');
  });
});

describe('over TLS', () => {
  const secure = async (): Promise<number> => {
    const server = createSecureServer({ ...serverIdentity, allowHTTP1: true }, (_request, response) => {
      response.end('secret');
    });
    closing.push(() => server.close());
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return (server.address() as AddressInfo).port;
  };
  const ca = JSON.stringify(rootPem);

  test('asks in HTTP/2 without what is of the connection, whatever the module names', async () => {
    let came: IncomingHttpHeaders = {};
    const server = createSecureServer({ ...serverIdentity }, ({ headers }, response) => {
      came = headers;
      response.end();
    });
    closing.push(() => server.close());
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    const fields =
      '{Content-Length: "9", Keep-Alive: x, Transfer-Encoding: chunked, Connection: keep-alive, User-Agent: "", X-A: é}';
    const { of } = await probe(
      `https://sampled.example:${port}`,
      `{method: POST, body: abc, headers: ${fields}, tls_config: {ca: ${ca}}}`,
    );
    expect([of('probe_success'), of('probe_http_version')]).toEqual(['1', '2']);
    const { ':path': path, ':method': method, 'content-length': length, 'x-a': told, ...more } = came;
    expect([path, method, length, told]).toEqual(['/', 'POST', '3', Buffer.from('é').toString('latin1')]);
    expect(Object.keys(more).toSorted()).toEqual([':authority', ':scheme']);
  });

  test('tells the head of an answer in HTTP/2 whose body is cut', async () => {
    const server = createSecureServer({ ...serverIdentity }, (_request, response) => {
      response.writeHead(200, { 'content-length': '9' });
      response.write('half', () => setImmediate(() => response.stream.close(2)));
    });
    closing.push(() => server.close());
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    const { of } = await probe(`https://sampled.example:${port}`, `{tls_config: {ca: ${ca}}}`);
    const families = ['http_version', 'http_status_code', 'http_content_length', 'success'];
    expect(families.map((name) => of(`probe_${name}`))).toEqual(['2', '200', '9', '0']);
  });

  test('tells version, cipher, certificates, and the end of the verified chain', async () => {
    const port = await secure();
    const { of, body } = await probe(`https://sampled.example:${port}`, `{tls_config: {ca: ${ca}}}`);
    expect([of('probe_success'), of('probe_http_ssl'), of('probe_http_version')]).toEqual(['1', '1', '2']);
    expect(body).toContain('probe_tls_version_info{version="TLS 1.3"} 1');
    expect(body).toMatch(/probe_tls_cipher_info\{cipher="TLS_[A-Z0-9_]+"\} 1/);
    expect(body).toMatch(
      /probe_ssl_last_chain_info\{fingerprint_sha256="[0-9a-f]{64}",issuer="CN=[^"]+",serialnumber="[0-9a-f]+",subject="CN=sampled.example,O=Example KMS",subjectalternative="sampled.example"\} 1/,
    );
    const inADay = Date.now() / 1000 + 86_400;
    for (const name of ['probe_ssl_earliest_cert_expiry', 'probe_ssl_last_chain_expiry_timestamp_seconds'])
      expect(Math.abs(Number(of(name)) - inADay)).toBeLessThan(600);
    expect(Number(of('probe_http_duration_seconds{phase="tls"}'))).toBeGreaterThan(0);
    const old = await probe(
      `https://sampled.example:${port}`,
      `{enable_http2: false, tls_config: {ca: ${ca}, max_version: TLS12}}`,
    );
    expect([old.of('probe_success'), old.of('probe_http_version')]).toEqual(['1', '1.1']);
    expect(old.body).toContain('version="TLS 1.2"');
  });

  test.each([
    ['an unknown root', 'sampled.example', '{}', '0'],
    ['an unknown root that is not looked at', 'sampled.example', '{tls_config: {insecure_skip_verify: true}}', '1'],
    ['another name', 'other.example', `{tls_config: {ca: ${ca}}}`, '0'],
    [
      'another name, told the right one',
      'other.example',
      `{tls_config: {ca: ${ca}, server_name: sampled.example}}`,
      '1',
    ],
    [
      'another name, with the right Host',
      'other.example',
      `{headers: {Host: sampled.example}, tls_config: {ca: ${ca}}}`,
      '1',
    ],
    [
      'a version that is not spoken',
      'sampled.example',
      `{tls_config: {ca: ${ca}, max_version: TLS11, min_version: TLS10}}`,
      '0',
    ],
  ])('%s', async (_name, host, http, success) => {
    const { of, body } = await probe(`https://${host}:${await secure()}`, http);
    expect(of('probe_success')).toBe(success);
    if (http.includes('insecure')) expect(of('probe_ssl_last_chain_expiry_timestamp_seconds')).toBe('-6.21355968e+10');
    if (success === '0') expect(body).not.toContain('probe_tls_version_info');
    if (success === '0' && host !== 'sampled.example') expect(body).toContain('phase="tls",reason="certificate"');
  });
});

describe('says why it failed', () => {
  const why = (body: string): string => /^probe_failure_info\{(.*)\} 1$/m.exec(body)?.[1] ?? 'no word';

  test.each([
    ['nothing when it did not', 200, '{}', 'no word'],
    ['a status', 500, '{}', 'fault="target",phase="answer",reason="status"'],
    ['a body', 200, '{fail_if_body_matches_regexp: [x]}', 'fault="target",phase="answer",reason="body"'],
    [
      'a header',
      200,
      '{fail_if_header_not_matches: [{header: X, regexp: y}]}',
      'fault="target",phase="answer",reason="header"',
    ],
    ['no JSON', 200, '{fail_if_body_json_matches_cel: "true"}', 'fault="target",phase="answer",reason="json"'],
    ['no TLS', 200, '{fail_if_not_ssl: true}', 'fault="target",phase="answer",reason="not-over-tls"'],
  ])('%s', async (_name, status, http, words) => {
    const port = await serve(text('x', {}, status));
    expect(why((await probe(`127.0.0.1:${port}`, http)).body)).toBe(words);
  });

  test('a refusal, a name, a certificate, silence, and what is no TLS', async () => {
    const silent = await serve(() => undefined);
    const plain = await serve(text('x'));
    const of = async (target: string, http = '{}', timeout = '5s'): Promise<string> =>
      why((await probe(target, http, '', timeout)).body);
    expect(await of('127.0.0.1:1')).toBe('fault="target",phase="connect",reason="refused"');
    expect(await of('gone.test')).toBe('fault="target",phase="resolve",reason="no-address"');
    expect(await of(`127.0.0.1:${silent}`, '{}', '300ms')).toBe('fault="target",phase="request",reason="wait-timeout"');
    expect(await of(`https://127.0.0.1:${plain}`)).toBe('fault="target",phase="tls",reason="not-tls"');
  });
});
