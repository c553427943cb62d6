import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CertificateRecord } from '../../model/certificate-schema.ts';
import type { CertsProblem, EndpointPlace } from '../../model/certs.ts';
import { type EndpointId, wireText } from '../../model/text.ts';
import type { Collected } from '../assemble.ts';
import { type EarlierReport, readReport } from '../read-report.ts';
import { withChanges } from '../since.ts';

const AS_OF_MS = Date.parse('2026-11-20T12:00:00Z');
const fingerprint = (letter: string): string => letter.repeat(64);

function certificate(letter: string, change: Partial<CertificateRecord> = {}): CertificateRecord {
  return {
    ...{ subject: wireText('CN=kms.example'), issuer: wireText('CN=R12,O=CA'), serialHex: `40${letter}${letter}` },
    ...{ notBefore: '2026-08-10T12:00:00Z', notAfter: '2026-11-30T12:00:00Z', lifetimeDays: 90, daysLeft: 1 },
    ...{ sans: [wireText('kms.example')], sansTotal: 1, keyType: 'ec', keyBits: 256, curve: 'prime256v1' },
    ...{ signatureAlgorithm: 'ecdsa-with-SHA256', selfSigned: false, isCa: false, spkiSha256: fingerprint(letter) },
    ...{ caIssuersUrls: [], ocspUrls: [], parseError: null, ...change },
  };
}
const NEW = { notBefore: '2026-11-01T12:00:00Z', notAfter: '2027-01-30T12:00:00Z' };
const OLD_A = certificate('a');
const NEW_B = certificate('b', NEW);

/** What was shown, by the last number of the address: the letter of the certificate. */
type Shown = Readonly<Record<number, string>>;

const placeOf = (last: string): string => `kms.example 192.0.2.${last}:443`;

function earlierOf(
  shown: Shown,
  certificates: readonly CertificateRecord[],
  told: readonly string[] = [],
): EarlierReport {
  return {
    startedAt: '2026-11-10T12:00:00.000Z',
    places: Object.entries(shown).map(([last, letter]) => ({
      ...{ id: placeOf(last), target: 'kms.example', leaf: fingerprint(letter) },
    })),
    certificates: byFingerprint(certificates),
    told: new Set(told),
  };
}

function byFingerprint(certificates: readonly CertificateRecord[]): Readonly<Record<string, CertificateRecord>> {
  return Object.fromEntries(certificates.map((one) => [fingerprint(one.serialHex.slice(2, 3)), one]));
}

function nowOf(
  shown: Shown,
  certificates: readonly CertificateRecord[],
  problems: readonly CertsProblem[] = [],
): Collected {
  const places = Object.entries(shown).map(
    ([last, letter]): EndpointPlace => ({
      ...{ kind: 'endpoint', id: placeOf(last), target: 'kms.example', state: 'read', chain: [fingerprint(letter)] },
      ...{
        endpoint: `192.0.2.${last}:443` as EndpointId,
        servername: null,
        starttls: null,
        problem: null,
        elapsedMs: 1,
      },
      ...{ protocol: 'TLSv1.3', certificatesSent: 1, trusted: true, hostnameMatches: true },
    }),
  );
  return { places, certificates: byFingerprint(certificates), problems };
}

function linesOf(earlier: EarlierReport, now: Collected): readonly string[] {
  return withChanges(now, earlier, { severities: {}, asOfMs: AS_OF_MS }).problems.map(
    ({ id, severity, places }) => `${severity} ${id} ${places.map((place) => place.slice(20, 21)).join(',')}`,
  );
}

describe('what changed since an earlier report', () => {
  test.each<[string, EarlierReport, Collected, readonly string[]]>([
    ['nothing', earlierOf({ 1: 'a' }, [OLD_A]), nowOf({ 1: 'a' }, [OLD_A]), []],
    ['renewed', earlierOf({ 1: 'a' }, [OLD_A]), nowOf({ 1: 'b' }, [NEW_B]), ['notice certificate-replaced 1']],
    [
      'renewed on a new address of the same name',
      earlierOf({ 1: 'a', 2: 'a' }, [OLD_A]),
      nowOf({ 7: 'b' }, [NEW_B]),
      ['notice certificate-replaced 7'],
    ],
    [
      'a new address of a name that had several: not to be told',
      earlierOf({ 1: 'a', 2: 'c' }, [OLD_A, certificate('c')]),
      nowOf({ 7: 'b' }, [NEW_B]),
      [],
    ],
    ['rolled back', earlierOf({ 1: 'b' }, [NEW_B]), nowOf({ 1: 'a' }, [OLD_A]), ['warning certificate-replaced 1']],
    [
      'renewed at one address of two',
      earlierOf({ 1: 'a', 2: 'a' }, [OLD_A]),
      nowOf({ 1: 'b', 2: 'a' }, [NEW_B, OLD_A]),
      ['notice certificate-replaced 1', 'warning renewal-incomplete 2'],
    ],
    [
      'a name lost',
      earlierOf({ 1: 'a' }, [certificate('a', { sans: [wireText('old.example')] })]),
      nowOf({ 1: 'b' }, [NEW_B]),
      ['notice certificate-replaced 1', 'warning names-lost 1'],
    ],
    [
      'another issuer',
      earlierOf({ 1: 'a' }, [OLD_A]),
      nowOf({ 1: 'b' }, [certificate('b', { ...NEW, issuer: wireText('CN=X,O=CB') })]),
      ['notice certificate-replaced 1', 'notice issuer-changed 1'],
    ],
    [
      'the key of more than 398 days kept',
      earlierOf({ 1: 'a' }, [certificate('a', { notBefore: '2025-10-01T00:00:00Z' })]),
      nowOf({ 1: 'b' }, [certificate('b', { ...NEW, spkiSha256: fingerprint('a') })]),
      ['notice certificate-replaced 1', 'notice key-reused 1'],
    ],
    [
      'the key of 90 days kept',
      earlierOf({ 1: 'a' }, [OLD_A]),
      nowOf({ 1: 'b' }, [certificate('b', { ...NEW, spkiSha256: fingerprint('a') })]),
      ['notice certificate-replaced 1'],
    ],
  ])('%s', (_, earlier, now, expected) => {
    expect(linesOf(earlier, now)).toEqual(expected);
  });

  const due: CertsProblem = {
    ...{ id: 'renewal-overdue', severity: 'warning', target: 'kms.example', places: [placeOf('1')] },
    ...{ certificate: fingerprint('a'), atMs: null, what: 'It is late.', soWhat: '', nowWhat: '' },
  };
  test.each([
    [[], 'It is late.'],
    [['names-lost a'], 'It is late.'],
    [[`renewal-overdue ${fingerprint('b')}`], 'It is late.'],
    [[`renewal-overdue ${fingerprint('a')}`], 'It is late. Told on 2026-11-10 12:00 UTC too, and not renewed since.'],
    [
      [`certificate-expiry ${fingerprint('a')}`],
      'It is late. Told on 2026-11-10 12:00 UTC too, and not renewed since.',
    ],
  ])('what was told before (%j) is marked', (told, what) => {
    const now = nowOf({ 1: 'a' }, [OLD_A], [due]);
    const { problems } = withChanges(now, earlierOf({ 1: 'a' }, [OLD_A], told), { severities: {}, asOfMs: AS_OF_MS });
    expect(problems.map((problem) => problem.what)).toEqual([what]);
  });

  test('severities are the policy’s', () => {
    const severities = { 'certificate-replaced': 'critical' } as const;
    const now = nowOf({ 1: 'b' }, [NEW_B]);
    const { problems } = withChanges(now, earlierOf({ 1: 'a' }, [OLD_A]), { severities, asOfMs: AS_OF_MS });
    expect(problems.map(({ severity }) => severity)).toEqual(['critical']);
  });
});

describe('an earlier report read back', () => {
  test.each(['', '[]', '{"schema":"journey/1"}', '{"schema":"certs/1"}'])('%j is refused with its remedy', (text) => {
    expect(() => readReport(text, 'last.json')).toThrow(/last\.json/);
  });

  test('nothing but a UsageError comes of what a stranger wrote', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => JSON.stringify({ schema: 'certs/1', ...value })),
        ),
        (text) => {
          try {
            readReport(text, 'x');
          } catch (error) {
            expect(error).toHaveProperty('remedy');
          }
        },
      ),
    );
  });
});
