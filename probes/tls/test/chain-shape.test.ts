import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Certificate, issue, type Party } from '../../../src/demo/pki/certificate.ts';
import { ecKeys } from '../../../src/demo/pki/keys.ts';
import { loaded } from '../../../src/x509/certificate.ts';
import { recordCertificate } from '../../../src/x509/certificate-record.ts';
import { issuanceOf } from '../../../src/x509/issuance.ts';
import { shapeOf } from '../chain-shape.ts';

const nowMs = Date.parse('2026-11-20T12:00:00Z');
const DAY_MS = 86_400_000;
const party = (commonName: string): Party => ({ commonName, ...ecKeys() });
const URL_OF_ISSUER = 'http://pki.example/issuer.crt';

function certify(subject: Party, issuer: Party, isCa = true): Certificate {
  return issue({
    ...{ subject, issuer, isCa, caIssuersUrl: URL_OF_ISSUER },
    ...{ notBefore: nowMs - DAY_MS, notAfter: nowMs + 90 * DAY_MS },
  });
}

// Two intermediates deep; one of them cross-signed by an older root; and a stranger's intermediate.
const [root, oldRoot, first, second, host, alone] = ['Root', 'Old Root', 'I1', 'I2', 'kms.example', 'alone'].map(party);
const stranger = party('Stranger');
// The same name as I2, another key: what a path built on names would take.
const impostor = party('I2');
const made = {
  leaf: certify(host!, second!, false),
  I2: certify(second!, first!),
  I1: certify(first!, root!),
  root: certify(root!, root!),
  oldRoot: certify(oldRoot!, oldRoot!),
  cross: certify(first!, oldRoot!),
  stranger: certify(stranger, oldRoot!),
  impostor: certify(impostor, first!),
  self: certify(alone!, alone!, false),
  byRoot: certify(host!, root!, false),
} as const;
type Name = keyof typeof made;
const all = Object.keys(made) as Name[];

const fingerprint = (name: Name): string =>
  new X509Certificate(made[name].der).fingerprint256.replaceAll(':', '').toLowerCase();
const nameOf = new Map(all.map((name) => [fingerprint(name), name]));
const named = (fingerprints: readonly string[]) => fingerprints.map((each) => nameOf.get(each));

/** The shape, with names for fingerprints. `seen` are certificates that other endpoints sent. */
function shape(sent: readonly Name[], trustError: string | null = null, seen: readonly Name[] = []) {
  const known = [...sent, ...seen].map(
    (name) => [fingerprint(name), recordCertificate(made[name].der, nowMs)] as const,
  );
  const answer = shapeOf({
    chainSent: sent.map(fingerprint),
    trustError,
    certificates: new Map(known.map(([each, { record }]) => [each, record])),
    issued: issuanceOf(new Map(known.map(([each, { certificate }]) => [each, loaded(certificate).x509]))),
  });
  if (answer === null) return null;
  const { path, extra, duplicates, rootSent, missingSeenAs, ...rest } = answer;
  return {
    ...{ path: named(path).join(), extra: named(extra).join(), duplicates: named(duplicates).join() },
    ...{
      rootSent: rootSent && nameOf.get(rootSent),
      missingSeenAs: missingSeenAs && nameOf.get(missingSeenAs),
      ...rest,
    },
  };
}

/** As sent, path, in order; and what is extra, sent twice, the root. */
const lists: readonly (readonly [
  string,
  string,
  boolean,
  { extra?: string; duplicates?: string; rootSent?: string },
])[] = [
  ['leaf,I2,I1', 'leaf,I2,I1', true, {}],
  ['leaf', 'leaf', true, {}],
  ['leaf,I2', 'leaf,I2', true, {}],
  // The root may be left out (RFC 8446 4.4.2); sending it is no disorder.
  ['leaf,I2,I1,root', 'leaf,I2,I1,root', true, { rootSent: 'root' }],
  ['leaf,leaf,I2,I1,root', 'leaf,I2,I1,root', true, { duplicates: 'leaf', rootSent: 'root' }],
  ['leaf,I2,I1,I2,I1', 'leaf,I2,I1', true, { duplicates: 'I2,I1' }],
  ['leaf,I2,I2,I2', 'leaf,I2', true, { duplicates: 'I2' }],
  // Out of order: a certificate before what it certifies.
  ['leaf,I1,I2', 'leaf,I2,I1', false, {}],
  ['leaf,root,I1,I2', 'leaf,I2,I1,root', false, { rootSent: 'root' }],
  ['leaf,I2,root,I1', 'leaf,I2,I1,root', false, { rootSent: 'root' }],
  // The server's certificate has to be the first: anything else is a chain of something else.
  ['I2,leaf,I1', 'I2,I1', true, { extra: 'leaf' }],
  // Strangers are extra, wherever they stand, and no disorder.
  ['leaf,stranger,I2,I1', 'leaf,I2,I1', true, { extra: 'stranger' }],
  ['leaf,I2,I1,stranger,oldRoot', 'leaf,I2,I1', true, { extra: 'stranger,oldRoot' }],
  ['leaf,stranger', 'leaf', true, { extra: 'stranger' }],
  // I1 is missing between them: the root cannot be reached.
  ['leaf,I2,root', 'leaf,I2', true, { extra: 'root' }],
  // The same name is not the same issuer.
  ['leaf,impostor,I1', 'leaf', true, { extra: 'impostor,I1' }],
  ['leaf,impostor,I2,I1', 'leaf,I2,I1', true, { extra: 'impostor' }],
  // Cross-signed twins of I1 are both on the path, in either order, with or without their roots.
  ['leaf,I2,I1,cross', 'leaf,I2,I1,cross', true, {}],
  ['leaf,I2,cross,I1', 'leaf,I2,cross,I1', true, {}],
  ['leaf,I2,cross,oldRoot', 'leaf,I2,cross,oldRoot', true, { rootSent: 'oldRoot' }],
  ['leaf,I2,I1,cross,oldRoot', 'leaf,I2,I1,cross,oldRoot', true, { rootSent: 'oldRoot' }],
  ['leaf,I2,oldRoot,cross', 'leaf,I2,cross,oldRoot', false, { rootSent: 'oldRoot' }],
  // A certificate signed by itself is its own path and no root that was sent in addition.
  ['self', 'self', true, {}],
  ['self,self', 'self', true, { duplicates: 'self' }],
  ['self,I2,I1', 'self', true, { extra: 'I2,I1' }],
  ['byRoot,root', 'byRoot,root', true, { rootSent: 'root' }],
];

test.each(lists)(
  '%s: the path is %s, in order: %s',
  (sent, path, ordered, { extra = '', duplicates = '', rootSent = null }) => {
    expect(shape(sent.split(',') as Name[])).toMatchObject({ path, ordered, extra, duplicates, rootSent });
  },
);

test('of nothing there is no shape', () => {
  expect(shape([])).toBeNull();
});

describe('a missing intermediate', () => {
  const lone = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE';
  const local = 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY';
  test.each<[string, string, string | null, string, boolean, string | null]>([
    ['nothing but the leaf', 'leaf', lone, '', true, null],
    ['which another endpoint sends', 'leaf', lone, 'I2', true, 'I2'],
    ['a stranger in its place', 'leaf,stranger', lone, '', true, null],
    ['an impostor in its place', 'leaf,impostor', lone, '', true, null],
    ['the upper of two, which another endpoint sends', 'leaf,I2', local, 'I1', true, 'I1'],
    ['the upper of two, only cross-signed elsewhere', 'leaf,I2', local, 'cross', true, 'cross'],
    // Not told from a private root that was never meant to be sent.
    ['the upper of two, which nobody sends', 'leaf,I2', local, '', false, null],
    // All there, the root is not trusted here.
    ['none: only the root is above', 'leaf,I2,I1', local, 'root', false, null],
    ['none: a root issues the leaf itself', 'byRoot', lone, 'root', false, null],
    ['none: the chain is complete', 'leaf,I2,I1,root', 'SELF_SIGNED_CERT_IN_CHAIN', '', false, null],
    ['none: signed by itself', 'self', 'DEPTH_ZERO_SELF_SIGNED_CERT', '', false, null],
    ['none: another error', 'leaf', 'CERT_HAS_EXPIRED', '', false, null],
    // A store that has the intermediate hides that it was not sent; what is trusted is not called broken.
    ['none: it is trusted all the same', 'leaf', null, 'I2', false, 'I2'],
  ])('%s: %s, %s, elsewhere %j', (_, sent, error, seen, missingIntermediate, missingSeenAs) => {
    const elsewhere = seen === '' ? [] : (seen.split(',') as Name[]);
    expect(shape(sent.split(',') as Name[], error, elsewhere)).toMatchObject({ missingIntermediate, missingSeenAs });
  });

  test('is named, with the place where it can be fetched', () => {
    expect(shape(['leaf'], lone)).toMatchObject({ missingIssuer: 'CN=I2,O=Example KMS', aiaUrl: URL_OF_ISSUER });
    expect(shape(['leaf', 'I2', 'I1', 'root'])).toMatchObject({ missingIssuer: null, aiaUrl: null });
  });
});

test('whatever is sent: path and extra are the list without repeats, the leaf first, and no certificate is lost', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...all), { minLength: 1, maxLength: 16 }), (sent) => {
      const answer = shape(sent);
      const parts = [...(answer?.path.split(',') ?? []), ...(answer?.extra.split(',') ?? [])].filter(
        (part) => part !== '',
      );
      expect(answer?.path.split(',')[0]).toBe(sent[0]);
      expect(parts.toSorted()).toEqual([...new Set(sent)].toSorted());
    }),
    { numRuns: 200 },
  );
});

test('order among those on the path is decided as RFC 5246 7.4.2 says, for every order of a whole chain', () => {
  for (const sent of orders<Name>(['I2', 'I1', 'root'])) {
    expect([sent.join(), shape(['leaf', ...sent])?.ordered]).toEqual([sent.join(), sent.join() === 'I2,I1,root']);
  }
});

test('signatures are checked at most as often as the budget says, each pair once', () => {
  const twins = Array.from({ length: 40 }, () => new X509Certificate(certify(party('I2'), first!).der));
  const leaf = new X509Certificate(made.leaf.der);
  const right = new X509Certificate(made.I2.der);
  const certificates = new Map([
    ['leaf', leaf],
    ...twins.map((twin, at) => [`twin${at}`, twin] as const),
    ['I2', right],
  ]);
  const asked = issuanceOf(certificates, 10);
  const answers = [...certificates.keys()].map((issuer) => asked('leaf', issuer));
  expect(answers.some(Boolean)).toBe(false);
  expect(issuanceOf(certificates, 41)('leaf', 'I2')).toBe(true);
  const again = issuanceOf(certificates, 1);
  expect([again('leaf', 'I2'), again('leaf', 'I2'), again('leaf', 'twin0')]).toEqual([true, true, false]);
});

function orders<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((item, at) => orders(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}
