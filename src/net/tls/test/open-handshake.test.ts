import { randomBytes, X509Certificate } from 'node:crypto';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../../demo/pki/authority.ts';
import { issue } from '../../../demo/pki/certificate.ts';
import { ecKeys, rsaKeys } from '../../../demo/pki/keys.ts';
import { Secret } from '../../../model/secret.ts';
import { type Endpoint, endpointId } from '../../../model/target.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { fingerprintOf } from '../../sample/chain-walk.ts';
import { clientIdentity, startDeafPort, startTcp, startTls, type TestServer } from '../../sample/test/servers.ts';
import { openHandshake } from '../open-handshake.ts';

const NAME = 'sampled.example' as DnsName;
const OTHER = 'other.example' as DnsName;
const DAY_MS = 86_400_000;
const still = new AbortController().signal;

const authority = createAuthority('Twin Test', Date.now());
function identityOf(keys: ReturnType<typeof ecKeys>, name: string) {
  const dates = { notBefore: Date.now() - DAY_MS, notAfter: Date.now() + DAY_MS };
  const subject = { commonName: name, ...keys };
  const leaf = issue({ subject, issuer: authority.intermediate, ...dates, names: [name] });
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { der: leaf.der, cert: leaf.pem + authority.intermediateCertificate.pem, key };
}
const ec = identityOf(ecKeys(), NAME);
const rsa = identityOf(await rsaKeys(), NAME);
const other = identityOf(ecKeys(), OTHER);
const twins = { cert: [ec.cert, rsa.cert], key: [ec.key, rsa.key] };

const keepOpen = (): void => undefined;
const at = ({ address, port }: Pick<TestServer, 'address' | 'port'>): Endpoint => ({
  ...{ id: endpointId(address as IpAddress, port), address: address as IpAddress, port, family: 4 },
  ...{ zone: null, zoneSource: null, ttlSeconds: null },
});

function opened(change: Partial<Parameters<typeof openHandshake>[0]> = {}) {
  const meter = createMeter();
  const options = {
    servername: NAME,
    alpn: ['h2', 'http/1.1'],
    starttls: null,
    host: NAME,
    ...change,
  };
  return { meter, shake: openHandshake({ identity: null, timeoutMs: 2000, meter, ...options }) };
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s', (maxVersion) => {
  test.each([
    ['rsa', rsa.der],
    ['ecdsa', ec.der],
  ] as const)(
    'a server with certificates of two key types is asked for the one with a key of type %s',
    async (keyType, der) => {
      await using server = await startTls(keepOpen, twins);
      const { facts, problem } = await opened().shake(at(server), { keyType, maxVersion }, still);
      expect(problem).toBeNull();
      expect(facts?.protocol).toBe(maxVersion);
      expect(facts?.chainSent).toEqual([fingerprintOf(der), fingerprintOf(authority.intermediateCertificate.der)]);
    },
  );

  test('a server without a certificate of that type refuses, and what it says is kept', async () => {
    await using server = await startTls(keepOpen, { cert: ec.cert, key: ec.key });
    const { facts, problem } = await opened().shake(at(server), { keyType: 'rsa', maxVersion }, still);
    expect(facts).toBeNull();
    expect(problem?.code).toBe('tls-alert');
  });

  test('a session is taken up again where its ticket is known, and nowhere else', async () => {
    const ticketKeys = randomBytes(48);
    await using first = await startTls(keepOpen, { ticketKeys });
    await using sister = await startTls(keepOpen, { ticketKeys });
    await using stranger = await startTls(keepOpen);
    const { shake } = opened();
    const fresh = await shake(at(first), { maxVersion }, still);
    if (fresh.session === null) throw new Error('no session');
    const resume = fresh.session;
    const again = await shake(at(first), { maxVersion, resume }, still);
    const beside = await shake(at(sister), { maxVersion, resume }, still);
    const elsewhere = await shake(at(stranger), { maxVersion, resume }, still);
    expect([fresh, again, beside, elsewhere].map(({ resumed }) => resumed)).toEqual([false, true, true, false]);
    expect([fresh, again, beside, elsewhere].map(({ problem }) => problem)).toEqual([null, null, null, null]);
    expect(again.facts?.chainSent).toEqual([]);
    const name = ticketKeys.subarray(0, 16).toString('hex');
    expect(new Set(fresh.tickets.map((ticket) => Buffer.from(ticket).toString('hex')))).toEqual(new Set([name]));
    expect(elsewhere.tickets.map((ticket) => Buffer.from(ticket).toString('hex'))).not.toContain(name);
    expect(fresh.ticketLifetimeSeconds).toBeGreaterThan(0);
    expect(fresh.earlyDataBytes).toBe(maxVersion === 'TLSv1.3' ? 0 : null);
  });
});

test.each([
  ['no roots', [], 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  ['its root', [authority.rootCertificate.der], null],
])('what is said of trust rests on %s where they are given', async (_, roots, verifyError) => {
  await using server = await startTls(keepOpen, { cert: ec.cert, key: ec.key });
  const { facts } = await opened().shake(at(server), { roots }, still);
  expect(facts?.verifyError).toBe(verifyError);
});

test('what a session holds is not to be had: neither by looking nor by printing', async () => {
  await using server = await startTls(keepOpen);
  const { session } = await opened().shake(at(server), {}, still);
  expect(session).not.toBeNull();
  expect(JSON.stringify(session)).toBe('{}');
  expect(Reflect.ownKeys(session ?? {})).toEqual([]);
});

test('another name, no name, and the name of the ride', async () => {
  const contexts: Readonly<Record<string, TlsOptions>> = { [OTHER]: other };
  const SNICallback: TlsOptions['SNICallback'] = (name, done) =>
    done(null, contexts[name] === undefined ? undefined : createSecureContext(contexts[name]));
  await using server = await startTls(keepOpen, { SNICallback });
  const { shake } = opened();
  const named = await shake(at(server), {}, still);
  const without = await shake(at(server), { servername: null }, still);
  const another = await shake(at(server), { servername: OTHER }, still);
  expect([named, without, another].map(({ facts }) => facts?.servername)).toEqual([NAME, null, OTHER]);
  expect(without.facts?.chainSent).toEqual(named.facts?.chainSent);
  expect(another.facts?.chainSent[0]).toBe(fingerprintOf(other.der));
  expect([...another.certificates.keys()]).toEqual(another.facts?.chainSent);
});

test('ALPN is offered as in the ride, or as asked for', async () => {
  await using server = await startTls(keepOpen, { ALPNProtocols: ['h2', 'http/1.1'] });
  const { shake } = opened();
  const both = await shake(at(server), {}, still);
  const one = await shake(at(server), { alpn: ['http/1.1'] }, still);
  const strange = await shake(at(server), { alpn: ['smtp'] }, still);
  expect([both, one].map(({ facts }) => facts?.alpn)).toEqual(['h2', 'http/1.1']);
  expect(strange.problem?.code).toBe('tls-alert');
});

test('the moments follow each other, and every connection is counted', async () => {
  await using server = await startTls(keepOpen);
  const { meter, shake } = opened();
  const { connectMs, answerMs, finishedMs } = await shake(at(server), { groups: ['X25519'] }, still);
  expect(connectMs).toBeGreaterThan(0);
  expect(answerMs).toBeGreaterThan(0);
  expect(finishedMs).toBeGreaterThanOrEqual(answerMs ?? Number.POSITIVE_INFINITY);
  const { connections, requests, bytesSent, bytesReceived } = meter.read();
  expect({ connections, requests }).toEqual({ connections: 1, requests: 0 });
  expect(Math.min(bytesSent, bytesReceived)).toBeGreaterThan(200);
});

test('a server that wants a certificate of ours gets that of the ride; one that refuses it has shown its own', async () => {
  const { certificatePem, keyPem } = clientIdentity;
  const identity = { certificatePem, key: new Secret('client key', keyPem) };
  const seen: (string | undefined)[] = [];
  const maxVersion = 'TLSv1.2';
  await using server = await startTls((socket) => seen.push(socket.getPeerX509Certificate()?.fingerprint256), {
    ...{ requestCert: true, rejectUnauthorized: false, maxVersion },
  });
  const { problem } = await opened({ identity }).shake(at(server), {}, still);
  expect(problem).toBeNull();
  expect(seen).toEqual([new X509Certificate(certificatePem).fingerprint256]);
  await using strict = await startTls(keepOpen, { requestCert: true, rejectUnauthorized: true, maxVersion });
  const refused = await opened().shake(at(strict), {}, still);
  expect(refused.problem?.step).toBe('tls');
  expect(refused.facts?.chainSent).toHaveLength(2);
});

test('what is no TLS, hangs, or says nothing is a problem and no more', async () => {
  await using plain = await startTcp((socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await using deaf = await startDeafPort();
  await using silent = await startTcp(keepOpen);
  const { shake } = opened({ timeoutMs: 150 });
  const codes = [];
  for (const server of [plain, deaf, silent]) codes.push((await shake(at(server), {}, still)).problem?.code);
  expect(codes).toEqual(['not-tls', 'connect-timeout', 'tls-timeout']);
  expect((await shake(at(silent), {}, AbortSignal.abort())).problem?.code).toBe('cancelled');
});
