import { describe, expect, test } from 'vitest';
import { wireText } from '../../../src/model/text.ts';
import { knownIssuer } from '../../../src/x509/known-issuers.ts';
import { endOfLifetime, lifetimeRule } from '../../../src/x509/lifetime-policy.ts';
import { renewalOf } from '../../../src/x509/renewal.ts';
import { type Case, casesIn, outcomesOf, withChanges } from '../../../test/support/checks.ts';
import { tls } from '../probe.ts';

const DAY_MS = 86_400_000;
const cases = casesIn(new URL('./cases/', import.meta.url));
const caseOf = (name: string): Case => {
  const found = cases.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
};

const BEGIN_MS = Date.parse('2026-06-01T12:00:00Z');
const PRIVATE = 'CN=Issuing CA,O=Example';
const LETS_ENCRYPT = "CN=R12,O=Let's Encrypt,C=US";
const AMAZON = 'CN=Amazon RSA 2048 M04,O=Amazon,C=US';
const DIGICERT = 'CN=DigiCert Global G3 TLS ECC SHA384 2020 CA1,O=DigiCert Inc,C=US';

/** Lifetime, days used, issuer; overdue, or null where it may be renewed by hand. */
const ages: readonly (readonly [number, number, string, boolean | null])[] = [
  // certbot renews at 30 days left, and looks twice a day.
  [90, 60.5, LETS_ENCRYPT, false],
  [90, 61.9, PRIVATE, false],
  [90, 62.1, PRIVATE, true],
  [64, 44.6, LETS_ENCRYPT, false],
  [64, 44.7, LETS_ENCRYPT, true],
  [47, 33.2, PRIVATE, false],
  [47, 33.3, PRIVATE, true],
  [6, 3.2, LETS_ENCRYPT, false],
  [6, 3.3, LETS_ENCRYPT, true],
  [1, 0.54, PRIVATE, false],
  [1, 0.55, PRIVATE, true],
  [100, 71.9, DIGICERT, false],
  [100, 72.1, DIGICERT, true],
  // A yearly one with 90 days left is nobody's alarm.
  [365, 275, DIGICERT, null],
  [365, 364, PRIVATE, null],
  [199, 190, DIGICERT, null],
  [198, 169, AMAZON, false],
  [198, 171, AMAZON, true],
];

describe('renewal', () => {
  test.each(ages)('of %d days, %d used, by %s: overdue is %s', (days, used, issuer, overdue) => {
    const certificate = {
      notBefore: new Date(BEGIN_MS).toISOString(),
      notAfter: new Date(BEGIN_MS + days * DAY_MS).toISOString(),
      issuer: wireText(issuer),
    };
    expect(renewalOf(certificate, BEGIN_MS + used * DAY_MS)?.isOverdue ?? null).toBe(overdue);
  });

  test.each([
    [null, '2026-09-01T00:00:00Z'],
    ['2026-06-01T00:00:00Z', null],
    ['2026-09-01T00:00:00Z', '2026-06-01T00:00:00Z'],
    ['2026-06-01T00:00:00Z', '2026-06-01T00:00:00Z'],
  ])('from %s to %s nothing is said', (notBefore, notAfter) => {
    expect(renewalOf({ notBefore, notAfter, issuer: null }, BEGIN_MS)).toBeNull();
  });

  test.each([
    [
      '2026-11-16T12:00:01Z',
      'less than an hour ago: 69 % of its 90 days are used, clients of ACME renew at 67 %; it expires in 27 days',
    ],
    ['2026-11-20T12:00:00Z', '4 days ago: 73 % of its 90 days are used'],
    ['2026-11-30T12:00:00Z', 'on 2026-12-14 12:00 UTC, with little time left to repair it.'],
  ])('is told in words at %s', async (asOf, words) => {
    const { sentences } = await outcomesOf(tls, { ...caseOf('renewal-overdue.json'), asOf });
    expect(sentences.join(' ')).toContain(words);
  });

  test('is a notice to who asked to be warned later', async () => {
    const { outcomes } = await outcomesOf(tls, { ...caseOf('renewal-overdue.json'), policy: { warnDays: 20 } });
    expect(outcomes['renewal-overdue']).toEqual(['notice 192.0.2.2:443']);
  });

  test('certificate-expiry alone speaks from its critical threshold on', async () => {
    const { outcomes } = await outcomesOf(tls, { ...caseOf('renewal-overdue.json'), asOf: '2026-12-07T12:00:01Z' });
    expect(outcomes['certificate-expiry']).toEqual(['critical 192.0.2.2:443']);
    expect(outcomes['renewal-overdue']).toBe('not-applicable');
  });
});

describe('issuers', () => {
  test.each([
    [LETS_ENCRYPT, 'only'],
    ["O=let's encrypt", 'only'],
    ['CN=WE1,O=Google Trust Services,C=US', 'only'],
    ['CN=ZeroSSL ECC Domain Secure Site CA,O=ZeroSSL,C=AT', 'also'],
    [DIGICERT, 'also'],
    // Names that only look like it: the O is another attribute's text.
    ["CN=O=Let's Encrypt", undefined],
    ["CN=a\\,O=Let's Encrypt", undefined],
    ["CN=R12,O=Let's Encrypt Fans", undefined],
    ['', undefined],
  ])('%s: %s', (issuer, automation) => {
    expect(knownIssuer(wireText(issuer))?.automation).toBe(automation);
  });
});

describe('the longest lifetime', () => {
  test.each([
    ['2020-08-31T23:59:59Z', null],
    ['2020-09-01T00:00:00Z', 398],
    ['2026-03-14T23:59:59Z', 398],
    ['2026-03-15T00:00:00Z', 200],
    ['2027-03-15T00:00:00Z', 100],
    ['2029-03-14T23:59:59Z', 100],
    ['2029-03-15T00:00:00Z', 47],
  ])('of what is issued at %s is %s', (at, days) => {
    expect(lifetimeRule(Date.parse(at))?.days ?? null).toBe(days);
  });

  test.each([
    [200, '2026-11-20T12:00:00Z', '2027-03-15'],
    [100, '2026-11-20T12:00:00Z', '2029-03-15'],
    [90, '2026-11-20T12:00:00Z', '2029-03-15'],
    [47, '2026-11-20T12:00:00Z', undefined],
    [90, '2029-03-15T00:00:00Z', undefined],
  ])('%d days, at %s: issued no more from %s on', (days, at, from) => {
    expect(endOfLifetime(days, Date.parse(at))?.from.slice(0, 10)).toBe(from);
  });

  // The last second counts: from 12:00:00 to 11:59:59 are whole days.
  test.each([
    ['2027-05-20T11:59:59Z', undefined],
    ['2027-05-20T12:00:00Z', 'was issued for 201 days; 200 days are allowed since 2026-03-15.'],
  ])('ends at %s: %s', async (notAfter, words) => {
    const at = `/evidence/certificates/${'b'.repeat(64)}/notAfter`;
    const { sentences } = await outcomesOf(tls, withChanges(caseOf('public-root.json'), { [at]: notAfter }));
    const told = sentences.filter((sentence) => sentence.includes('was issued for'));
    expect(told).toEqual(words === undefined ? [] : [expect.stringContaining(words)]);
  });
});
