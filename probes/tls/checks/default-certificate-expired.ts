// Owns the check for the certificate that callers without the right server name get, where it has expired unseen.
import { type Check, foundOrPass, type Judged, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { expiry, unixMs } from '../../../src/x509/instant.ts';
import { certificateAt, nothingToJudge } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { EndsEndpoint, Look } from '../evidence-ends.ts';
import type { TlsPolicy } from '../options.ts';

export const defaultCertificateExpired: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'default-certificate-expired',
  needs: ['tls'],
  severity: 'notice',
  title: 'Default certificate expired',
  soWhat:
    'Old clients and health checks that send no server name, or another one, get it; nobody renews what nobody looks at.',
  nowWhat: [{ kind: 'change', text: ['Serve the certificate of the name by default, or refuse unknown names.'] }],
  sources: ['RFC 6066 3'],
  judge({ tls }, given): Judged {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const { ends } = tls;
    if (ends === undefined) return { outcome: 'not-applicable', because: 'no other server name was asked for' };
    const defaults = ends.byEndpoint.map((record, index) => ({ record, index, looks: defaultsOf(record, tls) }));
    const seen = defaults.flatMap(({ record: { endpoint, looks: all }, index, looks }): readonly Seen[] => {
      const look = looks.find(({ leaf }) => isOver(tls, leaf, given.asOfMs));
      const certificate = tls.certificates[look?.leaf ?? ''];
      if (look?.leaf == null || certificate?.notAfter == null) return [];
      const asked = look.kind === 'no-name' ? 'without a server name' : 'with an unknown server name';
      return [
        {
          what: [
            `Callers ${asked} get the certificate of `,
            certificate.sans[0] ?? certificate.subject ?? 'no name',
            `, which ${expiry(certificate.notAfter, given.asOfMs)}.`,
          ],
          endpoint,
          evidence: [
            certificateAt(look.leaf),
            pointer('evidence', 'tls', 'ends', 'byEndpoint', index, 'looks', all.indexOf(look)),
          ],
        },
      ];
    });
    if (seen.length > 0) return foundOrPass(seen);
    const unread = defaults
      .flatMap(({ looks }) => looks)
      .some(({ leaf }) => tls.certificates[leaf ?? '']?.notAfter == null);
    if (unread)
      return { outcome: 'not-judged', because: 'the end of validity of a default certificate cannot be read' };
    const unasked = ends.byEndpoint.filter(({ looks }) => !looks.some(isNameLook)).length;
    if (unasked === 0) return { outcome: 'pass' };
    const because = `${unasked} of ${ends.byEndpoint.length} endpoints were asked for no other server name`;
    return { outcome: 'not-applicable', because };
  },
};

function isNameLook({ kind }: Look): boolean {
  return kind === 'no-name' || kind === 'unknown-name';
}

/** Looks with another name that showed a certificate which the ride did not see at this endpoint: that one has checks of its own. */
function defaultsOf({ endpoint, looks }: EndsEndpoint, { byEndpoint }: TlsEvidence): readonly Look[] {
  const record = byEndpoint.find((each) => each.endpoint === endpoint);
  const own = record === undefined ? [] : [record, ...record.otherChains].map(({ chainSent }) => chainSent[0]);
  return looks.filter((look) => isNameLook(look) && look.leaf !== null && !own.includes(look.leaf));
}

function isOver({ certificates }: TlsEvidence, leaf: string | null, asOfMs: number): boolean {
  const notAfter = certificates[leaf ?? '']?.notAfter ?? null;
  return notAfter !== null && unixMs(notAfter) < asOfMs;
}
