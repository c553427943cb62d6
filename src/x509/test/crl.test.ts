import { readFileSync } from 'node:fs';
import fc from 'fast-check';
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
  toDer,
  utcTime,
} from '../../demo/pki/der.ts';
import { readCertificate } from '../certificate.ts';
import { countRevoked, findRevoked, isCrlSignedBy, outOfScope, readCrl } from '../crl.ts';

/** Made with `openssl ca` 3.0, see ocsp.test.ts; `crl-other` is of another CA with the same name. */
const made = JSON.parse(readFileSync(new URL('./revocation-fixtures.json', import.meta.url), 'utf8')) as Readonly<
  Record<'certificates' | 'crls', Readonly<Record<string, string>>>
>;
const bytes = (base64: string | undefined): Buffer => Buffer.from(base64 ?? '', 'base64');
const certificate = (name: string) => readCertificate(bytes(made.certificates[name]));
const ca = certificate('ca');
const crl = (der: Buffer = bytes(made.crls['crl'])) => {
  const read = readCrl(der);
  if (read === null) throw new Error('not read');
  return read;
};

describe('a list made by openssl', () => {
  test('tells its times and its number', () => {
    expect(crl()).toMatchObject({
      ...{ thisUpdate: '2026-11-21T13:13:12.000Z', nextUpdate: '2026-12-21T13:13:12.000Z', numberHex: '1000' },
      ...{ isDelta: false, scope: null, unknownCritical: null },
    });
    expect(countRevoked(crl())).toBe(1);
  });

  test('holds the revoked certificate, with reason, and no other', () => {
    const entry = { revokedAt: '2026-11-21T13:13:12.000Z', reason: 'keyCompromise' };
    expect(findRevoked(crl(), certificate('revoked').serialHex)).toEqual(entry);
    expect(findRevoked(crl(), certificate('good').serialHex)).toBeNull();
    expect(findRevoked(crl(), '34')).toBeNull();
  });

  test('is the issuer’s by signature, not by name', () => {
    expect(isCrlSignedBy(crl(), ca)).toBe(true);
    expect(isCrlSignedBy(crl(bytes(made.crls['crl-other'])), ca)).toBe(false);
    expect(outOfScope(crl(), certificate('good'))).toBeNull();
    expect(outOfScope(crl(), { ...certificate('good'), issuer: null })).toBe('it is the list of another issuer');
  });

  test('needs cRLSign when key usage is told', () => {
    const without = { ...ca, extensions: { ...ca.extensions, keyUsage: new Set([5]) } };
    expect(isCrlSignedBy(crl(), without)).toBe(false);
  });

  test('may come as PEM', () => {
    const pem = `-----BEGIN X509 CRL-----\n${made.crls['crl']}\n-----END X509 CRL-----\n`;
    expect(readCrl(Buffer.from(pem))?.numberHex).toBe('1000');
  });
});

const name = sequence();
const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
const scope = (...parts: readonly Node[]): Node =>
  sequence(oid('2.5.29.28'), boolean(true), octets(toDer(sequence(...parts))));
const at = (...urls: readonly string[]): Node =>
  explicit(0, explicit(0, ...urls.map((url) => implicit(6, Buffer.from(url)))));
const TRUE = Uint8Array.of(0xff);

/** A list that nobody signed. */
function list(extensions: readonly Node[], entries: readonly Node[] = []): Buffer {
  const behind = extensions.length === 0 ? [] : [explicit(0, sequence(...extensions))];
  const revoked = entries.length === 0 ? [] : [sequence(...entries)];
  const body = sequence(integer(Uint8Array.of(1)), algorithm, name, utcTime(0), ...revoked, ...behind);
  return toDer(sequence(body, algorithm, bits(Uint8Array.of(1, 2, 3))));
}

describe('what a list is about', () => {
  const leaf = { ...certificate('good'), issuer: { node: name, key: crl(list([])).issuerKey } };
  const intermediate = { ...leaf, extensions: { ...leaf.extensions, isCa: true } };

  test.each([
    ['everything', [], null, null],
    ['server certificates', [scope(implicit(1, TRUE))], null, 'it is about other than CA certificates'],
    ['CA certificates', [scope(implicit(2, TRUE))], 'it is about CA certificates', null],
    [
      'attributes',
      [scope(implicit(5, TRUE))],
      'it is about attribute certificates',
      'it is about attribute certificates',
    ],
    ['other issuers', [scope(implicit(4, TRUE))], 'it is an indirect list', 'it is an indirect list'],
    ['its own part', [scope(at('http://crl.example/1.crl', 'http://crl.example/ca.crl'))], null, null],
    [
      'another part',
      [scope(at('http://crl.example/2.crl'))],
      'it is the list of another part of the certificates',
      'it is the list of another part of the certificates',
    ],
    [
      'a part under another kind of name',
      [scope(explicit(0, explicit(1, sequence())))],
      'it is the list of another part of the certificates',
      'it is the list of another part of the certificates',
    ],
    [
      'some reasons',
      [scope(implicit(3, Uint8Array.of(1, 0x40)))],
      'it is about some reasons of revocation only',
      'it is about some reasons of revocation only',
    ],
    [
      'changes',
      [sequence(oid('2.5.29.27'), boolean(true), octets(toDer(integer(Uint8Array.of(1)))))],
      'it only lists changes to another list',
      'it only lists changes to another list',
    ],
    [
      'something unknown',
      [sequence(oid('1.2.3.4'), boolean(true), octets(Uint8Array.of(5, 0)))],
      'it has a critical extension that is not known here',
      'it has a critical extension that is not known here',
    ],
  ])('%s', (_, extensions, forLeaf, forCa) => {
    const read = crl(list(extensions));
    expect([outOfScope(read, leaf), outOfScope(read, intermediate)]).toEqual([forLeaf, forCa]);
  });
});

describe('many entries', () => {
  const entry = (number: number): Node => {
    const serial = Buffer.alloc(9, 0x11);
    serial.writeUInt32BE(number, 5);
    return sequence(integer(serial), utcTime(0));
  };
  const many = crl(
    list(
      [],
      Array.from({ length: 20_000 }, (_, number) => entry(number)),
    ),
  );

  test('are walked, not listed', () => {
    expect(countRevoked(many)).toBe(20_000);
    expect(findRevoked(many, '111111111100004e1f')).toEqual({ revokedAt: '1970-01-01T00:00:00.000Z', reason: null });
    expect(findRevoked(many, '111111111100004e20')).toBeNull();
  });

  test('that break off are not taken for "not listed"', () => {
    const broken = crl(list([], [entry(1), integer(Uint8Array.of(1)), entry(2)]));
    expect(findRevoked(broken, '111111111100000002')).toBeUndefined();
    expect(findRevoked(broken, '05')).toBeUndefined();
  });
});

describe('hostile bytes', () => {
  const whole = bytes(made.crls['crl']);

  test('cut anywhere are none', () => {
    for (let length = 0; length < whole.length; length++) expect(readCrl(whole.subarray(0, length))).toBeNull();
  });

  test('with one octet changed are none, not signed, or say the same', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ flip;
        const read = readCrl(changed);
        if (read === null) return;
        const found = findRevoked(read, certificate('revoked').serialHex);
        expect(isCrlSignedBy(read, ca) && found?.reason !== 'keyCompromise').toBe(false);
        countRevoked(read);
      }),
      { numRuns: 600 },
    );
  });
});
