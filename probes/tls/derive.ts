// Owns what several checks read out of the record: each chain with its place, leaves, and when nothing can be judged. Pure.
import type { Given, Judged, Seen } from '../../src/contract/check.ts';
import { type Pointer, pointer, type Step } from '../../src/model/finding.ts';
import type { Target } from '../../src/model/target.ts';
import type { EndpointId } from '../../src/model/text.ts';
import type { TlsCertificate, TlsChain, TlsEndpoint, TlsEvidence } from './evidence.ts';
import type { TlsPolicy } from './options.ts';
import { overTime } from './over-time.ts';

/** One chain of one endpoint, and where it stands in the journey. */
export interface PlacedChain {
  readonly endpoint: EndpointId;
  readonly record: TlsEndpoint;
  readonly chain: TlsChain;
  readonly at: Pointer;
  readonly leaf: TlsCertificate | null;
  /** The chain with a key of the other type (RSA beside ECDSA). */
  readonly isTwin: boolean;
}

/** Every chain that was seen, the main one of each endpoint before its others, the one of the other key type last. */
export function chainsIn({ byEndpoint, certificates }: TlsEvidence): readonly PlacedChain[] {
  return byEndpoint.flatMap((record, index) => {
    const place = ['evidence', 'tls', 'byEndpoint', index] as const;
    const chains = [
      { chain: record as TlsChain, at: pointer(...place) },
      ...record.otherChains.map((chain, other) => ({ chain, at: pointer(...place, 'otherChains', other) })),
      ...(record.twin === undefined ? [] : [{ chain: record.twin, at: pointer(...place, 'twin') }]),
    ];
    return chains
      .filter(({ chain }) => chain.chainSent.length > 0)
      .map((each) => ({
        ...each,
        endpoint: record.endpoint,
        record,
        leaf: certificates[each.chain.chainSent[0] ?? ''] ?? null,
        isTwin: each.chain === record.twin,
      }));
  });
}

/** Where a certificate stands in the journey. */
export function certificateAt(fingerprint: string): Pointer {
  return pointer('evidence', 'tls', 'certificates', fingerprint);
}

/** True when something of TLS was seen: a finished handshake, or the certificates of one that failed later. */
export function isLit({ handshakes, chainSent }: TlsEndpoint): boolean {
  return handshakes > 0 || chainSent.length > 0;
}

/** Null when there is something to judge. */
export function nothingToJudge({ byEndpoint }: TlsEvidence, { target }: Given<TlsPolicy>): Judged | null {
  if (target.scheme === 'http') return { outcome: 'not-applicable', because: 'the target is plain http' };
  if (byEndpoint.some(isLit)) return null;
  return { outcome: 'not-judged', because: 'no TLS handshake finished on any endpoint' };
}

/** Null when there is something to judge, and something of an earlier journey to compare it with. */
export function notComparable(tls: TlsEvidence, given: Given<TlsPolicy>): Judged | null {
  if (tls.earlier === undefined && given.target.scheme !== 'http')
    return { outcome: 'not-applicable', because: 'no earlier journey was given (--since)' };
  const nothing = nothingToJudge(tls, given);
  if (nothing !== null) return nothing;
  if ((overTime(tls)?.compared.length ?? 0) > 0) return null;
  return { outcome: 'not-judged', because: 'no earlier journey shows what any of the endpoints had' };
}

/** Nothing found passes only when every endpoint could be compared, in all that the check reads. */
export function foundOrCompared(found: Judged, unread: number, what: string, tls: TlsEvidence): Judged {
  const lit = tls.byEndpoint.filter(isLit).length;
  const unknown = lit - (overTime(tls)?.compared.length ?? 0);
  if (found.outcome !== 'pass' || unknown <= 0) return foundOrRead(found, unread, what, tls);
  return { outcome: 'not-judged', because: `no earlier journey shows what ${unknown} of ${lit} endpoints had` };
}

/** Nothing found passes only when every endpoint showed its certificates, but those that this machine cannot reach at all. */
export function foundOrSeen(found: Judged, { byEndpoint }: TlsEvidence): Judged {
  const dark = byEndpoint.filter((record) => !isLit(record) && record.failures + record.unreached > 0).length;
  if (found.outcome !== 'pass' || dark === 0) return found;
  return { outcome: 'not-judged', because: `${dark} of ${byEndpoint.length} endpoints finished no TLS handshake` };
}

/** Each certificate on a path of a chain that something is to be said of; `says` ends the sentence, null for nothing. */
export function seenOnPaths(tls: TlsEvidence, says: (certificate: TlsCertificate) => string | null): readonly Seen[] {
  return chainsIn(tls).flatMap(({ endpoint, chain, at }) =>
    (chain.shape?.path ?? []).flatMap((fingerprint): readonly Seen[] => {
      const certificate = tls.certificates[fingerprint];
      const words = certificate == null ? null : says(certificate);
      if (certificate == null || words === null) return [];
      const what = ['The certificate ', certificate.subject ?? 'without a name', words];
      return [{ what, endpoint, evidence: [certificateAt(fingerprint), at] }];
    }),
  );
}

/** How many certificates on a path of a chain lack what a check needs; `lacks` says so of one, the server's own at position 0. */
export function unreadOnPaths(
  tls: TlsEvidence,
  lacks: (certificate: TlsCertificate, position: number) => boolean,
): number {
  const paths = chainsIn(tls).flatMap(({ chain }) => [...(chain.shape?.path ?? []).entries()]);
  const unread = paths.filter(([position, fingerprint]) => {
    const certificate = tls.certificates[fingerprint];
    return certificate === undefined || lacks(certificate, position);
  });
  return new Set(unread.map(([, fingerprint]) => fingerprint)).size;
}

/** Nothing found passes only when every certificate could be read. */
export function foundOrRead(found: Judged, unread: number, what: string, tls: TlsEvidence): Judged {
  if (found.outcome !== 'pass' || unread === 0) return foundOrSeen(found, tls);
  return { outcome: 'not-judged', because: `${what} of ${unread} certificates cannot be read` };
}

/** Signatures of one key type alone: whoever asks for these gets the certificate of that type. */
const SIGNATURES: Readonly<Record<string, string>> = {
  rsa: 'rsa_pss_rsae_sha256:RSA+SHA256',
  ec: 'ECDSA+SHA256:ECDSA+SHA384',
};

/** The command that shows the chain of one endpoint. @param keyType of the certificate, where another one would come without it */
export function showChain(endpoint: EndpointId, { host, isAddress }: Target, keyType: string | null = null): Step {
  const name = isAddress ? ['-noservername'] : ['-servername', host];
  const signatures = SIGNATURES[keyType ?? ''];
  const only = signatures === undefined ? [] : ['-sigalgs', signatures];
  return { kind: 'command', argv: ['openssl', 's_client', '-connect', endpoint, ...name, ...only, '-showcerts'] };
}

/** The severity that trust allows: with `ignoreTrust` a notice. */
export function trustSeverity(policy: TlsPolicy): { readonly severity?: 'notice' } {
  return policy.ignoreTrust ? { severity: 'notice' } : {};
}
