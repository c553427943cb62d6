// Owns the check that the CAA records allow the issuer whose certificates are served.
import { type Check, type Judged, type Seen } from '../../../src/contract/check.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import type { WireText } from '../../../src/model/text.ts';
import type { TlsEvidence } from '../../tls/evidence.ts';
import { holdingValues, type Leaf, leavesOf } from '../caa-values.ts';
import { caaDomain, isKnownDomain, issuerOf } from '../certificate-issuers.ts';
import { decidingSets, digResolver } from '../derive.ts';
import type { CaaEvidence, CaaSetEvidence, DnsEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

type Facts = { readonly dns: DnsEvidence; readonly tls: TlsEvidence };

export const caaForbidsIssuer: Check<Facts, DnsPolicy> = {
  id: 'caa-forbids-issuer',
  needs: ['dns', 'tls'],
  severity: 'warning',
  title: 'CAA records forbid the issuer of the certificate in use',
  soWhat: 'The certificate stays valid, but its next renewal fails.',
  nowWhat: [{ kind: 'change', text: ['Add an issue record for this issuer, or move to one that is allowed.'] }],
  sources: ['RFC 8659 3, 4', 'RFC 9495', 'CA/Browser Forum Baseline Requirements 3.2.2.8'],
  judge({ dns, tls }, { target }) {
    if (target.scheme === 'http') return { outcome: 'not-applicable', because: 'the target is plain http' };
    const { caa } = dns;
    if (caa === undefined) return { outcome: 'not-judged', because: 'the CAA records were not asked for' };
    if (decidingSets(caa).some(({ problem }) => problem !== null)) {
      return { outcome: 'not-judged', because: 'the CAA records could not be looked up' };
    }
    if (caa.at === null) return UNRESTRICTED;
    const leaves = leavesOf(tls);
    if (leaves.length === 0) return { outcome: 'not-judged', because: 'no certificate was seen' };
    return summed(leaves.map((leaf) => judgeLeaf(dns, caa, leaf)));
  },
};

const UNRESTRICTED: Judged = { outcome: 'not-applicable', because: 'no CAA record restricts who may issue' };

type Verdict =
  | { readonly state: 'allowed' | 'unrestricted' }
  | { readonly state: 'unknown'; readonly because: string }
  | { readonly state: 'forbidden'; readonly seen: Seen };

/** One that is forbidden is a finding whatever the others are; one that is unknown keeps the rest from passing. */
function summed(verdicts: readonly Verdict[]): Judged {
  const [first, ...rest] = verdicts.flatMap((one) => (one.state === 'forbidden' ? [one.seen] : []));
  if (first !== undefined) return { outcome: 'found', seen: [first, ...rest] };
  const unknown = verdicts.find((one) => one.state === 'unknown');
  if (unknown !== undefined) return { outcome: 'not-judged', because: unknown.because };
  if (verdicts.some(({ state }) => state === 'allowed')) return { outcome: 'pass' };
  return UNRESTRICTED;
}

function judgeLeaf(dns: DnsEvidence, caa: CaaEvidence, leaf: Leaf): Verdict {
  const holding = holdingValues(caa, leaf.certificate, dns.name);
  if (holding === null) return { state: 'unrestricted' };
  const { set, tag, values } = holding;
  if (set.critical.length > 0)
    return forbidden(dns, leaf, set, [
      'carry the critical tag ',
      set.critical[0] ?? '',
      ', which no issuer is known to understand',
    ]);
  if (values.length === 0) return { state: 'unrestricted' };
  const issuer = leaf.certificate.issuer === null ? null : issuerOf(leaf.certificate.issuer);
  if (issuer === null)
    return { state: 'unknown', because: 'it is not known here which CAA names the issuer of the certificate goes by' };
  const domains = values.flatMap((value) => caaDomain(value) ?? []);
  if (domains.some((domain) => issuer.caaDomains.includes(domain))) return { state: 'allowed' };
  const stranger = domains.find((domain) => !isKnownDomain(domain));
  if (stranger !== undefined)
    return { state: 'unknown', because: `it is not known here which issuers ${stranger} in a CAA record stands for` };
  return forbidden(
    dns,
    leaf,
    set,
    domains.length === 0 ? ['allow nobody to issue'] : [`allow only ${domains.join(', ')} (${tag})`],
  );
}

function forbidden(dns: DnsEvidence, { fingerprint, certificate }: Leaf, set: CaaSetEvidence, say: Phrase): Verdict {
  const issuer: WireText | string = certificate.issuer ?? 'an issuer that cannot be read';
  return {
    state: 'forbidden',
    seen: {
      what: [
        'The certificate of ',
        dns.name,
        ' is from ',
        issuer,
        ', but the CAA records of ',
        set.name,
        ' ',
        ...say,
        '.',
      ],
      nowWhat: [digResolver(dns, set.name, 'CAA'), ...caaForbidsIssuer.nowWhat],
      evidence: [
        pointer('evidence', 'dns', 'caa', 'asked', dns.caa?.asked.indexOf(set) ?? 0),
        pointer('evidence', 'tls', 'certificates', fingerprint),
      ],
    },
  };
}
