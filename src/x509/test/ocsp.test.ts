import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCertificate } from '../certificate.ts';
import { MAX_OCSP_BYTES, ocspRequest, readOcspResponse, signerOf, singleFor } from '../ocsp.ts';

/** Made with `openssl ca` and `openssl ocsp` 3.0: a CA, two server certificates of which one is revoked, responders of several kinds. */
const made = JSON.parse(readFileSync(new URL('./revocation-fixtures.json', import.meta.url), 'utf8')) as Readonly<
  Record<'certificates' | 'requests' | 'responses', Readonly<Record<string, string>>>
>;
const bytes = (base64: string | undefined): Buffer => Buffer.from(base64 ?? '', 'base64');
const certificate = (name: string) => readCertificate(bytes(made.certificates[name]));
const response = (name: string) => readOcspResponse(bytes(made.responses[name]));
const ca = certificate('ca');
const AT = Date.parse('2026-11-22T00:00:00Z');

describe('the question', () => {
  test.each(['good', 'revoked'])('is byte for byte what openssl ocsp asks: %s', (name) => {
    expect(ocspRequest(certificate(name), ca)?.toString('base64')).toBe(made.requests[name]);
  });

  test('may have a nonce', () => {
    const asked = ocspRequest(certificate('good'), ca, Buffer.alloc(16, 7));
    expect(asked?.toString('hex')).toContain(`06092b060105050730010204120410${'07'.repeat(16)}`);
  });

  test('cannot be asked of what has no serial number', () => {
    expect(ocspRequest(readCertificate(Buffer.from('nothing')), ca)).toBeNull();
  });
});

describe('the answer', () => {
  test.each([
    ['good-issuer', 'good', 'good', null],
    ['good-delegate', 'good', 'good', null],
    ['good-bykey', 'good', 'good', null],
    ['revoked-issuer', 'revoked', 'revoked', 'keyCompromise'],
  ])('%s says that the certificate is %s', (name, about, status, reason) => {
    const basic = response(name)?.basic;
    if (basic == null) throw new Error('not read');
    const single = singleFor(basic, certificate(about), ca);
    expect(single).toMatchObject({ status, reason });
    expect(single?.revokedAt).toBe(status === 'revoked' ? '2026-11-21T13:13:12.000Z' : null);
    expect([single?.thisUpdate, single?.nextUpdate]).toEqual(['2026-11-21T13:13:12.000Z', '2026-11-28T13:13:12.000Z']);
  });

  test('says nothing of another certificate, nor of one of another CA with the same name', () => {
    const basic = response('good-issuer')?.basic;
    if (basic == null) throw new Error('not read');
    expect(singleFor(basic, certificate('revoked'), ca)).toBeNull();
    expect(singleFor(basic, certificate('good'), certificate('other'))).toBeNull();
  });

  test('says that it does not know a serial number', () => {
    expect(response('unknown-issuer')?.basic?.singles[0]).toMatchObject({ status: 'unknown', serialHex: '0777' });
  });

  test.each([
    ['good-issuer', 'ca', AT, { by: 'issuer', because: null }],
    ['good-bykey', 'ca', AT, { by: 'issuer', because: null }],
    ['good-delegate', 'ca', AT, { by: 'delegate', because: null }],
    ['good-delegate', 'ca', 0, { by: null, because: 'the certificate of its signer is not valid at this time' }],
    [
      'good-delegate',
      'other',
      AT,
      { by: null, because: 'its signer was not made so by the issuer of the certificate' },
    ],
    [
      'good-plain',
      'ca',
      AT,
      { by: null, because: 'its signer may not sign OCSP responses (no OCSPSigning in its certificate)' },
    ],
    ['good-impostor', 'ca', AT, { by: null, because: 'its signature is not of the issuer that it names' }],
  ])('%s is signed, seen from %s', (name, issuer, atMs, expected) => {
    const basic = response(name)?.basic;
    if (basic == null) throw new Error('not read');
    expect(signerOf(basic, certificate(issuer), atMs)).toEqual(expected);
  });

  test.each([
    ['30030a0103', 'tryLater'],
    ['30030a0106', 'unauthorized'],
    ['30030a0109', 'status 9'],
  ])('may be that there is none: %s', (hex, responseStatus) => {
    expect(readOcspResponse(Buffer.from(hex, 'hex'))).toEqual({ responseStatus, basic: null });
  });

  test.each([
    ['nothing', ''],
    ['no ENUMERATED', '3003020100'],
    ['success without a response', '30030a0100'],
    ['more behind it', '30030a010300'],
  ])('is none: %s', (_, hex) => {
    expect(readOcspResponse(Buffer.from(hex, 'hex'))).toBeNull();
  });

  test('is none when it is too large', () => {
    const large = Buffer.concat([Buffer.from('3082ffff', 'hex'), Buffer.alloc(MAX_OCSP_BYTES)]);
    expect(readOcspResponse(large)).toBeNull();
  });
});

describe('hostile bytes', () => {
  const whole = bytes(made.responses['good-delegate']);

  test('never throw, and no change passes for the signed answer', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ flip;
        const basic = readOcspResponse(changed)?.basic ?? null;
        const single = basic === null ? null : singleFor(basic, certificate('good'), ca);
        const isBelieved = basic !== null && single !== null && signerOf(basic, ca, AT).by !== null;
        // What stands outside of what is signed may be written in another way, and says the same.
        if (isBelieved) expect(single).toMatchObject({ status: 'good', nextUpdate: '2026-11-28T13:13:12.000Z' });
      }),
      { numRuns: 600 },
    );
  });

  test('cut anywhere are none', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(readOcspResponse(whole.subarray(0, length))).toBeNull();
    }
  });

  test('of any kind are read or not, without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (any) => {
        const read = readOcspResponse(Buffer.concat([Buffer.from([0x30, any.length & 0x7f]), any]));
        expect(read === null || typeof read.responseStatus === 'string').toBe(true);
      }),
    );
  });
});
