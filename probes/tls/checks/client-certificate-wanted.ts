// Owns the notice that a server asks for a client certificate, and of whose issuing. Whether it insists is not visible from this.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { listing, type Phrase } from '../../../src/model/finding.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { PostureTraits } from '../evidence-posture.ts';
import type { TlsPolicy } from '../options.ts';
import { answering, nothingAsked } from '../posture-derive.ts';

/** Names in one sentence. */
const MAX_NAMES = 3;

export const clientCertificateWanted: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'client-certificate-wanted',
  needs: ['tls'],
  severity: 'notice',
  title: 'Client certificate wanted',
  soWhat:
    'Callers without one may be refused; the certificates of callers expire too, and their authority must be in the list that the server sends.',
  nowWhat: [
    { kind: 'change', text: ['Give the probe a certificate (--client-cert, --client-key) to see what callers see.'] },
  ],
  sources: ['RFC 5246 7.4.4'],
  judge({ tls }, given) {
    const nothing = nothingAsked(tls, given);
    if (nothing !== null) return nothing;
    const told = answering(tls).flatMap(({ asked: { endpoint, traits }, at }) =>
      traits === null ? [] : [{ endpoint, traits, at }],
    );
    if (told.length === 0)
      return { outcome: 'not-judged', because: 'in TLS 1.3 the request is encrypted, and nothing older was answered' };
    return foundOrPass(
      told
        .filter(({ traits }) => traits.clientCertificateWanted)
        .map(({ endpoint, traits, at }): Seen => ({ what: whatOf(traits), endpoint, evidence: [at] })),
    );
  },
};

function whatOf({ clientAuthorities: authorities }: PostureTraits): Phrase {
  if (authorities.length === 0) return ['The server asks for a client certificate, and names no authority.'];
  return ['The server asks for a client certificate issued by ', ...listing(authorities, MAX_NAMES), '.'];
}
