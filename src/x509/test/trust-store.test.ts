import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../demo/pki/der.ts';
import { ecKeys } from '../../demo/pki/keys.ts';
import { readCertificate } from '../certificate.ts';
import { trustStore } from '../trust-store.ts';
import { caOf, commonName, type Mint, mint } from './mint.ts';

const keys = ecKeys();
const minted = (subject: Mint['subject'], issuer: Mint['subject'] = subject): Buffer =>
  mint({
    ...{ publicKey: keys.publicKey, signedBy: keys.privateKey, algorithm: 'ecdsa-sha256', extensions: [caOf()] },
    ...{ subject, issuer, notBefore: '260101000000Z', notAfter: '400101000000Z' },
  });
const asUtf8 = (text: string): Mint['subject'] => [['2.5.4.3', utf8(text)]];
const sha256 = (der: Buffer): string => createHash('sha256').update(der).digest('hex');

const [one, two, cross, stranger] = [
  minted(commonName('One')),
  minted(asUtf8('Two')),
  minted(commonName('Cross'), commonName('One')),
  minted(commonName('Stranger')),
] as const;
const store = trustStore([one, two, cross, Buffer.from('no certificate')]);
const askedFor = (issuer: Mint['subject']): readonly string[] => {
  const name = readCertificate(minted(commonName('leaf'), issuer)).issuer;
  return name === null ? [] : store.named(name).map(({ fingerprint }) => fingerprint);
};

describe('a root is found', () => {
  test.each<[string, Mint['subject'], readonly Buffer[]]>([
    ['by its subject, not by its issuer', commonName('One'), [one]],
    ['written in another form', commonName('two'), [two]],
    ['signed by another', commonName('Cross'), [cross]],
    ['or is not', commonName('Nobody'), []],
  ])('%s', (_, issuer, expected) => {
    expect(askedFor(issuer)).toEqual(expected.map(sha256));
  });

  test('by its bytes', () => {
    expect([one, two, cross, stranger].map((der) => store.has(sha256(der)))).toEqual([true, true, true, false]);
  });

  test('in the same store for the same list', () => {
    const list = [one];
    expect(trustStore(list)).toBe(trustStore(list));
    expect(trustStore([one])).not.toBe(trustStore(list));
  });
});
