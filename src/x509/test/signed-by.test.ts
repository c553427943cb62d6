// A signature is asked for once, and what was remembered of one pair says nothing about another.
import { X509Certificate } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { createAuthority } from '../../demo/pki/authority.ts';
import { recordCertificate } from '../certificate-record.ts';
import { isSignedByKeyOf } from '../signed-by.ts';

const nowMs = Date.now();
const [ours, theirs] = [createAuthority('Ours', nowMs), createAuthority('Theirs', nowMs)];
const opened = (pem: string): X509Certificate => new X509Certificate(pem);

test('good and bad answers are remembered for their pair alone', () => {
  const child = opened(ours.intermediateCertificate.pem);
  const [issuer, stranger] = [opened(ours.rootCertificate.pem), opened(theirs.rootCertificate.pem)];
  const verify = vi.spyOn(child, 'verify');
  const ask = () => [issuer, stranger, child].map((one) => isSignedByKeyOf(child, one));
  expect(ask()).toEqual([true, false, false]);
  expect(ask()).toEqual([true, false, false]);
  expect(verify).toHaveBeenCalledTimes(3);
});

test('a CA certificate is read once for one time, and again for another', () => {
  const { der } = ours.intermediateCertificate;
  const first = recordCertificate(der, nowMs);
  expect(recordCertificate(Uint8Array.from(der), nowMs)).toBe(first);
  const later = recordCertificate(der, nowMs + 86_400_000);
  expect(later.record.daysLeft).toBeCloseTo((first.record.daysLeft ?? 0) - 1, 1);
  expect(recordCertificate(theirs.intermediateCertificate.der, nowMs)).not.toBe(first);
});
