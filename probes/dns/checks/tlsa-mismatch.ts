// Owns the check that TLSA records fit the certificates that are served. Hashes that were not taken are never called different.
import { type Check, foundOrPass, type Judged, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { TlsCertificate, TlsChain, TlsEvidence } from '../../tls/evidence.ts';
import { digResolver } from '../derive.ts';
import type { DnsEvidence } from '../evidence.ts';
import type { AssociationEvidence, TlsaEvidence } from '../evidence-safety.ts';
import type { DnsPolicy } from '../options.ts';
import { NOT_LOOKED } from '../safety-words.ts';

type Facts = { readonly dns: DnsEvidence; readonly tls: TlsEvidence };

export const tlsaMismatch: Check<Facts, DnsPolicy> = {
  id: 'tlsa-mismatch',
  needs: ['dns', 'tls'],
  severity: 'warning',
  title: 'The TLSA records do not fit the certificate',
  soWhat: 'Clients that check TLSA records refuse the connection.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Publish the TLSA record of the certificate in use, and before each renewal that of the next one.'],
    },
  ],
  sources: ['RFC 6698 2.1', 'RFC 7671 5, 8.1'],
  judge({ dns, tls }, { target }): Judged {
    if (target.scheme === 'http') return { outcome: 'not-applicable', because: 'the target is plain http' };
    const sets = dns.safety?.tlsa;
    if (sets === undefined) return NOT_LOOKED;
    const index = sets.findIndex(({ records, malformed }) => records.length + malformed > 0);
    const set = sets[index];
    if (set === undefined) {
      if (sets.some(({ problem }) => problem !== null))
        return { outcome: 'not-judged', because: 'the TLSA records could not be looked up' };
      return { outcome: 'not-applicable', because: 'the name has no TLSA record' };
    }
    if (dns.dnssec === 'insecure') {
      return {
        outcome: 'not-applicable',
        because: 'the zone is not signed all the way: clients ignore its TLSA records (RFC 6698 4.1)',
      };
    }
    if (dns.dnssec !== 'secure')
      return { outcome: 'not-judged', because: 'whether DNSSEC secures the TLSA records is not known' };
    const chains = tls.byEndpoint.flatMap((record, at) =>
      [record, ...record.otherChains]
        .filter(({ chainSent }) => chainSent.length > 0)
        .map((chain) => ({ chain, record, at })),
    );
    if (chains.length === 0) return { outcome: 'not-judged', because: 'no certificate was seen' };
    const fits = chains.map(({ chain }) => fitOf(set, chain, tls.certificates));
    const seen = chains.flatMap(({ record, at }, n): readonly Seen[] => {
      if (fits[n] !== 'no') return [];
      const what = [`None of the ${set.records.length} TLSA records of ${set.name} fits what is served here.`];
      const nowWhat = [digResolver(dns, set.name, 'TLSA'), ...tlsaMismatch.nowWhat];
      const evidence = [
        pointer('evidence', 'dns', 'safety', 'tlsa', index),
        pointer('evidence', 'tls', 'byEndpoint', at),
      ] as const;
      return [{ what, endpoint: record.endpoint, nowWhat, evidence }];
    });
    if (seen.length === 0 && fits.includes('unknown')) {
      return { outcome: 'not-judged', because: 'a TLSA record holds a hash, or an authority, that was not seen here' };
    }
    return foundOrPass(seen);
  },
};

type Fit = 'yes' | 'no' | 'unknown';

/** One record that fits is enough (RFC 6698 2.1). */
function fitOf({ records }: TlsaEvidence, chain: TlsChain, known: TlsEvidence['certificates']): Fit {
  const fits = records.map((record) => fitOfRecord(record, chain, known));
  if (fits.includes('yes')) return 'yes';
  return fits.includes('unknown') || fits.length === 0 ? 'unknown' : 'no';
}

/** Usage 1 and 3 name the server's own certificate, 0 and 2 an authority above it, which need not be sent (RFC 7671 5.2.2). */
function fitOfRecord(record: AssociationEvidence, { chainSent }: TlsChain, known: TlsEvidence['certificates']): Fit {
  const { usage, selector, matching, data } = record;
  if (usage > 3 || selector > 1 || matching > 1) return 'unknown';
  const own = usage === 1 || usage === 3;
  const named = own ? chainSent.slice(0, 1) : chainSent.slice(1);
  const hashes = new Set(named.map((one) => (selector === 0 ? one : spkiOf(known[one]))));
  if (hashes.has(data)) return 'yes';
  return own && !hashes.has(null) ? 'no' : 'unknown';
}

function spkiOf(certificate: TlsCertificate | undefined): string | null {
  return certificate?.spkiSha256 ?? null;
}
