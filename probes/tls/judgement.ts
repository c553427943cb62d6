// Owns the list of the tls checks and the answer to the question.
import type { Given } from '../../src/contract/check.ts';
import { helloVersions } from '../../src/contract/hello.ts';
import type { Judgement, Reply } from '../../src/contract/probe.ts';
import type { Phrase } from '../../src/model/finding.ts';
import { visible } from '../../src/model/text.ts';
import { expiry, unixMs } from '../../src/x509/instant.ts';
import { automationFacts, automationOf, automationSays } from './automation.ts';
import { certificateExpiry } from './checks/certificate-expiry.ts';
import { certificateFlapping } from './checks/certificate-flapping.ts';
import { certificateNotYetValid } from './checks/certificate-not-yet-valid.ts';
import { certificateRevoked } from './checks/certificate-revoked.ts';
import { certificatesDiffer } from './checks/certificates-differ.ts';
import { chainExtraCertificate } from './checks/chain-extra-certificate.ts';
import { chainIncomplete } from './checks/chain-incomplete.ts';
import { chainOrder } from './checks/chain-order.ts';
import { chainUntrusted } from './checks/chain-untrusted.ts';
import { clientCertificateExpiry } from './checks/client-certificate-expiry.ts';
import { clientCertificateWanted } from './checks/client-certificate-wanted.ts';
import { compressionOffered } from './checks/compression-offered.ts';
import { crlExpired } from './checks/crl-expired.ts';
import { defaultCertificateExpired } from './checks/default-certificate-expired.ts';
import { hostnameMismatch } from './checks/hostname-mismatch.ts';
import { insecureRenegotiation } from './checks/insecure-renegotiation.ts';
import { intermediateExpiry } from './checks/intermediate-expiry.ts';
import { issuerChanged } from './checks/issuer-changed.ts';
import { keyReused } from './checks/key-reused.ts';
import { lifetimePolicy } from './checks/lifetime-policy.ts';

import { mustStapleMissing } from './checks/must-staple-missing.ts';
import { namesLost } from './checks/names-lost.ts';
import { noForwardSecrecy } from './checks/no-forward-secrecy.ts';
import { noPostQuantum } from './checks/no-post-quantum.ts';
import { noTls13 } from './checks/no-tls13.ts';
import { ocspExpired } from './checks/ocsp-expired.ts';
import { oldProtocol } from './checks/old-protocol.ts';
import { postureDiffers } from './checks/posture-differs.ts';
import { proberClockOff } from './checks/prober-clock-off.ts';
import { renewalIncomplete } from './checks/renewal-incomplete.ts';
import { renewalOverdue } from './checks/renewal-overdue.ts';
import { revocationUnknown } from './checks/revocation-unknown.ts';
import { sctTooFew } from './checks/sct-too-few.ts';
import { stapleExpired } from './checks/staple-expired.ts';
import { stapleWrong } from './checks/staple-wrong.ts';
import { weakCipher } from './checks/weak-cipher.ts';
import { weakGroup } from './checks/weak-group.ts';

import { weakKey } from './checks/weak-key.ts';
import { weakSignature } from './checks/weak-signature.ts';
import { chainsIn, isLit, type PlacedChain } from './derive.ts';
import { endsFacts, endsSays } from './ends/where.ts';
import type { TlsEvidence } from './evidence.ts';
import { deathOf } from './first-death.ts';
import type { TlsPolicy } from './options.ts';
import { answering, offeredBy, protocolList } from './posture-derive.ts';

function answer(evidence: TlsEvidence | null, { target, endpoints, asOfMs }: Given<TlsPolicy>): Reply {
  if (target.scheme === 'http')
    return { summary: ['Nowhere on this way: the target is plain http.'], confidence: 'observed', facts: {} };
  const chains = evidence === null ? [] : chainsIn(evidence);
  const firstToEnd = chains.filter(({ leaf }) => leaf?.notAfter != null).toSorted((a, b) => endOf(a) - endOf(b))[0];
  if (evidence === null || firstToEnd === undefined) {
    const why =
      chains.length === 0 ? 'no TLS handshake finished' : 'no certificate that was presented says when it expires';
    return { summary: [`Not visible: ${why}.`], confidence: 'not-visible', facts: {} };
  }
  const seen = evidence.byEndpoint.filter(isLit);
  const protocols = [...new Set(seen.flatMap((record) => record.protocols))].map((name) =>
    name.replace(/^TLSv/, 'TLS '),
  );
  const offered = offeredRange(evidence);
  const leaves = new Set(chains.map(({ chain }) => chain.chainSent[0]));
  const where = endpoints.find(({ id }) => id === firstToEnd.endpoint)?.zone ?? firstToEnd.endpoint;
  const notAfter = firstToEnd.leaf?.notAfter ?? '';
  return {
    summary: [
      `${protocols.join(' and ')} ends at or behind ${seen.length === 1 ? 'the endpoint' : `each of ${seen.length} endpoints`}${offered === null ? '' : ` (offered: ${offered})`}, ${countOf(leaves.size)}`,
      ...issuersOf(chains),
      `; the first ${expiry(notAfter, asOfMs)} (${where}). `,
      ...deathSays(chains, evidence, asOfMs),
      automationSays(evidence, asOfMs),
      endsSays(evidence.ends),
    ],
    confidence: automationOf(evidence, asOfMs).conclusion === 'cannot tell' ? 'observed' : 'inferred',
    facts: {
      ...{ protocols, certificates: leaves.size, firstNotAfter: notAfter, firstAtEndpoint: firstToEnd.endpoint },
      ...(offered === null ? {} : { offered }),
      ...deathFacts(chains, evidence),
      ...automationFacts(evidence, asOfMs),
      ...endsFacts(evidence.ends),
    },
  };
}

/** The chain whose last path dies first, before its server certificate. */
function firstDeath(chains: readonly PlacedChain[], evidence: TlsEvidence) {
  const deaths = chains.flatMap(({ chain, endpoint }) => {
    const death = deathOf(chain, evidence);
    return death === null ? [] : [{ ...death, endpoint }];
  });
  return deaths.toSorted((a, b) => unixMs(a.at) - unixMs(b.at))[0] ?? null;
}

function deathSays(chains: readonly PlacedChain[], evidence: TlsEvidence, asOfMs: number): Phrase {
  const death = firstDeath(chains, evidence);
  if (death === null || death.part === 'leaf') return [];
  const what = death.part === 'root' ? 'Every path to a trusted root' : 'Every path';
  return [
    `${what} of ${death.endpoint} ends before its certificate does: the ${death.part} `,
    death.subject ?? death.by.slice(0, 12),
    ` ${expiry(death.at, asOfMs)}. `,
  ];
}

function deathFacts(chains: readonly PlacedChain[], evidence: TlsEvidence): Reply['facts'] {
  const death = firstDeath(chains, evidence);
  if (death === null) return {};
  const { at, by, part, endpoint } = death;
  return { firstDeath: { at, by, part, endpoint } };
}

/** What any endpoint takes, from the oldest protocol to the newest; null when nobody was asked. */
function offeredRange(tls: TlsEvidence): string | null {
  const all = new Set(answering(tls).flatMap(({ asked }) => offeredBy(asked)));
  return all.size === 0 ? null : protocolList(helloVersions.toReversed().filter((version) => all.has(version)));
}

function endOf({ leaf }: PlacedChain): number {
  return unixMs(leaf?.notAfter ?? '9999-12-31T00:00:00Z');
}

function countOf(leaves: number): string {
  return leaves === 1 ? 'with one certificate' : `with ${leaves} certificates`;
}

/** Issuers by name, at most three. */
function issuersOf(chains: readonly PlacedChain[]): Phrase {
  const issuers = new Map(
    chains.flatMap(({ leaf }) => (leaf?.issuer == null ? [] : [[visible(leaf.issuer), leaf.issuer] as const])),
  );
  return [...issuers.values()].slice(0, 3).flatMap((issuer, index) => [index === 0 ? ' issued by ' : ', ', issuer]);
}

export const judgement: Judgement<TlsEvidence, TlsPolicy> = {
  checks: [
    certificateExpiry,
    renewalOverdue,
    certificateNotYetValid,
    intermediateExpiry,
    chainUntrusted,
    chainIncomplete,
    hostnameMismatch,
    certificatesDiffer,
    certificateFlapping,
    renewalIncomplete,
    namesLost,
    issuerChanged,
    keyReused,
    lifetimePolicy,
    proberClockOff,
    chainOrder,
    chainExtraCertificate,
    weakSignature,
    weakKey,
    oldProtocol,
    certificateRevoked,
    mustStapleMissing,
    stapleExpired,
    stapleWrong,
    revocationUnknown,
    crlExpired,
    ocspExpired,
    sctTooFew,
    weakCipher,
    noForwardSecrecy,
    weakGroup,
    compressionOffered,
    insecureRenegotiation,
    postureDiffers,
    noTls13,
    noPostQuantum,
    clientCertificateWanted,
    defaultCertificateExpired,
    clientCertificateExpiry,
  ],
  answer,
};
