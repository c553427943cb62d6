// Owns the tests of the certificates: linked, dated, and accepted by readers that did not make them.
// Never touches the network.
import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../pki/authority.ts';
import { issue, type Party } from '../pki/certificate.ts';
import { createChain } from '../pki/chain.ts';
import { ecKeys, rsaKeys } from '../pki/keys.ts';

const DAY_MS = 86_400_000;
const nowMs = Date.now();
const trusted = createAuthority('Test', nowMs);
const stranger = createAuthority('Stranger', nowMs);
const order = { state: 'valid', daysLeft: 30, name: 'kms.example', trusted, stranger, nowMs } as const;

const split = (pem: string): readonly string[] => pem.match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/g) ?? [];

describe.each(['ec', 'rsa'] as const)('a chain with an %s leaf', (key) => {
  test('is linked by signatures and names, and says what it is for', async () => {
    const chain = await createChain({ ...order, key });
    const [leaf, intermediate] = split(chain.certificatesPem).map((pem) => new X509Certificate(pem));
    const root = new X509Certificate(trusted.rootCertificate.pem);
    expect(leaf?.verify(intermediate!.publicKey)).toBe(true);
    expect(intermediate?.verify(root.publicKey)).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    expect(leaf?.checkIssued(intermediate!)).toBe(true);
    expect(leaf?.publicKey.asymmetricKeyType).toBe(key);
    expect([leaf?.ca, intermediate?.ca, root.ca]).toEqual([false, true, true]);
    expect(leaf?.checkHost('zone-a.kms.example')).toBe('*.kms.example');
    expect(leaf?.checkHost('a.b.kms.example')).toBeUndefined();
    expect(leaf?.infoAccess).toContain('CA Issuers - URI:http://pki.kms.example/issuing-ca.crt');
    expect(leaf?.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(leaf!.validToDate.getTime() - leaf!.validFromDate.getTime()).toBe(90 * DAY_MS);
    expect(Math.floor((leaf!.validToDate.getTime() - nowMs) / DAY_MS)).toBe(30);
  });

  const openssl = spawnSync('openssl', ['version']).status === 0;
  if (!openssl) console.warn('SKIPPED: no openssl binary, chains were not verified by a second implementation');
  test.skipIf(!openssl)('is accepted by openssl verify -x509_strict', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'world-'));
    try {
      const chain = join(folder, 'chain.pem');
      const root = join(folder, 'root.pem');
      writeFileSync(chain, (await createChain({ ...order, key })).certificatesPem);
      writeFileSync(root, trusted.rootCertificate.pem);
      const strict = ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', 'kms.example'];
      expect(execFileSync('openssl', [...strict, '-CAfile', root, '-untrusted', chain, chain]).toString()).toMatch(
        /OK$/m,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('an RSA chain reads the same through forge.pki, which did not make it', async () => {
  const root: Party = { commonName: 'RSA Root', ...(await rsaKeys()) };
  const made = issue({
    subject: root,
    issuer: root,
    notBefore: nowMs,
    notAfter: nowMs + DAY_MS,
    isCa: true,
    pathLength: 1,
  });
  const read = forge.pki.certificateFromPem(made.pem);
  expect(read.verify(read)).toBe(true);
  expect(read.subject.getField('CN').value).toBe('RSA Root');
  expect(read.getExtension('basicConstraints')).toMatchObject({ cA: true, pathLenConstraint: 1, critical: true });
  expect(read.getExtension('keyUsage')).toMatchObject({ keyCertSign: true, cRLSign: true, digitalSignature: false });
});

test('two certificates never share a serial number, which is positive and at most 16 bytes', () => {
  const party: Party = { commonName: 'x', ...ecKeys() };
  const request = { subject: party, issuer: party, notBefore: nowMs, notAfter: nowMs + DAY_MS };
  const serials = Array.from({ length: 20 }, () => new X509Certificate(issue(request).der).serialNumber);
  expect(new Set(serials).size).toBe(20);
  for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
});
