// Owns the check for certificates that are sent and serve no path: strangers, duplicates, the root.
import { type Check, foundOrPass, type Given, type Seen } from '../../../src/contract/check.ts';
import type { Phrase } from '../../../src/model/finding.ts';
import { expiry } from '../../../src/x509/instant.ts';
import { lifeSeverity } from '../../../src/x509/life.ts';
import { chainsIn, foundOrSeen, nothingToJudge } from '../derive.ts';
import type { TlsChain, TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const chainExtraCertificate: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'chain-extra-certificate',
  needs: ['tls'],
  severity: 'notice',
  title: 'Certificate sent without need',
  soWhat:
    'Every handshake carries the bytes, and a stranger in the chain is often what an earlier rotation left behind.',
  nowWhat: [
    { kind: 'change', text: ['Serve the certificate and the intermediates on its path, each once, without the root.'] },
  ],
  sources: ['RFC 8446 4.4.2'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const seen = chainsIn(tls).flatMap(({ endpoint, chain, at }): readonly Seen[] =>
      reasons(chain, tls, given).map((what) => ({ what, endpoint, evidence: [at] })),
    );
    return foundOrSeen(foundOrPass(seen), tls);
  },
};

function reasons({ shape }: TlsChain, { certificates }: TlsEvidence, given: Given<TlsPolicy>): readonly Phrase[] {
  if (shape === null) return [];
  const named = (fingerprint: string) => certificates[fingerprint]?.subject ?? 'unreadable';
  // It harms nobody: no client needs it. But monitors that look at every certificate cry.
  const ends = (fingerprint: string): string => {
    const certificate = certificates[fingerprint];
    if (certificate?.notAfter == null || lifeSeverity(certificate, given.policy, given.asOfMs) === null) return '';
    return `, which ${expiry(certificate.notAfter, given.asOfMs)}`;
  };
  return [
    ...shape.extra.map(
      (fingerprint): Phrase => [
        'Sent, but on no path from the certificate: ',
        named(fingerprint),
        `${ends(fingerprint)}.`,
      ],
    ),
    ...shape.duplicates.map((fingerprint): Phrase => ['Sent more than once: ', named(fingerprint), '.']),
    ...(shape.rootSent === null
      ? []
      : [['The root is sent, which clients have or will not believe: ', named(shape.rootSent), '.']]),
  ];
}
