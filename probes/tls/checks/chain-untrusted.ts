// Owns the check for chains that programs refuse, for reasons that no better check names: all of them where our verdict is at hand.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import type { Phrase } from '../../../src/model/finding.ts';
import { unixMs } from '../../../src/x509/instant.ts';
import { chainsIn, foundOrSeen, nothingToJudge, type PlacedChain, showChain, trustSeverity } from '../derive.ts';
import type { TlsChain, TlsEvidence, TlsVerdict } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { issuerErrors, timeErrors } from '../trust-words.ts';

export const chainUntrusted: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'chain-untrusted',
  needs: ['tls'],
  severity: 'critical',
  title: 'Chain not trusted',
  soWhat: 'Clients that trust what this ride trusts refuse the endpoint.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Serve a certificate of an issuer that the callers trust; for a private issuer name its root with --ca-file.',
      ],
    },
  ],
  sources: ['RFC 5280 6.1'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const seen = chainsIn(tls).flatMap((placed): readonly Seen[] => {
      const what = distrust(placed, tls, given.asOfMs);
      if (what === null) return [];
      const { chain, endpoint, at } = placed;
      return [
        {
          what,
          endpoint,
          // What OpenSSL accepts, programs built on it accept too.
          ...(chain.trustError === null ? ({ severity: 'warning' } as const) : {}),
          ...trustSeverity(given.policy),
          nowWhat: [...chainUntrusted.nowWhat, showChain(endpoint, given.target)],
          evidence: [at],
        },
      ];
    });
    return foundOrSeen(foundOrPass(seen), tls);
  },
};

/** Why programs refuse the chain; null when none does, or when other checks say all of it. */
function distrust(placed: PlacedChain, tls: TlsEvidence, asOfMs: number): Phrase | null {
  const { chain, leaf } = placed;
  const faults = fatalFaults(chain);
  const isTold = faults.length > 0 ? faults.every((fault) => isToldElsewhere(fault, placed, tls)) : false;
  if (chain.trustError === null) {
    return faults.length === 0 || isTold
      ? null
      : ['OpenSSL trusts the chain, other programs do not: ', ...reasons(faults), '.'];
  }
  if (isTold || (faults.length === 0 && isExplained(placed, tls, asOfMs))) return null;
  const why = faults.length > 0 ? reasons(faults) : [chain.trustErrorSays ?? chain.trustError];
  const holds = chain.verdict?.valid === true && followsAsSent.has(chain.trustError) ? AS_SENT : '';
  return ['The chain is not trusted: ', ...why, '; issued by ', leaf?.issuer ?? 'nobody named', `${holds}.`];
}

const AS_SENT = '. A path does hold, but OpenSSL follows the certificates as they are sent';

/** OpenSSL's codes for the way it took; another way may be free of them. */
const followsAsSent: ReadonlySet<string> = new Set([...issuerErrors, ...timeErrors, 'SELF_SIGNED_CERT_IN_CHAIN']);

/** Faults of our own verdict for which programs refuse the chain; none in a journey without one. */
function fatalFaults({ verdict }: TlsChain): TlsVerdict['faults'] {
  return (verdict?.faults ?? []).filter(({ fatal }) => fatal);
}

function reasons(faults: TlsVerdict['faults']): Phrase {
  return faults.flatMap(({ subject, says, code, about }, at) => [
    ...[at === 0 ? '' : '; ', 'the certificate ', subject ?? 'without a name', ` ${says}`],
    ...(code === 'missing-issuer' && about !== null ? [' (', about, ')'] : []),
  ]);
}

/** Names, validity, weak keys and hashes, and missing intermediates have checks of their own. */
function isToldElsewhere(
  { code, certificate }: TlsVerdict['faults'][number],
  { chain }: PlacedChain,
  tls: TlsEvidence,
): boolean {
  const position = chain.shape?.path.indexOf(certificate) ?? -1;
  const { selfSigned = false, keyType = null } = tls.certificates[certificate] ?? {};
  switch (code) {
    case 'name-mismatch':
      return true;
    case 'missing-issuer':
      return chain.shape?.missingIntermediate === true;
    case 'not-yet-valid':
      return position >= 0;
    case 'expired':
      // The expiry of a root that was sent is no other check's business.
      return position === 0 || (position > 0 && !selfSigned);
    case 'weak-signature':
      return position >= 0 && !selfSigned;
    case 'weak-key':
      return position >= 0 && keyType !== 'ec';
    default:
      return false;
  }
}

/** For journeys without a verdict of our own: missing intermediates have their check, and so has the validity of what was sent. */
function isExplained({ chain }: PlacedChain, tls: TlsEvidence, asOfMs: number): boolean {
  if (chain.shape?.missingIntermediate === true) return true;
  if (chain.trustError === null || !timeErrors.has(chain.trustError)) return false;
  return (chain.shape?.path ?? []).some((fingerprint, position) => {
    const { notBefore = null, notAfter = null, selfSigned = false } = tls.certificates[fingerprint] ?? {};
    if (notBefore !== null && unixMs(notBefore) > asOfMs) return true;
    // The expiry of a root that was sent is no other check's business.
    return notAfter !== null && unixMs(notAfter) < asOfMs && !(selfSigned && position > 0);
  });
}
