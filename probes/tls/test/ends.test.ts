import { randomBytes } from 'node:crypto';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { expect, test } from 'vitest';
import { createAuthority } from '../../../src/demo/pki/authority.ts';
import { issue } from '../../../src/demo/pki/certificate.ts';
import { ecKeys, rsaKeys } from '../../../src/demo/pki/keys.ts';
import type { Observation } from '../../../src/model/journey.ts';
import { type Endpoint, endpointId, parseTarget } from '../../../src/model/target.ts';
import type { DnsName, IpAddress } from '../../../src/model/text.ts';
import type { RequestTrace } from '../../../src/model/trace.ts';
import { createMeter } from '../../../src/net/meter.ts';
import { fingerprintOf } from '../../../src/net/sample/chain-walk.ts';
import { clientIdentity, startTls, type TestServer } from '../../../src/net/sample/test/servers.ts';
import { openHandshake } from '../../../src/net/tls/open-handshake.ts';
import { contextOf } from '../../../test/support/traces.ts';
import { beside } from '../beside.ts';
import { options as defaults } from '../defaults.ts';
import { chainsIn } from '../derive.ts';
import { whereTlsEnds } from '../ends/where.ts';
import { evidenceSchema, type TlsEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';

const NAME = 'kms.example' as DnsName;
const DAY_MS = 86_400_000;
const authority = createAuthority('Ends Test', Date.now());
const wanted = { ...defaults, survey: false };

function identityOf(keys: ReturnType<typeof ecKeys>, name: string, chained = true) {
  const dates = { notBefore: Date.now() - 30 * DAY_MS, notAfter: Date.now() + DAY_MS };
  const leaf = issue({
    subject: { commonName: name, ...keys },
    issuer: authority.intermediate,
    ...dates,
    names: [name],
  });
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { der: leaf.der, cert: leaf.pem + (chained ? authority.intermediateCertificate.pem : ''), key };
}
const ec = identityOf(ecKeys(), NAME);
const rsa = identityOf(await rsaKeys(), NAME);
const lonelyRsa = identityOf(await rsaKeys(), NAME, false);
const fallback = identityOf(ecKeys(), 'default.example');
const served = { cert: ec.cert, key: ec.key };
const start = (options: TlsOptions = {}) => startTls(() => undefined, { ...served, ALPNProtocols: ['h2'], ...options });

const endpointOf = ({ address, port }: TestServer): Endpoint => ({
  ...{ id: endpointId(address as IpAddress, port), address: address as IpAddress, port, family: 4 },
  ...{ zone: null, zoneSource: null, ttlSeconds: null },
});

interface Change {
  readonly before?: readonly Observation[];
  readonly clientCertificatePem?: string;
  readonly handshakes?: boolean;
}

/** What `observe` does with a ride that saw the ECDSA certificate once at each server. */
async function evidenceOf(servers: readonly TestServer[], { handshakes = true, ...more }: Change = {}) {
  const meter = createMeter();
  const options = { ...wanted, handshakes };
  const handshake = openHandshake({
    ...{
      servername: NAME,
      alpn: ['h2', 'http/1.1'],
      starttls: null,
      host: NAME,
      identity: null,
      timeoutMs: 2000,
      meter,
    },
  });
  const endpoints = servers.map(endpointOf);
  const chainSent = [ec.der, authority.intermediateCertificate.der].map(fingerprintOf);
  const traces = endpoints.map(
    ({ id }): RequestTrace => ({
      ...{ endpoint: id, sequence: 0, startMs: 0, spans: {}, tcp: null, http: null, problem: null },
      tls: {
        ...{ protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', group: 'X25519', alpn: 'h2', servername: NAME },
        ...{ chainSent, verifyError: null, ocspStapled: false },
      },
    }),
  );
  const ders = [ec.der, authority.intermediateCertificate.der].map((der) => [fingerprintOf(der), der] as const);
  const context = contextOf(options, endpoints, traces, {
    ...{ target: parseTarget(`https://${NAME}`), startedAtMs: Date.now(), trustedRoots: () => roots, ...more },
    ride: { traces, lookups: [], certificates: new Map(ders) },
    net: { now: () => performance.now(), dns: undefined as never, handshake },
  });
  const looked = await beside(context);
  const attempt = await gather({ ...context, beside: looked });
  if (attempt.state !== 'complete') throw new Error(attempt.state);
  return { evidence: evidenceSchema.parse(JSON.parse(JSON.stringify(attempt.value))), meter };
}
const roots = [authority.rootCertificate.der];

const twinOf = ({ byEndpoint }: TlsEvidence) => byEndpoint[0]?.twin;

test('the certificate of the other key type is recorded with its chain, and judged with the others', async () => {
  await using server = await start({ cert: [ec.cert, rsa.cert], key: [ec.key, rsa.key] });
  const { evidence } = await evidenceOf([server]);
  expect(twinOf(evidence)).toMatchObject({ trusted: true, hostnameMatches: true, verdict: { valid: true } });
  expect(twinOf(evidence)?.chainSent).toEqual([rsa.der, authority.intermediateCertificate.der].map(fingerprintOf));
  expect(chainsIn(evidence).map(({ leaf }) => leaf?.keyType)).toEqual(['ec', 'rsa']);
});

test('of a twin without its intermediate OpenSSL says that it cannot verify it, and the other shows what is missing', async () => {
  await using server = await start({ cert: [ec.cert, lonelyRsa.cert], key: [ec.key, lonelyRsa.key] });
  const { evidence } = await evidenceOf([server]);
  expect(twinOf(evidence)).toMatchObject({
    trustError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    shape: { missingIntermediate: true, missingSeenAs: fingerprintOf(authority.intermediateCertificate.der) },
  });
});

test('a server of one key type has no twin, and says so', async () => {
  await using server = await start();
  const { evidence } = await evidenceOf([server]);
  expect(twinOf(evidence)).toBeUndefined();
  const looks = evidence.ends?.byEndpoint[0]?.looks ?? [];
  expect(looks.find(({ kind }) => kind === 'rsa')?.problem?.code).toBe('tls-alert');
});

test('other server names get what the server has for them', async () => {
  const named = createSecureContext(served);
  await using server = await start({
    ...fallback,
    SNICallback: (name, done) => done(null, name === NAME ? named : undefined),
  });
  const { evidence } = await evidenceOf([server]);
  const looks = evidence.ends?.byEndpoint[0]?.looks ?? [];
  const leafOf = (kind: string) => looks.find((look) => look.kind === kind)?.leaf;
  expect([leafOf('as-ride'), leafOf('unknown-name'), leafOf('no-name')]).toEqual(
    [ec.der, fallback.der, fallback.der].map(fingerprintOf),
  );
  expect(evidence.certificates[fingerprintOf(fallback.der)]?.sans).toEqual(['default.example']);
});

test('servers that share ticket keys are one domain, a server with its own is another', async () => {
  const ticketKeys = randomBytes(48);
  await using first = await start({ ticketKeys });
  await using sister = await start({ ticketKeys });
  await using stranger = await start();
  const { evidence } = await evidenceOf([first, sister, stranger]);
  if (evidence.ends === undefined) throw new Error('no handshakes');
  const [one, two, three] = [first, sister, stranger].map((server) => endpointOf(server).id);
  const where = whereTlsEnds(evidence.ends);
  expect([where.at, where.domains]).toEqual(['mixed', [[one, two], [three]]]);
  const elsewhere = evidence.ends.byEndpoint.map(
    ({ looks }) => looks.find(({ kind }) => kind === 'elsewhere')?.resumed ?? null,
  );
  expect(elsewhere).toEqual([null, true, false]);
  const again = evidence.ends.byEndpoint.map(({ looks }) => looks.find(({ kind }) => kind === 'again')?.resumed);
  expect(again).toEqual([true, true, true]);
});

test('servers that take turns behind one address are told apart by their tickets', async () => {
  const keys = [randomBytes(48), randomBytes(48)];
  let turn = 0;
  await using server = await start();
  await using turning = await startTurning(() => keys[turn++ % 2] as Buffer);
  const { evidence } = await evidenceOf([turning, server]);
  if (evidence.ends === undefined) throw new Error('no handshakes');
  const where = whereTlsEnds({ ...evidence.ends, byEndpoint: evidence.ends.byEndpoint.slice(0, 1) });
  expect(where.at).toBe('hosts');
});

/** One listener whose ticket keys are those of another server for each connection. */
async function startTurning(keysFor: () => Buffer): Promise<TestServer> {
  const { createServer } = await import('node:tls');
  const server = createServer(
    { ...served, ALPNProtocols: ['h2'] },
    (socket) => void socket.on('error', () => undefined),
  );
  server.on('tlsClientError', () => undefined);
  server.prependListener('connection', () => server.setTicketKeys(keysFor()));
  const { listen } = await import('../../../src/net/sample/test/servers.ts');
  return listen(server);
}

test('the ticket keys of an earlier journey stand beside those of this one', async () => {
  await using server = await start();
  const earlier = await evidenceOf([server]);
  const before = [
    {
      id: 'earlier',
      startedAt: '2026-11-20T12:00:00.000Z',
      evidence: { tls: earlier.evidence },
    } as unknown as Observation,
  ];
  const { evidence } = await evidenceOf([server], { before });
  const [record] = evidence.ends?.byEndpoint ?? [];
  expect(record?.earlier?.at).toBe('2026-11-20T12:00:00.000Z');
  expect(record?.looks.flatMap((look) => look.ticketKeyNames)).toContain(record?.earlier?.ticketKeyNames[0]);
});

test('at most 8 handshakes with one endpoint and 48 in all are made, none without being asked for', async () => {
  await using server = await start({ cert: [ec.cert, rsa.cert], key: [ec.key, rsa.key] });
  const quiet = await evidenceOf([server], { handshakes: false });
  expect([quiet.meter.read().connections, quiet.evidence.ends]).toEqual([0, undefined]);
  for (const [servers, most] of [
    [2, 16],
    [20, 48],
    [50, 48],
  ] as const) {
    const { meter, evidence } = await evidenceOf(Array.from({ length: servers }, () => server));
    expect(meter.read().connections).toBeLessThanOrEqual(most);
    expect(meter.read().connections).toBeGreaterThan(most / 2);
    expect(evidence.ends?.endpointsLeftOut).toBe(Math.max(0, servers - 48));
  }
});

test('of our own certificate its dates and issuer are written down, and nothing of its key', async () => {
  await using server = await start();
  const { evidence } = await evidenceOf([server], { clientCertificatePem: clientIdentity.certificatePem });
  expect(evidence.client).toMatchObject({ parseError: null, keyType: 'ec' });
  expect(evidence.client?.notAfter).not.toBeNull();
  const broken = await evidenceOf([server], { clientCertificatePem: 'no certificate' });
  expect(broken.evidence.client).toBeUndefined();
});
