import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import forge from 'node-forge';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../../src/demo/pki/authority.ts';
import { issue } from '../../../src/demo/pki/certificate.ts';
import { implicit, utf8 } from '../../../src/demo/pki/der.ts';
import { ecKeys, rsaKeys } from '../../../src/demo/pki/keys.ts';
import { wireText } from '../../../src/model/text.ts';
import { recordCertificate } from '../../../src/x509/certificate-record.ts';
import { hostMatches } from '../../../src/x509/hostname.ts';
import {
  type Algorithm,
  access,
  altNames,
  commonName,
  isCa,
  type Mint,
  mint,
  printable,
  universal,
} from '../../../src/x509/test/mint.ts';
import { evidenceSchema, type TlsCertificate } from '../evidence.ts';

const DAY_MS = 86_400_000;
const rideMs = Date.parse('2026-11-20T12:00:00Z');
const { Type } = forge.asn1;

const ca = ecKeys();
const rsa = await rsaKeys();
const keysOf = (pair: { publicKey: KeyObject; privateKey: KeyObject }) => pair;
const ed25519 = keysOf(generateKeyPairSync('ed25519'));

/** A certificate for kms.example by an EC issuer, with some fields changed. */
function minted(change: Partial<Mint> = {}): Buffer {
  return mint({
    publicKey: ca.publicKey,
    signedBy: ca.privateKey,
    algorithm: 'ecdsa-sha256',
    subject: commonName('kms.example'),
    issuer: commonName('Example Issuing CA'),
    notBefore: '261101120000Z',
    notAfter: '270130120000Z',
    extensions: [altNames(['kms.example'])],
    ...change,
  });
}

const readCertificate = (der: Uint8Array) => {
  const { record, certificate } = recordCertificate(der, rideMs);
  return { record, names: certificate.extensions.names };
};
const recordOf = (der: Uint8Array): TlsCertificate => readCertificate(der).record;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('a certificate of the demo world is read in every field', () => {
  const subject = { commonName: 'kms.example', ...ecKeys() };
  const certificate = issue({
    subject,
    issuer: { commonName: 'Example Issuing CA', ...ca },
    notBefore: Date.parse('2026-11-01T12:00:00Z'),
    notAfter: Date.parse('2027-01-30T12:00:00Z'),
    names: ['kms.example', '*.kms.example'],
    caIssuersUrl: 'http://pki.kms.example/issuing-ca.crt',
  });
  const { serialHex, ...record } = recordOf(certificate.der);
  expect(serialHex).toMatch(/^[4-7][0-9a-f]{31}$/);
  expect(record).toEqual({
    subject: 'CN=kms.example,O=Example KMS',
    issuer: 'CN=Example Issuing CA,O=Example KMS',
    notBefore: '2026-11-01T12:00:00.000Z',
    notAfter: '2027-01-30T12:00:00.000Z',
    lifetimeDays: 90,
    daysLeft: 71,
    sans: ['kms.example', '*.kms.example'],
    sansTotal: 2,
    keyType: 'ec',
    keyBits: 256,
    curve: 'prime256v1',
    signatureAlgorithm: 'ecdsa-with-SHA256',
    selfSigned: false,
    isCa: false,
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'],
    spkiSha256: sha256(subject.publicKey.export({ type: 'spki', format: 'der' })),
    caIssuersUrls: ['http://pki.kms.example/issuing-ca.crt'],
    ocspUrls: [],
    parseError: null,
  });
});

test('a root and an intermediate are CAs, and only the root is signed by itself', () => {
  const authority = createAuthority('Example', rideMs);
  const root = recordOf(authority.rootCertificate.der);
  const intermediate = recordOf(authority.intermediateCertificate.der);
  expect([root.isCa, root.selfSigned, intermediate.isCa, intermediate.selfSigned]).toEqual([true, true, true, false]);
});

describe('the key', () => {
  test.each<[string, KeyObject, Partial<TlsCertificate>]>([
    ['RSA 2048', rsa.publicKey, { keyType: 'rsa', keyBits: 2048, curve: null }],
    ['RSA 1024', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey, { keyType: 'rsa', keyBits: 1024 }],
    ['P-256', ecOn('P-256'), { keyType: 'ec', keyBits: 256, curve: 'prime256v1' }],
    ['P-384', ecOn('P-384'), { keyType: 'ec', keyBits: 384, curve: 'secp384r1' }],
    ['P-521', ecOn('P-521'), { keyType: 'ec', keyBits: 521, curve: 'secp521r1' }],
    ['P-192', ecOn('prime192v1'), { keyType: 'ec', keyBits: 192, curve: 'prime192v1' }],
    ['brainpool', ecOn('brainpoolP320r1'), { keyType: 'ec', keyBits: 320, curve: 'brainpoolP320r1' }],
    ['a binary field', ecOn('sect163k1'), { keyType: 'ec', keyBits: 163, curve: 'sect163k1' }],
    ['Ed25519', ed25519.publicKey, { keyType: 'ed25519', keyBits: null, curve: null }],
    ['Ed448', generateKeyPairSync('ed448').publicKey, { keyType: 'ed448', keyBits: null, curve: null }],
  ])('%s', (_, publicKey, expected) => {
    expect(recordOf(minted({ publicKey }))).toMatchObject({ ...expected, parseError: null });
  });

  function ecOn(namedCurve: string): KeyObject {
    return generateKeyPairSync('ec', { namedCurve }).publicKey;
  }
});

describe('the signature', () => {
  test.each<[Algorithm, KeyObject, string]>([
    ['sha256-rsa', rsa.privateKey, 'sha256WithRSAEncryption'],
    ['sha512-rsa', rsa.privateKey, 'sha512WithRSAEncryption'],
    ['sha1-rsa', rsa.privateKey, 'sha1WithRSAEncryption'],
    ['md5-rsa', rsa.privateKey, 'md5WithRSAEncryption'],
    ['pss-sha256', rsa.privateKey, 'RSASSA-PSS-SHA256'],
    ['pss-sha1', rsa.privateKey, 'RSASSA-PSS-SHA1'],
    ['ecdsa-sha1', ca.privateKey, 'ecdsa-with-SHA1'],
    ['ecdsa-sha384', ca.privateKey, 'ecdsa-with-SHA384'],
    ['ed25519', ed25519.privateKey, 'Ed25519'],
  ])('%s', (algorithm, signedBy, name) => {
    expect(recordOf(minted({ algorithm, signedBy })).signatureAlgorithm).toBe(name);
  });

  test('decides who signed themselves: a name that names itself is not enough', () => {
    const own = { subject: commonName('kms.example'), issuer: commonName('kms.example') };
    expect(recordOf(minted(own)).selfSigned).toBe(true);
    expect(recordOf(minted({ ...own, publicKey: ecKeys().publicKey })).selfSigned).toBe(false);
    expect(recordOf(minted({ ...own, algorithm: 'sha1-rsa', ...bySelf(rsa) })).selfSigned).toBe(true);
    expect(recordOf(minted({ ...own, algorithm: 'ed25519', ...bySelf(ed25519) })).selfSigned).toBe(true);
  });

  function bySelf({ publicKey, privateKey }: typeof rsa): Pick<Mint, 'publicKey' | 'signedBy'> {
    return { publicKey, signedBy: privateKey };
  }
});

describe('times', () => {
  test.each<[string, string | null]>([
    // RFC 5280 4.1.2.5: 50 to 99 are of the last century.
    ['491231235959Z', '2049-12-31T23:59:59.000Z'],
    ['500101000000Z', '1950-01-01T00:00:00.000Z'],
    ['20500101000000Z', '2050-01-01T00:00:00.000Z'],
    ['99991231235959Z', '9999-12-31T23:59:59.000Z'],
    ['240229000000Z', '2024-02-29T00:00:00.000Z'],
    // What RFC 5280 forbids is not guessed at.
    ['260229000000Z', null],
    ['261301000000Z', null],
    ['261101240000Z', null],
    ['261101120060Z', null],
    ['2611011200Z', null],
    ['261101120000+0100', null],
    ['20261101120000', null],
    ['20261101120000.5Z', null],
    ['garbage', null],
    ['', null],
  ])('notAfter %j is %s', (text, expected) => {
    const record = recordOf(minted({ notAfter: text }));
    expect(record.notAfter).toBe(expected);
    expect(record.daysLeft === null).toBe(expected === null);
    expect(record.notBefore).toBe('2026-11-01T12:00:00.000Z');
  });

  test.each([
    ['270130120000Z', 71],
    ['261120120000Z', 0],
    ['261120000000Z', -0.5],
    ['231120120000Z', -1096],
    ['99991231235959Z', 2_912_119.5],
  ])('%s is %d days from the ride', (notAfter, days) => {
    expect(recordOf(minted({ notAfter })).daysLeft).toBeCloseTo(days, 1);
  });
});

describe('names', () => {
  test('subjectAltName: hosts and addresses are listed, all entries counted, and each kind stays its own', () => {
    const mail = implicit(1, Buffer.from('a@kms.example'));
    const v6 = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    const extensions = [altNames(['kms.example', '192.0.2.9'], [[192, 0, 2, 1], v6, [1, 2, 3]], [mail])];
    const { record, names } = readCertificate(minted({ extensions }));
    expect(record.sans).toEqual(['kms.example', '192.0.2.9', '192.0.2.1', '2001:db8::1']);
    expect(record.sansTotal).toBe(6);
    expect(names?.ip).toEqual(['192.0.2.1', '2001:db8::1']);
  });

  test('the common name covers no host', () => {
    const { record, names } = readCertificate(minted({ extensions: [] }));
    expect(record).toMatchObject({ subject: 'CN=kms.example', sans: [], sansTotal: 0 });
    expect(hostMatches({ host: wireHost('kms.example'), isAddress: false }, names)).toBe(false);
  });

  test('a NUL inside a name hides nothing', () => {
    const { record, names } = readCertificate(minted({ extensions: [altNames(['kms.example\0.evil.example'])] }));
    expect(record.sans).toEqual(['kms.example\0.evil.example']);
    expect(hostMatches({ host: wireHost('kms.example'), isAddress: false }, names)).toBe(false);
  });

  test('of six thousand, a hundred are written down and all are matched', () => {
    const many = Array.from({ length: 6000 }, (_, at) => `h${at}.kms.example`);
    const { record, names } = readCertificate(minted({ extensions: [altNames(many)] }));
    expect([record.sans.length, record.sansTotal]).toEqual([100, 6000]);
    expect(hostMatches({ host: wireHost('h5999.kms.example'), isAddress: false }, names)).toBe(true);
  });

  test.each<[string, Mint['subject'], string]>([
    ['in reverse', [...commonName('a'), ['2.5.4.10', printable('b')]], 'O=b,CN=a'],
    ['UTF-8', [['2.5.4.10', utf8('Käse 鍵')]], 'O=Käse 鍵'],
    ['BMPString', [['2.5.4.10', universal(Type.BMPSTRING, 'Key')]], 'O=Key'],
    ['escapes', [['2.5.4.3', printable(' a,b+c"d\\e<f>g;h ')]], 'CN=\\ a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h\\ '],
    ['a hash in front', [['2.5.4.3', printable('#04')]], 'CN=\\#04'],
    ['NUL', [['2.5.4.3', printable('a\0b')]], 'CN=a\\00b'],
    ['an unknown type', [['1.2.3.4', printable('x')]], '1.2.3.4=#130178'],
    ['nothing', [], ''],
  ])('distinguished name: %s', (_, subject, text) => {
    expect(recordOf(minted({ subject })).subject).toBe(text);
  });

  test('authority information access tells issuers from OCSP, and only URLs', () => {
    const [issuers, ocsp] = ['1.3.6.1.5.5.7.48.2', '1.3.6.1.5.5.7.48.1'] as const;
    const extension = access(
      [ocsp, 'http://ocsp.example'],
      [issuers, 'http://a.example/ca.crt'],
      [issuers, 'ldap://b'],
    );
    expect(recordOf(minted({ extensions: [extension] }))).toMatchObject({
      caIssuersUrls: ['http://a.example/ca.crt', 'ldap://b'],
      ocspUrls: ['http://ocsp.example'],
    });
    const flood = access(...Array.from({ length: 12 }, () => [issuers, 'x'.repeat(9000)] as const));
    const record = recordOf(minted({ extensions: [flood] }));
    expect(record.caIssuersUrls).toHaveLength(8);
    expect(record.caIssuersUrls.every((url) => (url as unknown as string).length <= 1025)).toBe(true);
  });

  test('of an extension that comes twice the first counts (RFC 5280 4.2 forbids it)', () => {
    expect(recordOf(minted({ extensions: [altNames(['a.example']), altNames(['b.example'])] })).sans).toEqual([
      'a.example',
    ]);
    expect(recordOf(minted({ extensions: [isCa(true), isCa(false)] })).isCa).toBe(true);
  });

  test('the serial number keeps its leading zero', () => {
    expect(recordOf(minted({ serial: Uint8Array.of(0, 0x87, 0x65) })).serialHex).toBe('008765');
  });

  function wireHost(host: string) {
    return host as Parameters<typeof hostMatches>[0]['host'];
  }
});

/** What a reader may never do, whatever it is given: throw, or write a record that the schema refuses. */
function survives(der: Uint8Array): TlsCertificate {
  const { record } = readCertificate(der);
  evidenceSchema.parse({ byEndpoint: [], certificates: { [sha256(der)]: record } });
  return record;
}

const samples = [
  minted(),
  minted({ publicKey: rsa.publicKey, algorithm: 'pss-sha256', signedBy: rsa.privateKey }),
  minted({
    subject: [['2.5.4.10', universal(Type.BMPSTRING, 'Key')], ...commonName('kms.example')],
    notAfter: '99991231235959Z',
    extensions: [altNames(['kms.example'], [[192, 0, 2, 1]]), isCa(true), access(['1.3.6.1.5.5.7.48.2', 'http://a'])],
  }),
  createAuthority('Example', rideMs).intermediateCertificate.der,
];
const sample = fc.constantFrom(...samples);

describe('what a stranger sends is survived', () => {
  test('every certificate cut short', () => {
    for (const der of samples) {
      for (let length = 0; length < der.length; length++) {
        expect(survives(der.subarray(0, length))).toMatchObject({ subject: null, notAfter: null, selfSigned: false });
      }
    }
  });

  test('every byte of a certificate changed', () => {
    for (const der of samples) {
      for (let at = 0; at < der.length; at++) {
        for (const mask of [0x01, 0x80, 0xff]) {
          const changed = Buffer.from(der);
          changed[at] = (changed[at] ?? 0) ^ mask;
          expect(() => survives(changed)).not.toThrow();
        }
      }
    }
  });

  test('several bytes changed, pieces removed, repeated and inserted', () => {
    const edit = fc.record({
      at: fc.nat(2000),
      remove: fc.nat(40),
      insert: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(...samples.map((der) => der.subarray(0, 40)))),
    });
    fc.assert(
      fc.property(sample, fc.array(edit, { minLength: 1, maxLength: 6 }), (der, edits) => {
        const changed = edits.reduce((bytes: Uint8Array, { at, remove, insert }) => {
          const from = at % (bytes.length + 1);
          return Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)]);
        }, der);
        survives(changed);
      }),
      { numRuns: 700 },
    );
  });

  test('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => void survives(bytes)),
      { numRuns: 700 },
    );
  });

  test('well-formed DER that is no certificate', () => {
    const types = fc.constantFrom(1, 2, 3, 4, 5, 6, 12, 19, 22, 23, 24, 28, 30, 0x80, 0x81, 0x86, 0x87);
    const { tree } = fc.letrec<{ tree: Buffer }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6, depthSize: 'large' },
        fc.tuple(types, fc.uint8Array({ maxLength: 20 })).map(([type, bytes]) => tlv(type, bytes)),
        fc
          .tuple(fc.constantFrom(0x30, 0x31, 0x24, 0x60, 0xa0, 0xa3, 0xe0), fc.array(tie('tree'), { maxLength: 8 }))
          .map(([type, values]) => tlv(type, ...values)),
      ),
    }));
    const certificate = fc
      .array(tree, { minLength: 1, maxLength: 9 })
      .map((fields) => tlv(0x30, tlv(0x30, ...fields), tlv(0x30)));
    fc.assert(
      fc.property(fc.oneof(certificate, tree), (der) => void survives(der)),
      { numRuns: 700 },
    );
  });

  test.each<[string, () => Uint8Array]>([
    ['nothing', () => new Uint8Array()],
    ['nested 300 deep', () => Buffer.from('3080'.repeat(300), 'hex')],
    ['nested 60,000 deep', () => Buffer.from('3080'.repeat(60_000), 'hex')],
    ['of 60,000 empty values', () => tlv(0x30, Buffer.from('0500'.repeat(60_000), 'hex'))],
    ['of lengths that lie', () => Buffer.from('3084ffffffff30847fffffff', 'hex')],
    ['of a length of 126 octets', () => Buffer.concat([Buffer.from('30fe', 'hex'), Buffer.alloc(126, 0xff)])],
    ['larger than any handshake carries', () => tlv(0x30, Buffer.alloc(10_000_000))],
    ['PEM', () => Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')],
    ['an OID of 60,000 arcs', () => oidOfManyArcs()],
    // An arc must end in an octet without the continuation bit (X.690 8.19.2); node-forge reads none here.
    [
      'an OID without an end',
      () => Buffer.from('301730130100010020002000200020052003060180010030 00'.replace(' ', ''), 'hex'),
    ],
  ])('%s', (_, der) => {
    expect(survives(der())).toMatchObject({ subject: null, keyType: null, sans: [] });
  });

  test('a view into a larger buffer is read from its own start', () => {
    const [der = Buffer.alloc(0)] = samples;
    const inside = Buffer.concat([Buffer.alloc(7, 0x30), der, Buffer.alloc(9)]).subarray(7, 7 + der.length);
    expect(recordOf(inside)).toEqual(recordOf(der));
  });

  /** Identifier octet, a length of four octets, content. */
  function tlv(identifier: number, ...content: readonly Uint8Array[]): Buffer {
    const bytes = Buffer.concat(content);
    const head = Buffer.of(identifier, 0x84, 0, 0, 0, 0);
    head.writeUInt32BE(bytes.length, 2);
    return Buffer.concat([head, bytes]);
  }

  function oidOfManyArcs(): Buffer {
    return Buffer.concat([Buffer.from('3082ea640682ea60', 'hex'), Buffer.alloc(60_000, 1)]);
  }
});

test('text of a certificate is wire text, cut where it is too long', () => {
  const subject: Mint['subject'] = Array.from({ length: 40 }, () => ['2.5.4.3', printable('n'.repeat(400))]);
  const { subject: text } = recordOf(minted({ subject, extensions: [altNames(['a'.repeat(5000)])] }));
  expect(text).toEqual(wireText(`CN=${'n'.repeat(256)},`.repeat(40), 1024));
});

test('days are counted from the ride, not from now', () => {
  const der = minted();
  const [early, late] = [rideMs, rideMs + 10 * DAY_MS].map((ms) => recordCertificate(der, ms).record.daysLeft);
  expect([early, late]).toEqual([71, 61]);
});
