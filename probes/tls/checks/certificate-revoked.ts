// Owns the check for certificates that their issuer has revoked, by a staple or by what the issuer's servers say.
import { type Check, foundOrPass, type Judged, type Seen } from '../../../src/contract/check.ts';
import type { Pointer } from '../../../src/model/finding.ts';
import { minuteOf } from '../../../src/x509/instant.ts';
import { certificateAt, foundOrSeen } from '../derive.ts';
import { answersIn, called, endpointsWith, revocationIn, staplesIn } from '../derive-revocation.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { RevocationEvidence, Statement } from '../evidence-revocation.ts';
import type { TlsPolicy } from '../options.ts';

export const certificateRevoked: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'certificate-revoked',
  needs: ['tls'],
  severity: 'critical',
  title: 'Certificate revoked',
  soWhat: 'Clients that know of the revocation refuse the endpoint, and whoever holds the key may speak in its name.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Have a new certificate issued for a new key, and deploy it here; then find out who revoked this one.'],
    },
  ],
  sources: ['RFC 5280 3.3', 'RFC 6960 2.2'],
  judge({ tls }, given) {
    const { nothing, revocation } = revocationIn(tls, given);
    if (nothing !== null) return nothing;
    const believed = statementsIn(revocation).filter(({ statement }) => statement.because === null);
    const revoked = Map.groupBy(
      believed.filter(({ statement }) => statement.status === 'revoked'),
      ({ certificate }) => certificate,
    );
    const seen = [...revoked].flatMap(([certificate, same]) => seenOf(tls, certificate, same));
    if (seen.length > 0) return foundOrPass(seen);
    return foundOrSeen(withoutRevoked(revocation, believed), tls);
  },
};

interface Said {
  readonly certificate: string;
  readonly by: string;
  readonly statement: Statement;
  readonly at: Pointer;
}

function statementsIn(revocation: RevocationEvidence): readonly Said[] {
  const stapled = staplesIn(revocation).flatMap(({ staple: { leaf, statement }, at }): readonly Said[] =>
    statement === null ? [] : [{ certificate: leaf, by: 'the stapled OCSP response', statement, at }],
  );
  const asked = answersIn(revocation).map(({ asked: one, at }): Said => {
    const by = one.method === 'crl' ? 'the revocation list of its issuer' : 'the OCSP responder of its issuer';
    return { certificate: one.certificate, by, statement: one, at };
  });
  return [...stapled, ...asked];
}

function seenOf(tls: TlsEvidence, certificate: string, same: readonly Said[]): readonly Seen[] {
  const [first] = same;
  if (first === undefined) return [];
  const { revokedAt, reason } = same.find(({ statement }) => statement.reason !== null)?.statement ?? first.statement;
  const who = [...new Set(same.map(({ by }) => by))].join(' and ');
  const since = revokedAt === null ? '' : ` since ${minuteOf(revokedAt)}`;
  const why = reason === null ? '' : ` (${reason})`;
  const what = ['The certificate ', called(tls.certificates[certificate]), ` is revoked${since}${why}, says ${who}.`];
  const evidence: Seen['evidence'] = [certificateAt(certificate), ...same.map(({ at }) => at)];
  return endpointsWith(tls, certificate).map((endpoint) => ({ what, endpoint, evidence }));
}

/** Nobody said "revoked": that is well only where somebody said "good". */
function withoutRevoked({ asked, askedLeftOut = 0 }: RevocationEvidence, believed: readonly Said[]): Judged {
  const good = new Set(
    believed.filter(({ statement }) => statement.status === 'good').map(({ certificate }) => certificate),
  );
  if (asked === undefined) {
    if (good.size > 0) return { outcome: 'pass' };
    return { outcome: 'not-applicable', because: 'no staple says so, and nobody was asked (--revocation asks)' };
  }
  const named = new Set(asked.filter(({ method }) => method !== 'none').map(({ certificate }) => certificate));
  if (named.size === 0) return { outcome: 'not-applicable', because: 'no certificate names anybody to ask' };
  const unknown = [...named].filter((certificate) => !good.has(certificate)).length + askedLeftOut;
  if (unknown === 0) return { outcome: 'pass' };
  return {
    outcome: 'not-judged',
    because: `of ${unknown} of ${named.size + askedLeftOut} certificates it is not known`,
  };
}
