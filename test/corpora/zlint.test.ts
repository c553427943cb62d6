// Certificates that break the rules, each in its own way: they are read all the same, as OpenSSL reads them. See README.md.
import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Certificate, readCertificate } from '../../src/x509/certificate.ts';
import { judgePath } from '../../src/x509/path.ts';
import { trustStore } from '../../src/x509/trust-store.ts';
import { corpus } from './corpus.ts';

const ders = Object.entries(corpus('zlint') as Readonly<Record<string, string>>).map(
  ([file, base64]) => [file, Buffer.from(base64, 'base64')] as const,
);

/** What `X509Certificate` says of the same fields, in our form; null when it cannot load the certificate. */
function asOpenSsl(der: Buffer) {
  try {
    const { serialNumber, validFromDate, validToDate, ca, keyUsage } = new X509Certificate(der);
    return { serialNumber, from: validFromDate.getTime(), to: validToDate.getTime(), ca, usages: keyUsage ?? [] };
  } catch {
    return null;
  }
}

/** Two's complement, as OpenSSL writes it. */
function serialOf({ serialHex }: Certificate): string {
  const value = BigInt.asIntN(serialHex.length * 4, BigInt(`0x${serialHex}`));
  const digits = (value < 0n ? -value : value).toString(16).toUpperCase();
  return `${value < 0n ? '-' : ''}${digits.length % 2 === 1 && digits !== '0' ? '0' : ''}${digits}`;
}

describe('certificates that break the rules', () => {
  test('are read, each of them', () => {
    expect(ders.length).toBe(1324);
    const unread = ders.filter(([, der]) => readCertificate(der).unread.includes('certificate'));
    expect(unread.map(([file]) => file)).toEqual([]);
  });

  test('are read as OpenSSL reads them', () => {
    let compared = 0;
    for (const [file, der] of ders) {
      const [ours, theirs] = [readCertificate(der), asOpenSsl(der)];
      if (theirs === null) continue;
      compared += 1;
      const { notBefore, notAfter, extensions } = ours;
      expect([file, serialOf(ours)]).toEqual([file, theirs.serialNumber]);
      // Times that RFC 5280 4.1.2.5 forbids are read by OpenSSL, and not by us.
      expect([file, notBefore === null ? theirs.from : Date.parse(notBefore)]).toEqual([file, theirs.from]);
      expect([file, notAfter === null ? theirs.to : Date.parse(notAfter)]).toEqual([file, theirs.to]);
      expect([file, extensions.extendedKeyUsage ?? []]).toEqual([file, theirs.usages]);
      // OpenSSL's `ca` also asks for keyCertSign.
      expect([file, extensions.isCa || !theirs.ca]).toEqual([file, true]);
    }
    expect(compared).toBeGreaterThan(1300);
  });

  test('what cannot be read is named, in these and in no others', () => {
    const named = ders
      .map(([file, der]) => [file, readCertificate(der)] as const)
      .filter(([, { unread, extensions }]) => unread.length + extensions.unreadable.length > 0);
    expect(
      Object.fromEntries(named.map(([file, one]) => [file, [...one.unread, ...one.extensions.unreadable].join()])),
    ).toMatchInlineSnapshot(`
      {
        "SANDNSNameNotFQDN.pem": "2.5.29.17",
        "SANNoEntries.pem": "2.5.29.17",
        "caMaxPathNegative.pem": "2.5.29.19",
        "certVersion4NoExtensions.pem": "version",
        "certVersion4WithExtension.pem": "version",
        "commonNameInSAN.pem": "validity",
        "empty_seq_of_aia.pem": "1.3.6.1.5.5.7.1.1",
        "empty_seq_of_cps.pem": "2.5.29.32",
        "empty_seq_of_eku.pem": "2.5.29.37",
        "empty_seq_of_san.pem": "2.5.29.17",
        "explicitTextBMPNotNFC.pem": "2.5.29.32",
        "generalizedNoFraction.pem": "validity",
        "generalizedNoSeconds.pem": "validity",
        "generalizedNotZulu.pem": "validity",
        "generalizedTimeNoSeconds.pem": "validity",
        "ncEmptyValue.pem": "2.5.29.30",
        "noNameConstraint.pem": "2.5.29.30",
        "subCAWNoURL.pem": "1.3.6.1.5.5.7.1.1",
        "subCAcrlDistNoURL.pem": "2.5.29.31",
        "subCertPathLenNegative.pem": "2.5.29.19",
        "utcNoSeconds.pem": "validity",
        "utcNotZulu.pem": "validity",
      }
    `);
  });

  test('are judged without a throw', () => {
    const store = trustStore(ders.slice(0, 200).map(([, der]) => der));
    const sent = ders.slice(200, 260).map(([, der]) => readCertificate(der));
    for (const [, der] of ders) {
      const verdict = judgePath({
        ...{ leaf: readCertificate(der), sent, store, atMs: Date.parse('2026-11-20T00:00:00Z') },
        ...{ host: null, purpose: 'serverAuth' as const },
      });
      expect(verdict.valid || verdict.faults.length > 0).toBe(true);
    }
  });

  test('take no longer than a few times what OpenSSL takes', () => {
    const timed = (read: (der: Buffer) => unknown): number => {
      const rounds = Array.from({ length: 5 }, () => {
        const began = performance.now();
        for (const [, der] of ders) read(der);
        return performance.now() - began;
      });
      return Math.min(...rounds);
    };
    expect(timed(readCertificate) / timed(asOpenSsl)).toBeLessThan(4);
  });
});
