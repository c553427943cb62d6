// Certificate files as openssl 3.0 and keytool 17 wrote them, and what is left of them when they are damaged.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visible } from '../../../model/text.ts';
import { readCertificate } from '../../certificate.ts';
import { readStore } from '../store.ts';
import { StoreError } from '../store-words.ts';

const fixture = (name: string): Buffer => readFileSync(resolve(import.meta.dirname, 'fixtures', name));
const ec = readCertificate(fixture('ec.der')).fingerprint;
const pemOf = (name: string): string => fixture(name).toString('latin1');

const files: readonly (readonly [
  name: string,
  passwords: readonly string[],
  format: string,
  entries: readonly (readonly [string | null, number])[],
])[] = [
  ['ec.der', [], 'der', [[null, 1]]],
  ['ec.pem', [], 'pem', [[null, 1]]],
  ['trusted.pem', [], 'pem', [[null, 1]]],
  ['chain.p7b', [], 'pkcs7', [[null, 2]]],
  ['modern.p12', ['secret'], 'pkcs12', [['kms', 2]]],
  ['modern.p12', ['wrong', 'secret'], 'pkcs12', [['kms', 2]]],
  ['legacy.p12', ['secret'], 'pkcs12', [['kms', 2]]],
  ['empty-password.p12', [], 'pkcs12', [[null, 1]]],
  ['empty-password.p12', ['secret'], 'pkcs12', [[null, 1]]],
  ['trust.p12', ['changeit'], 'pkcs12', [['root', 1]]],
  [
    'store.jks',
    [],
    'jks',
    [
      ['root', 1],
      ['kms', 2],
    ],
  ],
];

const texts: readonly (readonly [string, string, certificates: number, faults: RegExp])[] = [
  ['a chain', `${pemOf('ec.pem')}${pemOf('ca.pem')}`, 2, /^$/],
  [
    'words between, Windows line ends, a byte order mark',
    `\ufeffsubject=CN=x\r\n${pemOf('ec.pem').replaceAll('\n', '\r\n')}\r\n# more\r\n${pemOf('ca.pem')}`,
    2,
    /^$/,
  ],
  ['a key beside it', `-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n${pemOf('ec.pem')}`, 1, /^$/],
  [
    'a block that is no certificate',
    `${pemOf('ec.pem')}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    1,
    /no certificate/,
  ],
  [
    'a block whose base64 is broken',
    `${pemOf('ec.pem')}-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n`,
    1,
    /1 of 2/,
  ],
  ['a block that is cut', `${pemOf('ec.pem')}${pemOf('ca.pem').slice(0, 300)}`, 1, /1 of 2/],
  [
    'PKCS#7 in PEM',
    `-----BEGIN PKCS7-----\n${fixture('chain.p7b')
      .toString('base64')
      .replaceAll(/(.{64})/g, '$1\n')}\n-----END PKCS7-----\n`,
    2,
    /^$/,
  ],
];

describe('readStore', () => {
  test.each(files)('%s with passwords %j', async (name, passwords, format, entries) => {
    const store = await readStore(fixture(name), passwords);
    expect({ format: store.format, faults: store.faults }).toEqual({ format, faults: [] });
    const read = store.entries.map((entry) => [
      entry.name === null ? null : visible(entry.name),
      entry.certificates.length,
    ]);
    expect(new Map(read as [string | null, number][])).toEqual(new Map(entries));
  });

  test.each(files.filter(([name]) => name !== 'legacy.p12' && name !== 'trust.p12'))(
    '%s holds the very certificate',
    async (name, passwords) => {
      const { entries } = await readStore(fixture(name), passwords);
      const fingerprints = entries.flatMap(({ certificates }) =>
        certificates.map((der) => readCertificate(der).fingerprint),
      );
      expect(fingerprints).toContain(ec);
    },
  );

  test.each(texts)('PEM: %s', async (_, text, certificates, faults) => {
    const store = await readStore(Buffer.from(text), []);
    expect(store.entries.flatMap((entry) => entry.certificates)).toHaveLength(certificates);
    expect(store.faults.join('; ')).toMatch(faults);
  });

  test.each([
    ['a file of another kind', Buffer.from('hello'), [], /no certificate file/, true],
    ['an empty file', Buffer.alloc(0), [], /no certificate file/, true],
    [
      'a key alone',
      Buffer.from('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
      [],
      /only private key/,
      true,
    ],
    [
      'PEM that stops halfway',
      Buffer.from('-----BEGIN CERTIFICATE-----\nMIIB'),
      [],
      /^PEM that cannot be read: [^.]+$/,
      false,
    ],
    ['PKCS#12 without its password', fixture('modern.p12'), [], /needs a password/, false],
    ['PKCS#12 with another password', fixture('modern.p12'), ['x'], /no password given/, false],
    ['half a Java key store', fixture('store.jks').subarray(0, 400), [], /cut short/, false],
    [
      'a Java key store with four billion entries',
      Buffer.from('feedfeed00000002ffffffff', 'hex'),
      [],
      /cut short|damaged/,
      false,
    ],
  ] as const)('%s', async (_, bytes, passwords, words, isStranger) => {
    const failure = await readStore(bytes, passwords).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect((failure as StoreError).message).toMatch(words);
    expect((failure as StoreError).isStranger).toBe(isStranger);
  });

  test('a secret key of JCEKS hides what comes behind it, and this is said', async () => {
    const { entries, faults } = await readStore(fixture('store.jceks'), []);
    expect(faults).toEqual([expect.stringMatching(/^a secret key hides \d of 3 entries$/)]);
    expect(entries.length).toBeLessThan(3);
  });

  test('PKCS#12 that would keep the processor busy for minutes is refused', async () => {
    const bytes = Buffer.from(fixture('modern.p12'));
    // The iteration count of the MAC is the last value of the file: INTEGER 2048.
    const at = bytes.lastIndexOf(Buffer.from('02020800', 'hex'));
    expect(at).toBeGreaterThan(bytes.byteLength - 8);
    bytes.writeUInt16BE(0x7fff, at + 2);
    await expect(readStore(bytes, ['secret'])).rejects.toThrow(/no password given/);
    const endless = Buffer.concat([bytes.subarray(0, at), Buffer.from('02047fffffff', 'hex')]);
    // Two bytes more in the file and in the MAC data, whose lengths are the outermost and the one before the digest.
    endless.writeUInt16BE(endless.readUInt16BE(2) + 2, 2);
    const mac = endless.lastIndexOf(Buffer.from('3031300d', 'hex'));
    const macData = mac - 2;
    endless[macData + 1] = (endless[macData + 1] ?? 0) + 2;
    await expect(readStore(endless, ['secret'])).rejects.toThrow(/million iterations/);
  });

  test('whatever bytes are changed or cut, it ends in certificates or in words', async () => {
    const names = ['ec.der', 'ec.pem', 'chain.p7b', 'store.jks', 'trusted.pem'];
    const damaged = fc.record({
      name: fc.constantFrom(...names),
      cut: fc.double({ min: 0, max: 1, noNaN: true }),
      changes: fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(damaged, async ({ name, cut, changes }) => {
        const whole = fixture(name);
        const bytes = Buffer.from(whole.subarray(0, Math.ceil(whole.byteLength * cut)));
        for (const [at, value] of changes) if (at < bytes.byteLength) bytes[at] = value;
        const read = await readStore(bytes, []).catch((error: unknown) => error);
        if (read instanceof Error) expect(read).toBeInstanceOf(StoreError);
      }),
      { numRuns: 500 },
    );
  });
});
