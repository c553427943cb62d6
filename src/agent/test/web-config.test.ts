// Holds how the agent's pages are guarded: what the file refuses, TLS and its renewal, callers' certificates, users, a rate. On real servers.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as ask } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../demo/pki/authority.ts';
import { issue } from '../../demo/pki/certificate.ts';
import { ecKeys } from '../../demo/pki/keys.ts';
import { openGatekeeper } from '../gatekeeper.ts';
import { type Listening, listen } from '../server.ts';
import { readWebConfig } from '../web-config.ts';

const HASH = hashSync('right', 4);

test.each([
  ['tls_server_config: {cert: a}', 'missing one of key or key_file'],
  ['tls_server_config: {key: a}', 'missing one of cert or cert_file'],
  ['tls_server_config: {cert: a, key: b}', 'failed to load X509KeyPair'],
  ['tls_server_config: {cert_file: gone.pem, key: b}', 'failed to read cert_file'],
  ['tls_server_config: {cert: a, key: b, client_auth_type: Maybe}', 'invalid ClientAuth: Maybe'],
  [
    'tls_server_config: {cert: a, key: b, client_ca: c}',
    "client CA's have been configured without a Client Auth Policy",
  ],
  ['tls_server_config: {cipher_suites: [RC4]}', 'unknown cipher: RC4'],
  ['tls_server_config: {curve_preferences: [P-256]}', 'unknown curve: P-256'],
  ['tls_server_config: {min_version: SSL30}', 'unknown TLS version: SSL30'],
  ['http_server_config: {headers: {X-Own: a}}', 'HTTP header "X-Own" can not be configured'],
  ['http_server_config: {headers: {X-Frame-Options: maybe}}', 'invalid value for X-Frame-Options'],
  ['basic_auth_users: {a: plain}', 'is no bcrypt hash'],
  ['users: {}', 'line 1: field users not found in type web.Config'],
  ['rate_limit: {interval: soon}', 'is no duration'],
])('%s is refused', (text, words) => expect(() => readWebConfig(text, '.')).toThrow(words));

describe('the gatekeeper', () => {
  const basic = (user: string, password: string): string =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

  test('lets in who knows a password, and nobody else', async () => {
    const { users, rate } = readWebConfig(`basic_auth_users: {u: '${HASH}'}`, '.');
    const mayPass = openGatekeeper({ users, rate }, () => 0);
    expect(await mayPass(basic('u', 'right'))).toEqual({ status: null, caller: 'u' });
    expect(await mayPass(basic('u', 'right'))).toEqual({ status: null, caller: 'u' });
    for (const wrong of [
      undefined,
      '',
      'Bearer x',
      basic('u', 'wrong'),
      basic('v', 'right'),
      'Basic !',
      basic('u', `right${'x'.repeat(80)}`),
    ])
      expect(await mayPass(wrong)).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Basic' } });
  });

  test('nobody has the password of nobody', async () => {
    const mayPass = openGatekeeper({ users: new Map([['u', HASH]]), rate: null }, () => 0);
    for (const guess of ['', 'fakepassword', 'password'])
      expect(await mayPass(basic('ghost', guess))).toMatchObject({ status: 401 });
  });

  test('lets so many through, and one more each interval', async () => {
    let nowMs = 0;
    const mayPass = openGatekeeper(readWebConfig('rate_limit: {burst: 2, interval: 1s}', '.'), () => nowMs);
    const statuses = async (count: number) =>
      Promise.all(Array.from({ length: count }, async () => (await mayPass(undefined)).status ?? 200));
    expect(await statuses(3)).toEqual([200, 200, 429]);
    nowMs = 1000;
    expect(await statuses(2)).toEqual([200, 429]);
  });
});

const folder = mkdtempSync(join(tmpdir(), 'outrider-web-'));
afterAll(() => rmSync(folder, { recursive: true }));
const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(0)));
});

describe('over TLS', () => {
  const authority = createAuthority('Web', Date.now());
  const ca = authority.rootCertificate.pem;
  const identity = (name: string) => {
    const subject = { commonName: name, ...ecKeys() };
    const [notBefore, notAfter] = [Date.now() - 86_400_000, Date.now() + 86_400_000];
    const leaf = issue({
      subject,
      issuer: authority.intermediate,
      notBefore,
      notAfter,
      names: [name],
      ...(name === 'caller.example' ? { isClient: true } : {}),
    });
    return {
      cert: leaf.pem + authority.intermediateCertificate.pem,
      key: subject.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    };
  };
  const served = async (more: string): Promise<number> => {
    const { cert, key } = identity('agent.example');
    writeFileSync(join(folder, 'cert.pem'), cert);
    writeFileSync(join(folder, 'key.pem'), key);
    writeFileSync(join(folder, 'ca.pem'), ca);
    const web = readWebConfig(
      `tls_server_config: {cert_file: cert.pem, key_file: key.pem${more}}\nhttp_server_config: {headers: {X-Frame-Options: deny}}`,
      folder,
    );
    const server = await listen(
      { host: '127.0.0.1', port: 0 },
      async ({ caller }) => ({ status: 200, contentType: 'text/plain', body: caller ?? 'nobody' }),
      web,
    );
    open.push(server);
    return server.port;
  };
  const get = (port: number, own: { cert?: string; key?: string } = {}) =>
    new Promise<{
      readonly status: number | undefined;
      readonly frame: unknown;
      readonly serial: string;
      readonly text: string;
    }>((resolve, reject) => {
      const request = ask(
        { host: '127.0.0.1', port, ca, servername: 'agent.example', agent: false, ...own },
        (response) => {
          const serial = (response.socket as import('node:tls').TLSSocket).getPeerCertificate().serialNumber;
          let text = '';
          response
            .setEncoding('utf8')
            .on('data', (part: string) => {
              text += part;
            })
            .once('end', () =>
              resolve({ status: response.statusCode, frame: response.headers['x-frame-options'], serial, text }),
            );
        },
      );
      request.once('error', reject).end();
    });

  test('answers with the headers that were given, and with a certificate that was renewed', async () => {
    const port = await served('');
    const before = await get(port);
    expect(before).toMatchObject({ status: 200, frame: 'deny' });
    const renewed = identity('agent.example');
    writeFileSync(join(folder, 'cert.pem'), renewed.cert);
    writeFileSync(join(folder, 'key.pem'), renewed.key);
    await expect.poll(async () => (await get(port)).serial, { timeout: 10_000 }).not.toBe(before.serial);
  });

  test.each([
    ['RequireAndVerifyClientCert', '', 'none', false],
    ['RequireAndVerifyClientCert', '', 'caller.example', true],
    ['RequireAndVerifyClientCert', ', client_allowed_sans: [other.example]', 'caller.example', false],
    ['RequireAndVerifyClientCert', ', client_allowed_sans: [caller.example]', 'caller.example', true],
    ['VerifyClientCertIfGiven', '', 'none', true],
    ['RequireAnyClientCert', '', 'caller.example', true],
    ['RequireAnyClientCert', '', 'none', false],
  ])('%s%s lets %s in: %s', async (type, more, caller, welcome) => {
    const port = await served(`, client_auth_type: ${type}, client_ca_file: ca.pem${more}`);
    const asked = get(port, caller === 'none' ? {} : identity(caller));
    if (welcome) expect((await asked).status).toBe(200);
    else await expect(asked).rejects.toThrow();
  });

  test.each([
    ['RequireAndVerifyClientCert', 'caller.example', 'caller.example'],
    ['VerifyClientCertIfGiven', 'caller.example', 'caller.example'],
    ['VerifyClientCertIfGiven', 'none', 'nobody'],
    // Who made it nobody has looked at.
    ['RequireAnyClientCert', 'caller.example', 'nobody'],
  ])('%s knows %s as %s', async (type, caller, known) => {
    const port = await served(`, client_auth_type: ${type}, client_ca_file: ca.pem`);
    expect((await get(port, caller === 'none' ? {} : identity(caller))).text).toBe(known);
  });
});
