// Owns the tests of what a zone presents in TLS: each certificate state, version and ALPN, seen by node:tls.
// Never asserts a time.
import { X509Certificate } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { type CertificateState, healthyScript, withZone, type ZoneScript } from '../script.ts';
import { startWorld, type World } from '../world.ts';
import { handshake } from './clients.ts';

let world: World | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});

const ADDRESS = '127.0.20.1';
async function withSecondZone(change: Partial<ZoneScript>): Promise<World> {
  world = await startWorld(withZone(healthyScript, 'kms-az2', change));
  return world;
}

/** State, days left, what OpenSSL says, and the certificates sent by their common names. */
const cases: readonly (readonly [CertificateState, number, string | null, readonly string[]])[] = [
  ['valid', 70, null, ['kms.example', 'Example KMS Issuing CA']],
  ['expiring', 6, null, ['kms.example', 'Example KMS Issuing CA']],
  ['expired', -3, 'CERT_HAS_EXPIRED', ['kms.example', 'Example KMS Issuing CA']],
  ['not-yet-valid', 92, 'CERT_NOT_YET_VALID', ['kms.example', 'Example KMS Issuing CA']],
  ['missing-intermediate', 70, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', ['kms.example']],
  ['expired-intermediate', 70, 'CERT_HAS_EXPIRED', ['kms.example', 'Example KMS Issuing CA']],
  ['wrong-order', 70, null, ['kms.example', 'Example KMS Root', 'Example KMS Issuing CA']],
  ['root-included', 70, null, ['kms.example', 'Example KMS Issuing CA', 'Example KMS Root']],
  ['extra-certificate', 70, null, ['kms.example', 'Example KMS Issuing CA', 'Stranger Issuing CA']],
  ['duplicate-leaf', 70, null, ['kms.example', 'kms.example', 'Example KMS Issuing CA']],
  ['self-signed', 70, 'DEPTH_ZERO_SELF_SIGNED_CERT', ['kms.example']],
  ['wrong-name', 70, 'ERR_TLS_CERT_ALTNAME_INVALID', ['staging.kms.example', 'Example KMS Issuing CA']],
  ['other-ca', 70, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', ['kms.example', 'Stranger Issuing CA']],
];

test.each(cases)(
  'certificate state %s with %i days left: OpenSSL says %s',
  async (certificate, daysLeft, code, names) => {
    const seen = await handshake(await withSecondZone({ certificate, daysLeft }), ADDRESS);
    expect(seen.error).toBe(code);
    const sent = seen.chain.map((der) => /CN=(.*)/.exec(new X509Certificate(der).subject)?.[1]);
    expect(sent).toEqual(names);
  },
);

test('an RSA leaf is served and trusted', async () => {
  const seen = await handshake(await withSecondZone({ key: 'rsa' }), ADDRESS);
  expect(seen.error).toBeNull();
  expect(new X509Certificate(seen.chain[0]!).publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
});

describe('protocol versions and ALPN', () => {
  test.each([
    ['TLSv1', 'TLSv1.1', 'TLSv1.1'],
    ['TLSv1.2', 'TLSv1.2', 'TLSv1.2'],
    ['TLSv1.2', 'TLSv1.3', 'TLSv1.3'],
  ] as const)('a server of %s to %s settles on %s', async (min, max, settled) => {
    const seen = await handshake(await withSecondZone({ tls: { min, max } }), ADDRESS);
    expect(seen.protocol).toBe(settled);
  });

  test.each([
    [['h2', 'http/1.1'], ['h2', 'http/1.1'], 'h2'],
    [['http/1.1'], ['h2', 'http/1.1'], 'http/1.1'],
    [['h2', 'http/1.1'], ['http/1.1'], 'http/1.1'],
    [[], [], false],
  ] as const)('server %j, client %j: %s', async (alpn, offered, settled) => {
    const seen = await handshake(await withSecondZone({ alpn }), ADDRESS, offered);
    expect(seen.alpn).toBe(settled);
  });
});
