import { describe, expect, test } from 'vitest';
import { type Case, casesIn, outcomesOf, withChanges } from '../../../test/support/checks.ts';
import type { TlsEvidence } from '../evidence.ts';
import { metrics } from '../metrics.ts';
import { tls } from '../probe.ts';
import { section } from '../section.ts';

const cases = casesIn(new URL('./cases/', import.meta.url));
const healthy = caseOf('healthy.json');

function caseOf(name: string): Case {
  const found = cases.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
}

/** Checks of what most cases, as old journeys, do not hold: a case that does not name one expects this. */
const UNLOOKED: Case['expected'] = {
  'issuer-changed': 'not-applicable',
  'key-reused': 'not-applicable',
  'lifetime-policy': 'not-applicable',
  'names-lost': 'not-applicable',
  'prober-clock-off': 'not-applicable',
  'renewal-incomplete': 'not-applicable',
};

const certificate = (letter: string): string => `/evidence/certificates/${letter.repeat(64)}`;
const ZONE = '192.0.2.2:443';

/** The same of whole parts of the record, by their name. */
const unlooked: Readonly<Record<string, readonly string[]>> = {
  revocation: [
    ...['certificate-revoked', 'must-staple-missing', 'staple-expired', 'staple-wrong', 'revocation-unknown'],
    ...['crl-expired', 'ocsp-expired', 'sct-too-few'],
  ],
  ends: ['default-certificate-expired'],
  client: ['client-certificate-expiry'],
};

function expectedOf({ evidence, expected }: Case): Case['expected'] {
  const absent = Object.entries(unlooked).filter(([part]) => !(part in (evidence as object)));
  const silent = Object.fromEntries(absent.flatMap(([, ids]) => ids.map((id) => [id, 'not-applicable'])));
  const all = Object.entries({ ...UNLOOKED, ...silent, ...expected });
  return Object.fromEntries(all.filter(([, outcome]) => outcome !== 'pass'));
}

describe('each case', () => {
  test.each(cases)('$name', async (each) => {
    const { outcomes } = await outcomesOf(tls, each);
    expect(outcomes).toEqual(expectedOf(each));
  });

  test.each(cases)('$name: metrics are finite and told once, and tables are even', (each) => {
    const evidence = each.evidence as TlsEvidence;
    const samples = [...metrics(evidence)];
    expect(samples.every((sample) => Number.isFinite(sample.value))).toBe(true);
    expect(new Set(samples.map(({ family, labels }) => JSON.stringify([family, labels]))).size).toBe(samples.length);
    for (const block of section(evidence).blocks) {
      if (block.kind === 'table') expect(block.rows.every((row) => row.length === block.columns.length)).toBe(true);
    }
  });

  test('every check is found, passes, is not judged and is not applicable in some case', async () => {
    const { checks } = await tls.judgement();
    for (const { id } of checks) {
      const outcomes = cases
        .map(expectedOf)
        .map((expected) => (Array.isArray(expected[id]) ? 'found' : (expected[id] ?? 'pass')));
      expect([id, new Set(outcomes)]).toEqual([id, new Set(['found', 'not-applicable', 'not-judged', 'pass'])]);
    }
  });
});

/** End of the certificate, time of judging, its lifetime in days; severity or null. */
const ends: readonly (readonly [string, string, string, number, string | null])[] = [
  ['exactly 30 days left', '2027-01-30T12:00:00Z', '2026-12-31T12:00:00Z', 90, null],
  ['a second more than 30 days', '2027-01-30T12:00:00Z', '2026-12-31T11:59:59Z', 180, null],
  ['a second less than 30 days', '2027-01-30T12:00:00Z', '2026-12-31T12:00:01Z', 180, 'warning'],
  ['of 100 days, a sixth left', '2027-01-30T12:00:00Z', '2027-01-13T20:00:00Z', 100, null],
  ['of 100 days, less than a sixth', '2027-01-30T12:00:00Z', '2027-01-13T20:00:01Z', 100, 'warning'],
  ['of 47 days, 30 left', '2027-01-30T12:00:00Z', '2026-12-31T12:00:01Z', 47, null],
  ['of 47 days, less than a sixth', '2027-01-30T12:00:00Z', '2027-01-22T16:00:01Z', 47, 'warning'],
  ['of 47 days, less than 7 days', '2027-01-30T12:00:00Z', '2027-01-23T12:00:01Z', 47, 'critical'],
  ['exactly 7 days left', '2027-01-30T12:00:00Z', '2027-01-23T12:00:00Z', 90, 'warning'],
  ['a second less than 7 days', '2027-01-30T12:00:00Z', '2027-01-23T12:00:01Z', 90, 'critical'],
  ['its last second', '2027-01-30T12:00:00Z', '2027-01-30T12:00:00Z', 90, 'critical'],
  ['a second after its end', '2027-01-30T12:00:00Z', '2027-01-30T12:00:01Z', 90, 'critical'],
  ['ended long ago', '1970-01-01T00:00:01Z', '2026-11-20T12:00:00Z', 90, 'critical'],
  ['no expiration (RFC 5280 4.1.2.5)', '9999-12-31T23:59:59Z', '2026-11-20T12:00:00Z', 2_912_000, null],
  ['of six days, a third left', '2026-12-02T12:00:00Z', '2026-11-30T12:00:00Z', 6, null],
  ['of six days, less than a third', '2026-12-02T12:00:00Z', '2026-11-30T12:00:01Z', 6, 'warning'],
  ['of six days, a sixth left', '2026-12-02T12:00:00Z', '2026-12-01T12:00:00Z', 6, 'warning'],
  ['of six days, less than a sixth', '2026-12-02T12:00:00Z', '2026-12-01T12:00:01Z', 6, 'critical'],
  ['of no lifetime that can be read', '2027-01-30T12:00:00Z', '2026-12-31T12:00:01Z', Number.NaN, 'warning'],
];

describe('the end of validity', () => {
  test.each(ends)('of the server certificate: %s', async (_, notAfter, asOf, days, severity) => {
    const { outcomes } = await outcomesOf(tls, endingCase('b', notAfter, asOf, days));
    expect(outcomes['certificate-expiry']).toEqual(severity === null ? undefined : [`${severity} ${ZONE}`]);
  });

  test.each(ends)('of the intermediate: %s', async (_, notAfter, asOf, days, severity) => {
    const { outcomes } = await outcomesOf(tls, endingCase('1', notAfter, asOf, days));
    const everywhere = healthy.endpoints.map(({ id }) => `${severity} ${id}`);
    expect(outcomes['intermediate-expiry']).toEqual(severity === null ? undefined : everywhere);
  });

  test.each([
    ['2027-01-30T12:00:00Z', 'expires in less than an hour, on 2027-01-30 12:00 UTC.'],
    ['2027-01-30T12:00:01Z', 'expired less than an hour ago, on 2027-01-30 12:00 UTC.'],
    ['2027-01-28T12:00:01Z', 'expires in 47 hours, on 2027-01-30 12:00 UTC.'],
    ['2027-02-02T12:00:00Z', 'expired 3 days ago, on 2027-01-30 12:00 UTC.'],
  ])('is told in words at %s', async (asOf, words) => {
    const { sentences } = await outcomesOf(tls, endingCase('b', '2027-01-30T12:00:00Z', asOf, 90));
    expect(sentences).toContain(`The certificate of kms.example ${words}`);
  });

  test('of a twin names its key', async () => {
    const ended = endingCase('b', '2027-01-30T12:00:00Z', '2027-02-02T12:00:00Z', 90);
    const evidence = ended.evidence as TlsEvidence;
    const [first, second, ...rest] = evidence.byEndpoint;
    if (first === undefined || second === undefined) throw new Error('two endpoints are needed');
    const twin = { ...second, otherChains: undefined, twin: undefined };
    const byEndpoint = [{ ...first, twin }, { ...second, chainSent: first.chainSent }, ...rest];
    const { outcomes, sentences } = await outcomesOf(tls, { ...ended, evidence: { ...evidence, byEndpoint } as never });
    expect(outcomes['certificate-expiry']).toEqual([`critical ${first.endpoint}`]);
    expect(sentences).toContain('The ECDSA certificate of kms.example expired 3 days ago, on 2027-01-30 12:00 UTC.');
  });

  test('thresholds are the policy’s', async () => {
    const lax = { ...endingCase('b', '2027-01-30T12:00:00Z', '2027-01-28T12:00:00Z', 90) };
    const { outcomes } = await outcomesOf(tls, { ...lax, policy: { warnDays: 2, criticalDays: 1 } });
    expect(outcomes['certificate-expiry']).toBeUndefined();
    const strict = await outcomesOf(tls, { ...healthy, policy: { warnDays: 80, criticalDays: 75 } });
    expect(strict.outcomes['certificate-expiry']).toHaveLength(3);
  });

  test('a caller who asks for other days than the usual 30 is not told by share', async () => {
    const leaf = endingCase('b', '2027-01-30T12:00:00Z', '2027-01-11T12:00:00Z', 90);
    const { outcomes } = await outcomesOf(tls, { ...leaf, policy: { warnDays: 20 } });
    expect(outcomes['certificate-expiry']).toEqual([`warning ${ZONE}`]);
  });

  test('a threshold beyond the lifetime is what the caller asked for, and no reason to judge by share', async () => {
    const half = endingCase('b', '2027-01-30T12:00:00Z', '2026-12-16T12:00:00Z', 90);
    const { outcomes } = await outcomesOf(tls, { ...half, policy: { warnDays: 365, criticalDays: 7 } });
    expect(outcomes['certificate-expiry']).toEqual([`warning ${ZONE}`]);
  });
});

/** All others end in 2099, so that only this one can be found. */
function endingCase(letter: string, notAfter: string, asOf: string, days: number): Case {
  const far = Object.fromEntries(['a', 'b', 'c', '1'].map((each) => [`${certificate(each)}/notAfter`, END_OF_ALL]));
  return {
    ...withChanges(healthy, {
      ...far,
      [`${certificate(letter)}/notAfter`]: notAfter,
      [`${certificate(letter)}/lifetimeDays`]: Number.isNaN(days) ? null : days,
    }),
    asOf,
  };
}
const END_OF_ALL = '9999-12-31T23:59:59Z';

describe('the start of validity', () => {
  test.each([
    ['2026-11-20T12:00:00Z', undefined],
    ['2026-11-20T12:00:01Z', [`critical ${ZONE}`]],
  ])('at noon a certificate that begins at %s', async (notBefore, expected) => {
    const { outcomes } = await outcomesOf(tls, withChanges(healthy, { [`${certificate('b')}/notBefore`]: notBefore }));
    expect(outcomes['certificate-not-yet-valid']).toEqual(expected);
  });
});

describe('keys at the bound', () => {
  test.each([
    ['rsa', 2047, true],
    ['rsa', 2048, false],
    ['rsa-pss', 1024, true],
    ['dsa', 1024, true],
    ['ec', 223, true],
    ['ec', 224, false],
  ])('%s of %i bits: weak is %s', async (keyType, keyBits, weak) => {
    const changed = { [`${certificate('b')}/keyType`]: keyType, [`${certificate('b')}/keyBits`]: keyBits };
    const { outcomes } = await outcomesOf(tls, withChanges(healthy, changed));
    expect(outcomes['weak-key']).toEqual(weak ? [`critical ${ZONE}`] : undefined);
  });
});

describe('signatures', () => {
  test.each([
    ...['md2WithRSAEncryption', 'md4WithRSAEncryption', 'md5WithRSAEncryption', 'sha1WithRSAEncryption'],
    ...['dsa-with-SHA1', 'ecdsa-with-SHA1', 'RSASSA-PSS-SHA1'],
  ])('%s is weak', async (algorithm) => {
    const changed = { [`${certificate('b')}/signatureAlgorithm`]: algorithm };
    const { outcomes } = await outcomesOf(tls, withChanges(healthy, changed));
    expect(outcomes['weak-signature']).toEqual([`critical ${ZONE}`]);
  });

  test.each([
    ...['sha256WithRSAEncryption', 'sha512WithRSAEncryption', 'ecdsa-with-SHA384', 'RSASSA-PSS-SHA256'],
    ...['Ed25519', 'ML-DSA-44', '1.2.3.4', '1.2.840.113549.1.1.99'],
  ])('%s is not called weak', async (algorithm) => {
    const changed = { [`${certificate('b')}/signatureAlgorithm`]: algorithm };
    const { outcomes } = await outcomesOf(tls, withChanges(healthy, changed));
    expect(outcomes['weak-signature']).toBeUndefined();
  });
});

describe('what is said', () => {
  test.each([
    ['intermediate-not-sent.json', 'The intermediate CN=Example Issuing CA,O=Example is not sent. Another endpoint'],
    ['intermediate-not-sent.json', 'The certificate says where it is: http://pki.example/issuing.crt.'],
    ['other-name.json', 'The certificate is not for kms.example; it is for staging.kms.example.'],
    ['no-name.json', 'The certificate is not for kms.example; it is for no host at all'],
    ['takes-turns.json', '2 certificates take turns: 4 x until 2027-01-30 12:00 UTC, 2 x until'],
    ['out-of-order.json', 'CN=kms.example,O=Example | CN=Example Root,O=Example | CN=Example Issuing CA,O=Example.'],
    ['leaf-twice-and-root.json', 'Sent more than once: CN=kms.example,O=Example.'],
    ['left-behind.json', ' It is the older one: a rotation has passed this endpoint by.'],
    ['left-behind.json', 'the others have serial 400a of CN=Example Issuing CA,O=Example, until 2027-01-30 12:00 UTC.'],
    [
      'verdict-two-reasons.json',
      'The chain is not trusted: the certificate CN=Old Issuing CA,O=Example has an issuer that was not sent and is not among the trusted roots (CN=Old Root,O=Example); the certificate CN=Old Issuing CA,O=Example is not meant for this purpose: TLS servers; issued by CN=Old Issuing CA,O=Example.',
    ],
    [
      'verdict-openssl-trusts.json',
      'OpenSSL trusts the chain, other programs do not: the certificate CN=Example Issuing',
    ],
    [
      'verdict-path-that-openssl-misses.json',
      'A path does hold, but OpenSSL follows the certificates as they are sent.',
    ],
    ['verdict-openssl-refuses.json', 'is not meant for TLS servers; issued by CN=Example Issuing CA,O=Example.'],
    [
      'verdict-way-around.json',
      'Clients that try other paths find one without it, until 2027-01-30 12:00 UTC; those that',
    ],
    ['tls-1.1.json', 'Offered up to TLS 1.3, the server chose TLSv1.1.'],
  ])('in %s: %s', async (name, words) => {
    const { sentences } = await outcomesOf(tls, caseOf(name));
    expect(sentences.join(' ')).toContain(words);
  });

  test('names that are no hosts are counted, not quoted', async () => {
    const mixed = withChanges(caseOf('other-name.json'), { [`${certificate('b')}/sansTotal`]: 3 });
    const { sentences } = await outcomesOf(tls, mixed);
    expect(sentences.join(' ')).toContain('it is for staging.kms.example and 2 more.');
  });
});

describe('the answer', () => {
  test.each([
    [
      'healthy.json',
      'observed',
      'TLS 1.3 ends at or behind each of 3 endpoints (offered: TLS 1.2 and TLS 1.3), with 3 certificates issued by CN=Example',
    ],
    ['healthy.json', 'observed', 'the first expires in 71 days, on 2027-01-30 12:00 UTC (az1)'],
    ['expired.json', 'observed', 'the first expired 3 days ago, on 2026-11-17 12:00 UTC (az2)'],
    ['plain-http.json', 'observed', 'Nowhere on this way: the target is plain http.'],
    ['no-handshake.json', 'not-visible', 'Not visible: no TLS handshake finished.'],
  ])('to %s is %s: %s', async (name, confidence, words) => {
    const { answer } = await outcomesOf(tls, caseOf(name));
    expect(answer.confidence).toBe(confidence);
    expect(answer.summary).toContain(words);
  });

  test('does not deny handshakes whose certificates cannot be read', async () => {
    const ends = ['a', 'b', 'c'].map((each) => [`${certificate(each)}/notAfter`, null]);
    const { answer } = await outcomesOf(tls, withChanges(healthy, Object.fromEntries(ends)));
    expect(answer.confidence).toBe('not-visible');
    expect(answer.summary).toBe('Not visible: no certificate that was presented says when it expires.');
  });
});
