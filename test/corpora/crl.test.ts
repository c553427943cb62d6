// Revocation lists of others: x509-limbo's cases with lists, and zlint's lists that break the rules, each in its own way. See README.md.
import { describe, expect, test } from 'vitest';
import { issuersAmong } from '../../probes/tls/revocation/issuers.ts';
import { fromCrl } from '../../probes/tls/revocation/statement.ts';
import { readCertificate } from '../../src/x509/certificate.ts';
import { countRevoked, readCrl } from '../../src/x509/crl.ts';
import { corpus } from './corpus.ts';

interface LimboCase {
  readonly id: string;
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly expected_result: 'SUCCESS' | 'FAILURE';
  readonly crls?: readonly string[];
}

const der = (pem: string): Buffer => Buffer.from(pem.replaceAll(/-----[^-]+-----/g, ''), 'base64');

/** Refused by x509-limbo for the list's number (RFC 5280 5.2.3), which is a rule for issuers: no client looks at it. */
const PEDANTIC = new Set(['crl::crlnumber-missing', 'crl::crlnumber-critical']);

describe('x509-limbo', () => {
  const { testcases } = corpus('limbo') as { readonly testcases: readonly LimboCase[] };
  const listed = testcases.filter(({ crls }) => (crls ?? []).length > 0);

  test('has 8 cases with lists', () => {
    expect(listed.length).toBe(8);
  });

  test.each(listed)('$id', ({ id, crls = [], ...named }) => {
    const leaf = readCertificate(der(named.peer_certificate));
    const others = [...named.trusted_certs, ...named.untrusted_intermediates].map((pem) => readCertificate(der(pem)));
    const issuer = issuersAmong(
      () => others,
      () => [],
    )(leaf);
    const isGood = crls.some((pem) => {
      const { status, because } = fromCrl(readCrl(Buffer.from(pem)), leaf, issuer);
      return status === 'good' && because === null;
    });
    expect(isGood).toBe(named.expected_result === 'SUCCESS' || PEDANTIC.has(id));
  });
});

/** UTCTime with an offset, which RFC 5280 5.1.2.4 forbids: nothing is said by such a list. */
const WITH_OFFSET = [
  ...['crlWithAuthKeyID.pem', 'crlWithDuplicatesInCRLEntryExtensions.pem', 'crlWithMissingAuthKeyID.pem'],
  ...['crlWithNoDuplicateInCRLEntryExtensions.pem', 'crl_no_duplicate_ext.pem', 'crl_with_duplicate_ext.pem'],
];

test('zlint’s lists are read, with as many entries as openssl counts', () => {
  const lists = Object.entries(corpus('zlint-crls') as Readonly<Record<string, readonly [string, number]>>);
  expect(lists.length).toBe(61);
  const differing = lists.filter(([, [base64, entries]]) => {
    const crl = readCrl(Buffer.from(base64, 'base64'));
    return crl === null || countRevoked(crl) !== entries;
  });
  expect(differing.map(([file]) => file).toSorted()).toEqual(WITH_OFFSET.toSorted());
});
