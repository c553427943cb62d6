import { X509Certificate } from 'node:crypto';
import { getCACertificates } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../../demo/pki/authority.ts';
import { trustedRoots } from '../roots.ts';

const [a, b] = ['A', 'B'].map((name) => createAuthority(name, Date.parse('2026-11-20T12:00:00Z')).rootCertificate);
const [pemA, pemB] = [a?.pem ?? '', b?.pem ?? ''];
const hexes = (ders: readonly Uint8Array[]): readonly string[] => ders.map((der) => Buffer.from(der).toString('hex'));
const wanted = hexes([a?.der, b?.der].flatMap((der) => (der === undefined ? [] : [der])));

describe('the roots given', () => {
  test.each<[string, readonly string[]]>([
    ['one file each', [pemA, pemB]],
    ['in a bundle', [`${pemA}${pemB}`]],
    ['with words between and lines of Windows', [`# A\r\n${pemA.replaceAll('\n', '\r\n')}\nsubject=B\n${pemB}\n`]],
    ['as OpenSSL marks what it trusts', [pemA.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'), trusted(b?.der)]],
  ])('%s', (_, caPem) => {
    expect(hexes(trustedRoots(caPem)())).toEqual(wanted);
  });

  test('are split once', () => {
    const roots = trustedRoots([pemA]);
    expect(roots()).toBe(roots());
  });

  /** With a SEQUENCE behind, as `openssl x509 -addtrust` writes. */
  function trusted(der: Uint8Array | undefined): string {
    const base64 = Buffer.concat([der ?? Buffer.alloc(0), Buffer.from('30020500', 'hex')]).toString('base64');
    return `-----BEGIN TRUSTED CERTIFICATE-----\n${base64}\n-----END TRUSTED CERTIFICATE-----\n`;
  }
});

test('without any, those of Node', () => {
  const roots = trustedRoots(null)();
  expect(roots.length).toBe(getCACertificates('default').length);
  expect(() => new X509Certificate(roots[0] ?? Buffer.alloc(0))).not.toThrow();
});
