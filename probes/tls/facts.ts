// Owns the facts of TLS that a person may expect to stay: who issues the certificates, their keys and lifetimes, the protocols.
// Reads records, judges nothing.
import type { Fact, Sight } from '../../src/contract/fact.ts';
import { pointer } from '../../src/model/finding.ts';
import { visible } from '../../src/model/text.ts';
import type { TlsCertificate, TlsEndpoint, TlsEvidence } from './evidence.ts';
import { offeredBy } from './posture-derive.ts';

type Reading = Pick<Sight, 'value' | 'because' | 'expect'>;

const NO_HANDSHAKE: Reading = { value: null, because: 'no handshake was finished' };

function ofEach(
  { byEndpoint }: TlsEvidence,
  field: string,
  read: (endpoint: TlsEndpoint) => Reading,
): readonly Sight[] | { readonly unseen: string } {
  if (byEndpoint.length === 0) return { unseen: 'no TLS was spoken' };
  return byEndpoint.map((one, index) => ({
    endpoint: one.endpoint,
    evidence: pointer('evidence', 'tls', 'byEndpoint', index, field),
    ...read(one),
  }));
}

/** Of the certificate of the server itself, in every chain that the endpoint showed. */
function ofLeaves(tls: TlsEvidence, read: (leaf: TlsCertificate) => readonly string[] | null) {
  return ofEach(tls, 'chainSent', ({ chainSent, otherChains }) => {
    const leaves = [chainSent, ...otherChains.map((chain) => chain.chainSent)].flatMap((chain) => chain[0] ?? []);
    if (leaves.length === 0) return NO_HANDSHAKE;
    const each = leaves.map((fingerprint) => {
      const leaf = tls.certificates[fingerprint];
      return leaf === undefined ? null : read(leaf);
    });
    const known = each.filter((value) => value !== null);
    if (known.length < each.length) return { value: null, because: 'a certificate could not be read' };
    return { value: [...new Set(known.flat())] };
  });
}

const issuer: Fact<TlsEvidence> = {
  key: 'issuer',
  drift: 'issuer-drift',
  rule: 'nothing-but',
  title: 'Issuer of the certificate',
  reading: 'several may be listed',
  soWhat: 'Somebody else vouches for the service: clients that pin the issuer, and CAA records, may refuse it.',
  look: (tls) => ofLeaves(tls, (leaf) => (leaf.issuer === null ? null : [visible(leaf.issuer)])),
};

const key: Fact<TlsEvidence> = {
  key: 'key',
  drift: 'key-type-drift',
  rule: 'nothing-but',
  title: 'Key of the certificate',
  reading: 'type and bits; several may be listed',
  soWhat: 'Old clients may not know the type, and the work of a handshake is another.',
  look: (tls) =>
    ofLeaves(tls, (leaf) => (leaf.keyType === null ? null : [[leaf.keyType, leaf.keyBits ?? ''].join(' ').trim()])),
};

const lifetimeDays: Fact<TlsEvidence> = {
  key: 'lifetimeDays',
  drift: 'lifetime-drift',
  rule: 'between',
  title: 'Lifetime of the certificate, days',
  reading: 'from its first day to its last; or { atLeast: N, atMost: N }',
  soWhat: 'Whoever renews it has another rhythm now, and so must the renewal.',
  look: ({ byEndpoint, certificates }) => {
    if (byEndpoint.length === 0) return { unseen: 'no TLS was spoken' };
    return byEndpoint.map(({ endpoint, chainSent }, index): Sight => {
      const days = certificates[chainSent[0] ?? '']?.lifetimeDays ?? null;
      const evidence = pointer('evidence', 'tls', 'byEndpoint', index, 'chainSent');
      if (days === null) return { endpoint, ...NO_HANDSHAKE, evidence, value: null };
      // Issuers round, and backdate by hours.
      return {
        endpoint,
        value: days,
        evidence,
        expect: { atLeast: Math.max(0, Math.floor(days) - 1), atMost: Math.ceil(days) + 1 },
      };
    });
  },
};

const names: Fact<TlsEvidence> = {
  key: 'names',
  drift: 'certificate-name-drift',
  rule: 'at-least-these',
  title: 'Names in the certificate',
  reading: 'these, and maybe more',
  soWhat: 'Callers by the lost name are refused.',
  look: (tls) =>
    ofLeaves(tls, ({ sans, sansTotal }) => (sans.length < sansTotal ? null : sans.map((name) => visible(name)))),
};

const protocol: Fact<TlsEvidence> = {
  key: 'protocol',
  drift: 'tls-protocol-drift',
  rule: 'nothing-but',
  title: 'TLS as negotiated',
  reading: 'nothing but these',
  soWhat: 'Another end of TLS answers, or its settings changed.',
  look: (tls) =>
    ofEach(tls, 'protocols', ({ protocols }) => (protocols.length === 0 ? NO_HANDSHAKE : { value: protocols })),
};

const alpn: Fact<TlsEvidence> = {
  key: 'alpn',
  drift: 'alpn-drift',
  rule: 'nothing-but',
  title: 'Protocol inside TLS (ALPN)',
  reading: 'h2, http/1.1, or none',
  soWhat: 'Callers speak another version of HTTP than they used to.',
  look: (tls) =>
    ofEach(tls, 'alpn', ({ alpn: seen, handshakes }) =>
      handshakes === 0 ? NO_HANDSHAKE : { value: [seen === null ? 'none' : visible(seen)] },
    ),
};

const minimum: Fact<TlsEvidence> = {
  key: 'minimum',
  drift: 'tls-minimum-drift',
  rule: 'nothing-but',
  title: 'Oldest TLS on offer',
  reading: 'what an old client still gets',
  soWhat: 'Older is weaker; newer shuts old clients out.',
  look: ({ byEndpoint, posture }) => {
    if (posture === undefined) return { unseen: 'what is on offer was not asked' };
    if (byEndpoint.length === 0) return { unseen: 'no TLS was spoken' };
    return byEndpoint.map(({ endpoint }): Sight => {
      const index = posture.byEndpoint.findIndex((asked) => asked.endpoint === endpoint);
      const asked = posture.byEndpoint[index];
      if (asked === undefined) return unasked(endpoint, pointer('evidence', 'tls', 'posture'));
      const evidence = pointer('evidence', 'tls', 'posture', 'byEndpoint', index, 'protocols');
      // Newest first; one that was not told could be the oldest.
      const isTold = asked.protocols.length > 0 && asked.protocols.every(({ offered }) => offered !== null);
      const oldest = offeredBy(asked).toSorted().at(0);
      return isTold && oldest !== undefined ? { endpoint, value: [oldest], evidence } : unasked(endpoint, evidence);
    });
  },
};

function unasked(endpoint: Sight['endpoint'], evidence: Sight['evidence']): Sight {
  return { endpoint, value: null, because: 'what is on offer was not told to the end', evidence };
}

const certificate: Fact<TlsEvidence> = {
  key: 'certificate',
  drift: 'certificate-drift',
  rule: 'nothing-but',
  title: 'Certificate',
  reading: 'serial number and last day; changes with every renewal',
  soWhat: 'The certificate was renewed or replaced.',
  learned: false,
  look: (tls) =>
    ofLeaves(tls, ({ serialHex, notAfter }) => [`${serialHex ?? '?'} until ${notAfter?.slice(0, 10) ?? '?'}`]),
};

const trusted: Fact<TlsEvidence> = {
  key: 'trusted',
  drift: 'trust-drift',
  rule: 'nothing-but',
  title: 'Trust',
  reading: 'yes, or no',
  soWhat: 'Clients accept a certificate or refuse it.',
  learned: false,
  look: (tls) =>
    ofEach(tls, 'trusted', ({ trusted: seen }) => (seen === null ? NO_HANDSHAKE : { value: [seen ? 'yes' : 'no'] })),
};

export const facts: readonly Fact<TlsEvidence>[] = [
  ...[issuer, key, lifetimeDays, names, minimum],
  ...[protocol, alpn, certificate, trusted],
];
