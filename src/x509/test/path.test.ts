// Every fault is found, with the certificate it belongs to; every search ends. What the field expects of a validator: test/corpora.
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { implicit, octets, sequence } from '../../demo/pki/der.ts';
import { ecKeys, rsaKeys } from '../../demo/pki/keys.ts';
import { parseTarget } from '../../model/target.ts';
import { readCertificate } from '../certificate.ts';
import { type FaultCode, faultCodes, faultSays, isFatal } from '../fault.ts';
import { judgePath, type PathQuestion, type Verdict } from '../path.ts';
import { trustStore } from '../trust-store.ts';
import {
  access,
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
  subjectKeyId,
} from './mint.ts';

const atMs = Date.parse('2026-11-20T12:00:00Z');
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';

type Keys = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
const keys: Record<'root' | 'ca' | 'ca2' | 'leaf' | 'other', Keys> = {
  ...{ root: ecKeys(), ca: ecKeys(), ca2: ecKeys() },
  ...{ leaf: ecKeys(), other: ecKeys() },
};
const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 });
const rsa = await rsaKeys();
const p192 = generateKeyPairSync('ec', { namedCurve: 'prime192v1' });

type Change = Partial<Omit<Mint, 'extensions'>> & { readonly extensions?: readonly Extension[] };

/** `name` is certified by `issuer`, whose key signs. */
function certificate(name: string, subject: Keys, issuer: string, by: Keys, change: Change = {}): Buffer {
  return mint({
    ...{ publicKey: subject.publicKey, signedBy: by.privateKey, algorithm: 'ecdsa-sha256' },
    ...{ subject: commonName(name), issuer: commonName(issuer) },
    ...{ notBefore: '260101000000Z', notAfter: '270130120000Z', extensions: [] },
    ...change,
  });
}

const CA = [caOf(), keyUsage(5, 6)];
const LEAF = [altNames(['kms.example']), keyUsage(0), extendedKeyUsage(SERVER)];
const root = (change: Change = {}) =>
  certificate('root', keys.root, 'root', keys.root, { notAfter: '400101000000Z', extensions: CA, ...change });
const ca = (change: Change = {}) =>
  certificate('ca', keys.ca, 'root', keys.root, { notAfter: '300101000000Z', extensions: CA, ...change });
const ca2 = (change: Change = {}) => certificate('ca2', keys.ca2, 'ca', keys.ca, { extensions: CA, ...change });
const leaf = (change: Change = {}) =>
  certificate('kms.example', keys.leaf, 'ca', keys.ca, { extensions: LEAF, ...change });

function verdictOn(chain: readonly Buffer[], trusted: readonly Buffer[], change: Partial<PathQuestion> = {}): Verdict {
  const [first = Buffer.alloc(0), ...sent] = chain;
  return judgePath({
    ...{ leaf: readCertificate(first), sent: sent.map(readCertificate), store: trustStore(trusted) },
    ...{ atMs, host: parseTarget('kms.example'), purpose: 'serverAuth' as const },
    ...change,
  });
}

/** Code and the place in the chain as sent; -1 is a root that was not. */
function fatalIn(chain: readonly Buffer[], verdict: Verdict): readonly (readonly [string, number])[] {
  const places = chain.map((der) => readCertificate(der).fingerprint);
  return verdict.faults.filter(isFatal).map(({ code, certificate: at }) => [code, places.indexOf(at)] as const);
}

interface Row {
  readonly name: string;
  readonly chain: readonly Buffer[];
  readonly trusted?: readonly Buffer[];
  readonly faults: readonly (readonly [FaultCode, number])[];
  readonly change?: Partial<PathQuestion>;
}

const honest = [leaf(), ca()];
const pinned = leaf();
const constrained = (...bases: Parameters<typeof nameConstraints>) =>
  ca({ extensions: [...CA, nameConstraints(...bases)] });
const dns = (name: string) => implicit(2, Buffer.from(name));
const flood = (letter: string) => Array.from({ length: 600 }, (_, at) => dns(`${letter}${at}.test`));

const rows: readonly Row[] = [
  { name: 'an honest chain', chain: honest, faults: [] },
  { name: 'with its root', chain: [...honest, root()], faults: [] },
  { name: 'in disorder, among strangers', chain: [leaf(), root(), ca2(), ca(), ca()], faults: [] },
  { name: 'at its last second', chain: [leaf({ notAfter: '261120120000Z' }), ca()], faults: [] },
  { name: 'a leaf that is trusted itself', chain: [pinned], trusted: [pinned], faults: [] },
  { name: 'expired leaf', chain: [leaf({ notAfter: '261120115959Z' }), ca()], faults: [['expired', 0]] },
  { name: 'future leaf', chain: [leaf({ notBefore: '261120120001Z' }), ca()], faults: [['not-yet-valid', 0]] },
  { name: 'expired intermediate', chain: [leaf(), ca({ notAfter: '260601000000Z' })], faults: [['expired', 1]] },
  { name: 'expired root', chain: honest, trusted: [root({ notAfter: '260601000000Z' })], faults: [['expired', -1]] },
  { name: 'no intermediate', chain: [leaf()], faults: [['missing-issuer', 0]] },
  { name: 'unknown root', chain: [...honest, root()], trusted: [], faults: [['unknown-root', 2]] },
  {
    name: 'signed by itself',
    chain: [certificate('kms.example', keys.leaf, 'kms.example', keys.leaf, { extensions: LEAF })],
    faults: [['self-signed', 0]],
  },
  {
    name: 'an impostor with the name of the issuer',
    chain: [leaf(), certificate('ca', keys.other, 'root', keys.root, { extensions: CA })],
    faults: [['bad-signature', 0]],
  },
  {
    name: 'an issuer of that name with another key identifier',
    chain: [
      leaf({ extensions: [...LEAF, authorityKeyId(1)] }),
      certificate('ca', keys.other, 'root', keys.root, { extensions: [...CA, subjectKeyId(2)] }),
    ],
    faults: [['missing-issuer', 0]],
  },
  {
    name: 'another name',
    chain: [leaf({ extensions: [altNames(['a.example'])] }), ca()],
    faults: [['name-mismatch', 0]],
  },
  { name: 'a common name alone', chain: [leaf({ extensions: [keyUsage(0)] }), ca()], faults: [['name-mismatch', 0]] },
  {
    name: 'for clients only',
    chain: [leaf({ extensions: [altNames(['kms.example']), extendedKeyUsage(CLIENT)] }), ca()],
    faults: [['wrong-purpose', 0]],
  },
  {
    name: 'a client',
    chain: [leaf({ extensions: [extendedKeyUsage(CLIENT), keyUsage(0)] }), ca()],
    faults: [],
    change: { purpose: 'clientAuth', host: null },
  },
  {
    name: 'an issuer of client certificates',
    chain: [leaf(), ca({ extensions: [...CA, extendedKeyUsage(CLIENT)] })],
    faults: [['wrong-purpose', 1]],
  },
  {
    name: 'a key that may only sign certificates',
    chain: [leaf({ extensions: [altNames(['kms.example']), keyUsage(6)] }), ca()],
    faults: [['wrong-key-usage', 0]],
  },
  {
    name: 'an issuer that may not',
    chain: [leaf(), ca({ extensions: [caOf(), keyUsage(0)] })],
    faults: [['wrong-key-usage', 1]],
  },
  { name: 'an issuer that is no CA', chain: [leaf(), ca({ extensions: [keyUsage(5)] })], faults: [['not-a-ca', 1]] },
  {
    name: 'one CA too many',
    chain: [
      certificate('kms.example', keys.leaf, 'ca2', keys.ca2, { extensions: LEAF }),
      ca2(),
      ca({ extensions: [caOf(0), keyUsage(5)] }),
    ],
    faults: [['path-too-long', 2]],
  },
  {
    name: 'more CAs than asked for',
    chain: [certificate('kms.example', keys.leaf, 'ca2', keys.ca2, { extensions: LEAF }), ca2(), ca()],
    faults: [['path-too-long', -1]],
    change: { maxIntermediates: 1 },
  },
  { name: 'within its constraints', chain: [leaf(), constrained([dns('example')])], faults: [] },
  { name: 'outside of them', chain: [leaf(), constrained([dns('test')])], faults: [['name-constraint', 0]] },
  {
    name: 'a flood of constraints',
    chain: [leaf({ extensions: [altNames(['kms.example'], [], flood('a'))] }), constrained([], flood('b'))],
    faults: [['too-complex', 0]],
  },
  {
    name: 'a critical extension of unknown meaning',
    chain: [leaf({ extensions: [...LEAF, ['1.2.3.4', sequence(), true]] }), ca()],
    faults: [['unknown-critical-extension', 0]],
  },
  {
    name: 'a critical extension that may not be',
    chain: [leaf({ extensions: [...LEAF, ['2.5.29.14', octets(Uint8Array.of(1)), true]] }), ca()],
    faults: [['unknown-critical-extension', 0]],
  },
  { name: 'SHA-1', chain: [leaf({ algorithm: 'ecdsa-sha1' }), ca()], faults: [['weak-signature', 0]] },
  { name: 'RSA of 1024 bits', chain: [leaf({ publicKey: rsa1024.publicKey }), ca()], faults: [['weak-key', 0]] },
  { name: 'RSA of 2048 bits', chain: [leaf({ publicKey: rsa.publicKey }), ca()], faults: [] },
  { name: 'P-192', chain: [leaf({ publicKey: p192.publicKey }), ca()], faults: [['weak-key', 0]] },
  {
    name: 'an extension twice',
    chain: [leaf({ extensions: [...LEAF, keyUsage(0)] }), ca()],
    faults: [['malformed', 0]],
  },
  {
    name: 'bytes',
    chain: [Buffer.from('no certificate')],
    faults: [
      ['malformed', 0],
      ['missing-issuer', 0],
    ],
  },
  {
    name: 'all at once',
    chain: [
      leaf({ notAfter: '261101000000Z', algorithm: 'ecdsa-sha1', extensions: [altNames(['a.example'])] }),
      ca({ notAfter: '260601000000Z', extensions: [...CA, extendedKeyUsage(CLIENT)] }),
    ],
    faults: [
      ...(['expired', 'weak-signature', 'name-mismatch'] as const).map((code) => [code, 0] as const),
      ...(['expired', 'wrong-purpose'] as const).map((code) => [code, 1] as const),
    ],
  },
];

describe('the verdict on', () => {
  test.each(rows)('$name', ({ chain, trusted = [root()], faults, change = {} }) => {
    const verdict = verdictOn(chain, trusted, change);
    expect(fatalIn(chain, verdict)).toEqual(faults);
    expect(verdict.valid).toBe(faults.length === 0);
    expect(verdict.paths.length > 0).toBe(faults.length === 0);
  });

  test('covers every fault', () => {
    const covered = new Set(rows.flatMap(({ faults }) => faults.map(([code]) => code)));
    expect([...covered].toSorted()).toEqual(faultCodes.toSorted());
  });
});

describe('of several ways', () => {
  const twin = ca({ notAfter: '270101000000Z', serial: Uint8Array.of(7) });
  const expired = ca({ notAfter: '260601000000Z', serial: Uint8Array.of(8) });
  const stranger = certificate('ca', keys.ca, 'stranger', keys.other, { extensions: CA });

  test('all that hold are given, the longest-lived first, with what ends each', () => {
    const chain = [leaf(), twin, ca(), expired, stranger];
    const { valid, paths } = verdictOn(chain, [root()]);
    expect(valid).toBe(true);
    const places = chain.map((der) => readCertificate(der).fingerprint);
    const ends = paths.map(({ certificates, endsAt, endsBy }) => [
      ...[places.indexOf(certificates[1] ?? ''), endsAt, places.indexOf(endsBy)],
    ]);
    expect(ends).toEqual([
      [2, '2027-01-30T12:00:00.000Z', 0],
      [1, '2027-01-01T00:00:00.000Z', 1],
    ]);
  });

  test('one that holds is found behind those that do not, in any order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([twin, expired, stranger, ca2(), root()], { minLength: 0 }), (others) => {
        const sent = [...others, ca()];
        expect(verdictOn([leaf(), ...sent], [root()]).valid).toBe(true);
        expect(verdictOn([leaf(), ...sent.toReversed()], [root()]).valid).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('when none holds the one that lacks least is spoken of', () => {
    const chain = [leaf(), stranger, expired];
    expect(fatalIn(chain, verdictOn(chain, [root()]))).toEqual([['expired', 2]]);
  });
});

test('what is missing is named, with blemishes beside it', () => {
  const alone = leaf({ extensions: [...LEAF, access(['1.3.6.1.5.5.7.48.2', 'http://pki.example/ca.crt'])] });
  const { faults } = verdictOn([alone], [root()]);
  expect(faults.map(({ code }) => code)).toEqual(['profile', 'missing-issuer']);
  const [blemish, missing] = faults;
  expect(missing?.about).toBe('CN=ca');
  expect(blemish && faultSays(blemish)).toBe(
    'breaks a rule for certificates: it names the key of its issuer (RFC 5280 4.2.1.1)',
  );
});

describe('a search ends', () => {
  /** `width` CAs of each of `depth` names, each certified by every one above: a leaf has `width` to the power of `depth` ways. */
  function maze(width: number, depth: number): readonly Buffer[] {
    const makers = Array.from({ length: depth + 1 }, () => Array.from({ length: width }, () => ecKeys()));
    const inside = makers
      .slice(0, -1)
      .flatMap((level, at) =>
        level.flatMap((own) =>
          (makers[at + 1] ?? []).map((above) => certificate(`m${at}`, own, `m${at + 1}`, above, { extensions: CA })),
        ),
      );
    const entrance = makers[0]?.[0] ?? keys.other;
    return [certificate('kms.example', keys.leaf, 'm0', entrance, { extensions: LEAF }), ...inside];
  }

  const best = (work: () => unknown): number => {
    const rounds = Array.from({ length: 3 }, () => {
      const began = performance.now();
      work();
      return performance.now() - began;
    });
    return Math.min(...rounds);
  };

  test('in a maze without a way out, within a few times what its signatures cost', () => {
    const chain = maze(4, 8);
    expect(verdictOn(chain, [root()])).toMatchObject({ valid: false, paths: [] });
    // A root that is named, but has signed nothing there: only signatures tell.
    const tempting = [certificate('m8', keys.root, 'm8', keys.root, { extensions: CA })];
    expect(verdictOn(chain, tempting)).toMatchObject({ valid: false, paths: [] });
    const checks = best(() => {
      for (const der of chain.slice(0, 100)) new X509Certificate(der).verify(keys.root.publicKey);
    });
    // 65,536 ways: walking them all would take hundreds of times as long.
    expect(best(() => verdictOn(chain, tempting)) / checks).toBeLessThan(100);
  });

  test('among issuers that certify each other', () => {
    const [a, b] = [keys.ca, keys.ca2];
    const ring = [
      certificate('ca', a, 'ca2', b, { extensions: CA }),
      certificate('ca2', b, 'ca', a, { extensions: CA }),
    ];
    const chain = [leaf(), ...ring];
    expect(fatalIn(chain, verdictOn(chain, [root()])).map(([code]) => code)).toEqual(['missing-issuer']);
  });
});

describe('whatever is sent', () => {
  const samples = [leaf(), ca(), ca2(), root(), constrained([dns('example')])];
  const edit = fc.record({ at: fc.nat(1200), remove: fc.nat(8), insert: fc.uint8Array({ maxLength: 8 }) });
  const mutated = fc.tuple(fc.constantFrom(...samples), fc.array(edit, { maxLength: 3 })).map(([der, edits]) =>
    edits.reduce((bytes: Buffer, { at, remove, insert }) => {
      const from = at % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)]);
    }, der),
  );

  test('nothing is thrown, every fault has words, and a verdict is one or the other', () => {
    fc.assert(
      fc.property(fc.array(mutated, { minLength: 1, maxLength: 5 }), (chain) => {
        const { valid, faults, paths, path } = verdictOn(chain, [root()]);
        expect(valid).toBe(!faults.some(isFatal));
        expect(paths.length > 0).toBe(valid);
        expect(path[0]).toBe(readCertificate(chain[0] ?? Buffer.alloc(0)).fingerprint);
        for (const fault of faults) expect(faultSays(fault)).not.toContain('undefined');
      }),
      { numRuns: 500 },
    );
  });

  test('a changed leaf is never valid under its old signature', () => {
    const der = leaf();
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = Buffer.from(der);
        changed[at] = (changed[at] ?? 0) ^ mask;
        expect(verdictOn([changed, ca()], [root()]).valid).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
