// Owns the check of what CAA records ask beyond the issuer's name: an account, or ways of validation (RFC 8657).
import { type Check, type Judged, type Seen } from '../../../src/contract/check.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import type { TlsEvidence } from '../../tls/evidence.ts';
import { type Binding, bindingOf, type HoldingValues, holdingValues, type Leaf, leavesOf } from '../caa-values.ts';
import { issuerOf } from '../certificate-issuers.ts';
import { decidingSets, digResolver } from '../derive.ts';
import type { CaaEvidence, DnsEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

type Facts = { readonly dns: DnsEvidence; readonly tls: TlsEvidence };

export const caaBindsIssuer: Check<Facts, DnsPolicy> = {
  id: 'caa-binds-issuer',
  needs: ['dns', 'tls'],
  severity: 'notice',
  title: 'CAA records allow the issuer only for one account or some ways of validation',
  soWhat:
    'A renewal by another account, or with another challenge, is refused; which ones are used cannot be seen from here.',
  nowWhat: [
    { kind: 'change', text: ['Before the ACME account or the challenge changes, change the CAA records first.'] },
  ],
  sources: ['RFC 8657 3, 4', 'RFC 8659 4.2', 'CA/Browser Forum Baseline Requirements 3.2.2.4.19, 3.2.2.4.20'],
  judge({ dns, tls }, { target }) {
    if (target.scheme === 'http') return { outcome: 'not-applicable', because: 'the target is plain http' };
    const { caa } = dns;
    if (caa === undefined) return { outcome: 'not-applicable', because: 'the CAA records were not asked for' };
    if (decidingSets(caa).some(({ problem }) => problem !== null)) {
      return { outcome: 'not-judged', because: 'the CAA records could not be looked up' };
    }
    if (caa.at === null) return { outcome: 'not-applicable', because: 'no CAA record restricts who may issue' };
    const leaves = leavesOf(tls);
    if (leaves.length === 0) return { outcome: 'not-judged', because: 'no certificate was seen' };
    return summed(leaves.map((leaf) => judgeLeaf(dns, caa, leaf)));
  },
};

type Verdict = 'free' | 'not-allowed' | 'unknown' | Seen;

function summed(verdicts: readonly Verdict[]): Judged {
  const [first, ...rest] = verdicts.flatMap((one) => (typeof one === 'string' ? [] : [one]));
  if (first !== undefined) return { outcome: 'found', seen: [first, ...rest] };
  if (verdicts.includes('unknown')) {
    return {
      outcome: 'not-judged',
      because: 'it is not known here which CAA names the issuer of the certificate goes by',
    };
  }
  if (verdicts.includes('free')) return { outcome: 'pass' };
  return { outcome: 'not-applicable', because: 'no CAA record allows the issuer by name' };
}

function judgeLeaf(dns: DnsEvidence, caa: CaaEvidence, { certificate, fingerprint }: Leaf): Verdict {
  const holding = holdingValues(caa, certificate, dns.name);
  if (holding === null || holding.values.length === 0) return 'not-allowed';
  const issuer = certificate.issuer === null ? null : issuerOf(certificate.issuer);
  if (issuer === null) return 'unknown';
  const bindings = holding.values
    .map(bindingOf)
    .filter(({ domain }) => domain !== null && issuer.caaDomains.includes(domain));
  if (bindings.length === 0) return 'not-allowed';
  if (bindings.some(isFree)) return 'free';
  const usable = bindings.filter((one) => !one.broken && canValidate(one, holding));
  const set = caa.asked.indexOf(holding.set);
  const seen = {
    nowWhat: [digResolver(dns, holding.set.name, 'CAA'), ...caaBindsIssuer.nowWhat],
    evidence: [
      pointer('evidence', 'dns', 'caa', 'asked', set),
      pointer('evidence', 'tls', 'certificates', fingerprint),
    ],
  } as const;
  const subject: Phrase = ['The CAA records of ', holding.set.name, ` allow ${issuer.name} only`];
  if (usable.length > 0) return { ...seen, what: [...subject, ...conditions(usable), '.'] };
  const because = bindings.every(({ broken }) => broken)
    ? ' by parameters that break their format, so that it may not issue at all.'
    : ` to validate by ${methodsOf(bindings)}, which cannot prove the wildcard that the certificate needs.`;
  return {
    ...seen,
    severity: 'warning',
    what: [...subject, because],
    soWhat: 'The certificate stays valid, but its next renewal fails.',
    nowWhat: [digResolver(dns, holding.set.name, 'CAA'), { kind: 'change', text: [REPAIR] }],
  };
}

const REPAIR = 'Correct accounturi and validationmethods: one URI, and methods that fit (dns-01 for wildcards).';

function isFree({ accounts, methods, broken }: Binding): boolean {
  return !broken && accounts.length === 0 && methods === null;
}

/** Challenges over HTTP and TLS prove one host, never a wildcard. */
const HOST_ONLY: ReadonlySet<string> = new Set(['http-01', 'tls-alpn-01']);

function canValidate({ methods }: Binding, { wildcard }: HoldingValues): boolean {
  return methods === null || methods.some((one) => !wildcard || !HOST_ONLY.has(one));
}

function conditions(bindings: readonly Binding[]): Phrase {
  const accounts = bindings.every((one) => one.accounts.length > 0) ? bindings.flatMap((one) => one.accounts) : [];
  const more = accounts.length > 2 ? ` and ${accounts.length - 2} more` : '';
  const account: Phrase = accounts.slice(0, 2).flatMap((one, index) => [index === 0 ? ' for account ' : ' or ', one]);
  const methods = bindings.every((one) => one.methods !== null) ? [` by ${methodsOf(bindings)}`] : [];
  const either =
    accounts.length === 0 && methods.length === 0 ? [' for an account, or by ways of validation, of their own'] : [];
  return [...account, more, ...methods, ...either];
}

function methodsOf(bindings: readonly Binding[]): string {
  return [...new Set(bindings.flatMap(({ methods }) => methods ?? []))].slice(0, 6).join(', ') || 'no method';
}
