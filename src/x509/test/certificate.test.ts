// What a certificate says of itself is read in full, and what cannot be read is named. Certificates of strangers: probes/tls.
import { describe, expect, test } from 'vitest';
import {
  bits,
  boolean,
  explicit,
  implicit,
  integer,
  type Node,
  octets,
  oid,
  sequence,
  set,
  utf8,
} from '../../demo/pki/der.ts';
import { ecKeys } from '../../demo/pki/keys.ts';
import { hasExplicitCurve, loaded, readCertificate } from '../certificate.ts';
import { nameKey } from '../distinguished-name.ts';
import { readScts } from '../sct.ts';
import {
  altNames,
  authorityKeyId,
  caOf,
  commonName,
  type Extension,
  extendedKeyUsage,
  keyUsage,
  type Mint,
  mint,
  nameConstraints,
  printable,
  subjectKeyId,
} from './mint.ts';

const keys = ecKeys();

function minted(change: Partial<Mint> = {}): Buffer {
  return mint({
    publicKey: keys.publicKey,
    signedBy: keys.privateKey,
    algorithm: 'ecdsa-sha256',
    subject: commonName('kms.example'),
    issuer: commonName('Example Issuing CA'),
    notBefore: '261101120000Z',
    notAfter: '270130120000Z',
    extensions: [],
    ...change,
  });
}

const extensionsOf = (...extensions: readonly Extension[]) => readCertificate(minted({ extensions })).extensions;
const uri = (text: string) => implicit(6, Buffer.from(text));

describe('extensions', () => {
  test('key usage is a set of bits, extended key usage a list of OIDs', () => {
    const { keyUsage: bitsSet, extendedKeyUsage: usages } = extensionsOf(
      keyUsage(0, 5, 6),
      extendedKeyUsage('1.3.6.1.5.5.7.3.1', '2.5.29.37.0'),
    );
    expect([...(bitsSet ?? [])]).toEqual([0, 5, 6]);
    expect(usages).toEqual(['1.3.6.1.5.5.7.3.1', '2.5.29.37.0']);
  });

  test.each<[string, Extension, ReturnType<typeof extensionsOf>['basic']]>([
    ['a CA', caOf(), { ca: true, pathLength: null }],
    ['a CA that allows 3', caOf(3), { ca: true, pathLength: 3 }],
    ['none', ['2.5.29.19', sequence()], { ca: false, pathLength: null }],
    ['a length alone', ['2.5.29.19', sequence(integer(Uint8Array.of(0)))], { ca: false, pathLength: 0 }],
    ['a negative length', ['2.5.29.19', sequence(boolean(true), integer(Uint8Array.of(0xff)))], null],
    ['a length that is none', ['2.5.29.19', sequence(boolean(true), octets(Uint8Array.of(1)))], null],
  ])('basic constraints: %s', (_, extension, expected) => {
    const { basic, unreadable } = extensionsOf(extension);
    expect(basic).toEqual(expected);
    expect(unreadable).toEqual(expected === null ? ['2.5.29.19'] : []);
  });

  test('name constraints keep the form of each base', () => {
    const { nameConstraints: read } = extensionsOf(
      nameConstraints(
        [implicit(2, Buffer.from('example')), implicit(7, Uint8Array.of(192, 0, 2, 0, 255, 255, 255, 0))],
        [implicit(1, Buffer.from('.mail.example')), uri('host.example')],
      ),
    );
    expect(read).toEqual({
      permitted: [
        { form: 2, value: 'example' },
        { form: 7, value: '\xc0\x00\x02\x00\xff\xff\xff\x00' },
      ],
      excluded: [
        { form: 1, value: '.mail.example' },
        { form: 6, value: 'host.example' },
      ],
    });
  });

  test('key identifiers, distribution points, policies and must-staple', () => {
    const read = extensionsOf(
      subjectKeyId(1, 2),
      authorityKeyId(0xab, 0xcd),
      ['2.5.29.31', sequence(sequence(explicit(0, explicit(0, uri('http://crl.example/a.crl')))))],
      ['2.5.29.32', sequence(sequence(oid('2.23.140.1.2.1')))],
      ['1.3.6.1.5.5.7.1.24', sequence(integer(Uint8Array.of(5)))],
    );
    expect(read).toMatchObject({
      subjectKeyId: '0102',
      authorityKeyId: { keyId: 'abcd', hasIssuer: false, hasSerial: false },
      crlUrls: ['http://crl.example/a.crl'],
      policies: ['2.23.140.1.2.1'],
      tlsFeatures: [5],
      unreadable: [],
    });
  });

  test('which are critical, which come twice, which cannot be read', () => {
    const read = extensionsOf(
      keyUsage(0),
      altNames(['kms.example']),
      altNames(['other.example']),
      ['2.5.29.37', sequence()],
      ['1.2.3.4', sequence(), true],
    );
    expect([...read.critical]).toEqual([
      ['2.5.29.15', true],
      ['2.5.29.17', false],
      ['2.5.29.37', false],
      ['1.2.3.4', true],
    ]);
    expect([read.duplicates, read.unreadable]).toEqual([['2.5.29.17'], ['2.5.29.37']]);
  });
});

describe('signed certificate timestamps', () => {
  const sct = (version = 0, extra = 0): Buffer => {
    const head = Buffer.alloc(43);
    head.writeUInt8(version, 0);
    head.fill(0xaa, 1, 33);
    head.writeBigUInt64BE(1_795_176_000_000n, 33);
    return Buffer.concat([head, Buffer.of(4, 3, 0, 2 + extra, 0xbe, 0xef)]);
  };
  const listed = (...all: readonly Buffer[]): Buffer => {
    const parts = all.flatMap((one) => [Buffer.of(one.length >> 8, one.length & 255), one]);
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.of(body.length >> 8, body.length & 255), body]);
  };
  const read = (list: Buffer) => extensionsOf(['1.3.6.1.4.1.11129.2.4.2', octets(list)]);

  test('are read with log, time and signature', () => {
    const one = { version: 0, logId: 'aa'.repeat(32), timestampMs: 1_795_176_000_000, hash: 4, algorithm: 3 };
    expect(read(listed(sct(), sct(0))).scts).toEqual(
      Array.from({ length: 2 }, () => ({ ...one, signatureHex: 'beef' })),
    );
  });

  test.each([
    ['longer than it says', Buffer.concat([listed(sct()), Buffer.of(0)])],
    ['shorter than it says', listed(sct()).subarray(0, -1)],
    ['with a signature longer than itself', listed(sct(0, 1))],
    ['cut in its head', listed(sct().subarray(0, 20))],
    ['empty', Buffer.alloc(0)],
  ])('a list %s is unreadable', (_, list) => {
    const { scts, unreadable } = read(list);
    expect([scts, unreadable]).toEqual([[], ['1.3.6.1.4.1.11129.2.4.2']]);
  });

  test('what is no OCTET STRING is no list', () => {
    expect(readScts('\x30\x00')).toBeNull();
  });
});

describe('what RFC 5280 4.1 asks for', () => {
  test('is all there in an honest certificate', () => {
    const read = readCertificate(minted({ notAfter: '20500101000000Z' }));
    expect(read).toMatchObject({ version: 3, sameAlgorithm: true, timesInForm: true, unread: [] });
    expect(loaded(read)).toMatchObject({ parseError: null, key: { type: 'ec', bits: 256, curve: 'prime256v1' } });
  });

  test('is named where it cannot be read', () => {
    expect(readCertificate(minted({ notAfter: '2701301200Z' })).unread).toEqual(['validity']);
    expect(readCertificate(minted({ notAfter: '20270130120000Z' }))).toMatchObject({ unread: [], timesInForm: false });
    expect(readCertificate(Buffer.from('nothing')).unread).toEqual(['certificate']);
    expect(readCertificate(Buffer.alloc(200_000, 0x30)).unread).toEqual(['certificate']);
  });

  test('a curve that is spelled out is told from one that is named', () => {
    const named = minted();
    expect(hasExplicitCurve(readCertificate(named))).toBe(false);
    // The OID of P-256 in the key, as a SEQUENCE of the same length: what matters is that it is none.
    const at = named.indexOf(Buffer.from('06082a8648ce3d030107', 'hex'));
    const spelled = Buffer.from(named);
    spelled.set(Buffer.from('30080206000000000001', 'hex'), at);
    expect(hasExplicitCurve(readCertificate(spelled))).toBe(true);
  });
});

describe('names are the same', () => {
  const key = (...parts: readonly Node[]): string | null => nameKey(sequence(...parts));
  const part = (type: string, value: Node) => set(sequence(oid(type), value));

  test.each([
    ['whatever the string type', printable('Example CA'), utf8('Example CA'), true],
    ['without case', printable('EXAMPLE ca'), printable('Example CA'), true],
    ['blanks as one', printable('  Example   CA '), printable('Example CA'), true],
    ['but not with another letter', printable('Example CA'), printable('Example CB'), false],
    ['nor as bits', bits(Buffer.from('Example CA')), printable('Example CA'), false],
  ])('%s', (_, a, b, same) => {
    expect(key(part('2.5.4.3', a)) === key(part('2.5.4.3', b))).toBe(same);
  });

  test('in one order, and one above another is its beginning', () => {
    const [country, organisation] = [part('2.5.4.6', printable('DE')), part('2.5.4.10', printable('Example'))];
    expect(key(country, organisation)).not.toBe(key(organisation, country));
    expect(key(country, organisation)?.startsWith(key(country) ?? '?')).toBe(true);
    expect(key(part('2.5.4.10', printable('Example Two')))?.startsWith(key(organisation) ?? '?')).toBe(false);
  });
});
