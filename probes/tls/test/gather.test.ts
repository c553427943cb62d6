import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../../src/demo/pki/authority.ts';
import { createChain } from '../../../src/demo/pki/chain.ts';
import { type CertificateState, healthyScript, withZone, type ZoneScript } from '../../../src/demo/script.ts';
import { startWorld, type World } from '../../../src/demo/world.ts';
import type { Journey } from '../../../src/model/journey.ts';
import { parseTarget } from '../../../src/model/target.ts';
import { visible } from '../../../src/model/text.ts';
import { clientIdentity, sentDer, startTls } from '../../../src/net/sample/test/servers.ts';
import { journeyThrough, runCli, runInside } from '../../../test/support/cli.ts';
import { contextOf, endpointsOf, times, tracesOn } from '../../../test/support/traces.ts';
import { evidenceSchema, type TlsEndpoint, type TlsEvidence } from '../evidence.ts';
import { gather } from '../gather.ts';

const ZONE = 'kms-az2';
/** Only what this probe reads; few samples. */
const RIDE = ['--only', 'tls', '-n', '2'];

function evidenceOf(journey: Journey): TlsEvidence {
  return evidenceSchema.parse(journey.evidence['tls']);
}

function endpointIn(evidence: TlsEvidence, zone: string): TlsEndpoint {
  const found = evidence.byEndpoint.find((each) => each.zone === zone);
  if (found === undefined) throw new Error(`nothing of ${zone}`);
  return found;
}

async function inWorld<T>(change: Partial<ZoneScript>, look: (world: World) => Promise<T>): Promise<T> {
  const world = await startWorld(withZone(healthyScript, ZONE, change));
  try {
    return await look(world);
  } finally {
    await world.close();
  }
}

const ride = (change: Partial<ZoneScript>, ...args: readonly string[]): Promise<TlsEvidence> =>
  inWorld(change, async (world) => evidenceOf(await journeyThrough(world, ...RIDE, ...args)));

interface Expected {
  readonly sent: string;
  readonly error?: string;
  readonly matches?: boolean;
  readonly shape?: Partial<NonNullable<TlsEndpoint['shape']>>;
}

const LEAF = 'kms.example';
const CA = 'Example KMS Issuing CA';
const ROOT = 'Example KMS Root';
const STRANGER = 'Stranger Issuing CA';
const states: readonly (readonly [CertificateState, number, Expected])[] = [
  ['valid', 71, { sent: `${LEAF} | ${CA}` }],
  ['expired', -3, { sent: `${LEAF} | ${CA}`, error: 'CERT_HAS_EXPIRED' }],
  ['not-yet-valid', 92, { sent: `${LEAF} | ${CA}`, error: 'CERT_NOT_YET_VALID' }],
  [
    'missing-intermediate',
    71,
    { sent: LEAF, error: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', shape: { missingIntermediate: true } },
  ],
  ['expired-intermediate', 71, { sent: `${LEAF} | ${CA}`, error: 'CERT_HAS_EXPIRED' }],
  ['wrong-order', 71, { sent: `${LEAF} | ${ROOT} | ${CA}`, shape: { ordered: false } }],
  ['root-included', 71, { sent: `${LEAF} | ${CA} | ${ROOT}` }],
  ['extra-certificate', 71, { sent: `${LEAF} | ${CA} | ${STRANGER}` }],
  ['duplicate-leaf', 71, { sent: `${LEAF} | ${LEAF} | ${CA}` }],
  ['self-signed', 71, { sent: LEAF, error: 'DEPTH_ZERO_SELF_SIGNED_CERT' }],
  ['wrong-name', 71, { sent: `staging.${LEAF} | ${CA}`, matches: false }],
  ['other-ca', 71, { sent: `${LEAF} | ${STRANGER}`, error: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' }],
];

describe('real handshakes with a zone whose certificate is', () => {
  test.each(states)('%s', async (certificate, daysLeft, { sent, error = null, matches = true, shape = {} }) => {
    const evidence = await ride({ certificate, daysLeft });
    const seen = endpointIn(evidence, ZONE);
    const subjects = seen.chainSent.map((each) =>
      visible(evidence.certificates[each]?.subject ?? 'unread').replace(/^CN=|,O=.*$/g, ''),
    );
    expect(subjects.join(' | ')).toBe(sent);
    expect(seen).toMatchObject({ handshakes: 2, failures: 0, unreached: 0, count: 2, otherChains: [] });
    expect(seen).toMatchObject({ trusted: error === null, trustError: error, hostnameMatches: matches });
    expect(seen.shape).toMatchObject({ ordered: true, missingIntermediate: false, ...shape });
    const leaf = evidence.certificates[seen.chainSent[0] ?? ''];
    expect(Math.floor(leaf?.daysLeft ?? Number.NaN)).toBe(daysLeft);
    for (const zone of ['kms-az1', 'kms-az3']) {
      expect(endpointIn(evidence, zone)).toMatchObject({ trusted: true, hostnameMatches: true });
    }
  });

  test.each<[CertificateState, readonly string[]]>([
    ['valid', []],
    ['wrong-order', []],
    ['extra-certificate', []],
    ['expired', ['expired']],
    ['not-yet-valid', ['not-yet-valid']],
    ['missing-intermediate', ['missing-issuer']],
    ['expired-intermediate', ['expired']],
    ['self-signed', ['self-signed']],
    ['wrong-name', ['name-mismatch']],
    ['other-ca', ['missing-issuer']],
  ])('%s: the verdict of our own, against the roots of the ride', async (certificate, codes) => {
    const { verdict } = endpointIn(await ride({ certificate, daysLeft: certificate === 'expired' ? -3 : 71 }), ZONE);
    const fatal = (verdict?.faults ?? []).filter((fault) => fault.fatal);
    expect(fatal.map(({ code }) => code)).toEqual(codes);
    expect([verdict?.valid, (verdict?.paths.length ?? 0) > 0]).toEqual(Array(2).fill(codes.length === 0));
    expect(verdict?.path.length).toBeGreaterThan(codes.includes('self-signed') ? 0 : codes.length === 0 ? 2 : 0);
  });

  test('missing its intermediate: the others show which one', async () => {
    const evidence = await ride({ certificate: 'missing-intermediate' });
    const other = endpointIn(evidence, 'kms-az1').chainSent[1];
    expect(endpointIn(evidence, ZONE).shape).toMatchObject({
      missingSeenAs: other,
      aiaUrl: 'http://pki.kms.example/issuing-ca.crt',
    });
  });
});

describe('what was negotiated', () => {
  test.each<[Partial<ZoneScript>, Partial<TlsEndpoint>]>([
    [{}, { protocol: 'TLSv1.3', protocols: ['TLSv1.3'], servername: 'kms.example' as TlsEndpoint['servername'] }],
    [{ tls: { min: 'TLSv1.2', max: 'TLSv1.2' } }, { protocol: 'TLSv1.2', protocols: ['TLSv1.2'] }],
    [{ tls: { min: 'TLSv1', max: 'TLSv1.1' } }, { protocol: 'TLSv1.1', protocols: ['TLSv1.1'] }],
    [{ alpn: ['http/1.1'] }, { alpn: 'http/1.1' }],
  ])('%j', async (change, expected) => {
    expect(endpointIn(await ride(change), ZONE)).toMatchObject(expected);
  });

  test('an RSA key', async () => {
    const evidence = await ride({ key: 'rsa' });
    const leaf = evidence.certificates[endpointIn(evidence, ZONE).chainSent[0] ?? ''];
    expect(leaf).toMatchObject({ keyType: 'rsa', keyBits: 2048, curve: null, signatureAlgorithm: 'ecdsa-with-SHA256' });
  });
});

describe('handshakes that do not come about', () => {
  test.each<[ZoneScript['fault'], Partial<TlsEndpoint>]>([
    ['plain-http', { handshakes: 0, failures: 2, unreached: 0 }],
    ['garbage', { handshakes: 0, failures: 2, unreached: 0 }],
    ['refuse', { handshakes: 0, failures: 0, unreached: 2 }],
  ])('%s', async (fault, expected) => {
    const seen = endpointIn(await ride({ fault }), ZONE);
    expect(seen).toMatchObject({ ...expected, chainSent: [], trusted: null, hostnameMatches: null, shape: null });
  });
});

test('the fingerprints are those of the certificates that the server was given', async () => {
  const nowMs = Date.now();
  const [trusted, stranger] = [createAuthority('Given', nowMs), createAuthority('Stranger', nowMs)];
  const order = { key: 'ec', daysLeft: 60, name: 'kms.example', trusted, stranger, nowMs } as const;
  const { certificatesPem, keyPem } = await createChain({ ...order, state: 'extra-certificate' });
  const given = (certificatesPem.match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/g) ?? []).map((pem) =>
    new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase(),
  );
  const server = createServer({ cert: certificatesPem, key: keyPem }, (_, response) => void response.end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const port = (server.address() as AddressInfo).port;
    const evidence = await inWorld({}, async (world) => {
      const args = ['kms.example', '--connect', `127.0.0.1:${port}`, ...RIDE, '-f', 'json'];
      const { out } = await runInside({ ...world, caPem: trusted.rootCertificate.pem }, args);
      return evidenceOf(JSON.parse(out) as Journey);
    });
    expect(given).toHaveLength(3);
    expect(evidence.byEndpoint).toMatchObject([{ chainSent: given, certificatesSent: 3, trusted: true }]);
    expect(Object.keys(evidence.certificates).toSorted()).toEqual(given.toSorted());
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

describe('told from traces', () => {
  const [endpoint] = endpointsOf('az1');
  if (endpoint === undefined) throw new Error('no endpoint');
  const record = async (leaves: readonly string[], url = 'https://kms.example'): Promise<TlsEvidence> => {
    const traces = tracesOn(
      endpoint,
      leaves.map((leaf) => ({ leaf })),
    );
    const attempt = await gather(
      contextOf({ survey: true, handshakes: true, revocation: false }, [endpoint], traces, {
        target: parseTarget(url),
      }),
    );
    if (attempt.state !== 'complete') throw new Error(attempt.state);
    return attempt.value;
  };
  const fingerprint = (at: number): string => at.toString(16).padStart(64, '0');

  test('the chain shown most often is the main one, the others follow by how often', async () => {
    const { byEndpoint } = await record([1, 2, 2, 3, 2, 3].map(fingerprint));
    expect(byEndpoint[0]).toMatchObject({ count: 3, chainSent: [fingerprint(2)], handshakes: 6 });
    expect(byEndpoint[0]?.otherChains).toMatchObject([
      { count: 2, chainSent: [fingerprint(3)] },
      { count: 1, chainSent: [fingerprint(1)] },
    ]);
  });

  test('a new certificate in every handshake is kept to nine of them', async () => {
    const evidence = await record(times(50, (at) => ({ leaf: fingerprint(at) })).map(({ leaf }) => leaf ?? ''));
    expect(evidence.byEndpoint[0]).toMatchObject({ handshakes: 50, count: 1 });
    expect(evidence.byEndpoint[0]?.otherChains).toHaveLength(8);
    expect(Object.keys(evidence.certificates)).toHaveLength(9);
    expect(evidenceSchema.parse(evidence)).toEqual(evidence);
  });

  test('a certificate whose bytes are not there is recorded as unreadable', async () => {
    const { certificates, byEndpoint } = await record([fingerprint(1)]);
    expect(certificates[fingerprint(1)]).toMatchObject({ subject: null, notAfter: null, keyType: null });
    expect(byEndpoint[0]).toMatchObject({ hostnameMatches: null, trusted: true });
  });

  test('plain http has nothing to tell', async () => {
    expect(await record([fingerprint(1)], 'http://kms.example')).toEqual({ byEndpoint: [], certificates: {} });
  });
});

test('a server that refuses the handshake for want of our certificate has shown its own', async () => {
  const options = {
    requestCert: true,
    rejectUnauthorized: true,
    ca: clientIdentity.ca,
    maxVersion: 'TLSv1.2',
  } as const;
  await using server = await startTls(() => undefined, options);
  const where = ['--connect', server.address, '-n', '3', '--rate', '50', '-f', 'json'];
  const { out } = await runCli([`https://sampled.example:${server.port}/`, ...where]);
  const journey = JSON.parse(out) as Journey;
  const { byEndpoint } = evidenceOf(journey);
  expect(byEndpoint).toMatchObject([{ handshakes: 0, failures: 3, unreached: 0, protocol: 'TLSv1.2' }]);
  expect(byEndpoint[0]?.chainSent).toHaveLength(sentDer.length);
  expect(journey.checks.find(({ id }) => id === 'certificate-expiry')?.outcome).toBe('pass');
  expect(journey.answers.find(({ probe }) => probe === 'tls')?.summary).toMatch(
    /^TLS 1\.2 ends at or behind the endpoint/,
  );
});
