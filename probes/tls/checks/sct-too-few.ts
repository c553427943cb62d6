// Owns the check for public certificates that too few certificate transparency logs have promised to publish: Chrome refuses those.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { unixMs } from '../../../src/x509/instant.ts';
import { certificateAt, chainsIn, foundOrSeen } from '../derive.ts';
import { called, revocationIn, SKEW_MS } from '../derive-revocation.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { RevocationEvidence, SctRecord } from '../evidence-revocation.ts';
import type { TlsPolicy } from '../options.ts';

/** From logs that differ: a certificate of at most 180 days needs 2 inside it, a longer one 3; in a staple 2 are enough. */
const SHORT_DAYS = 180;
const STAPLED = 2;

export const sctTooFew: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'sct-too-few',
  needs: ['tls'],
  severity: 'warning',
  title: 'Too few signed certificate timestamps',
  soWhat: 'Chrome, Safari and Firefox refuse a public certificate that too few transparency logs know of.',
  nowWhat: [{ kind: 'change', text: ['Have the certificate issued again; when that does not help, by another CA.'] }],
  sources: ['RFC 6962 3.3', 'Chrome Certificate Transparency Policy'],
  judge({ tls }, given) {
    const { nothing, revocation } = revocationIn(tls, given);
    if (nothing !== null) return nothing;
    const known = chainsIn(tls).filter(({ chain }) => chain.verdict?.publicRoot !== undefined);
    const ofPublic = known.filter(({ chain }) => chain.verdict?.publicRoot === true);
    if (ofPublic.length === 0) return { outcome: 'not-applicable', because: 'no chain leads to a public root' };
    const seen = ofPublic.flatMap(({ endpoint, chain, leaf, at }): readonly Seen[] => {
      const [fingerprint = ''] = chain.chainSent;
      const why = fewOf(fingerprint, leaf?.lifetimeDays ?? null, revocation, given.asOfMs);
      if (why === null) return [];
      const what = ['The certificate of ', called(leaf ?? undefined), ` ${why}.`];
      return [{ what, endpoint, evidence: [certificateAt(fingerprint), at] }];
    });
    const found = foundOrPass(seen);
    const unread = ofPublic.filter(({ chain }) => revocation.leaves[chain.chainSent[0] ?? ''] === undefined).length;
    if (found.outcome === 'pass' && unread > 0) {
      return { outcome: 'not-judged', because: `the timestamps of ${unread} certificates were not read` };
    }
    return foundOrSeen(found, tls);
  },
};

function fewOf(leaf: string, days: number | null, revocation: RevocationEvidence, asOfMs: number): string | null {
  const promise = revocation.leaves[leaf];
  if (promise === undefined) return null;
  const needed = days !== null && days > SHORT_DAYS ? 3 : 2;
  const embedded = logsOf(promise.scts, asOfMs);
  const stapled = revocation.staples.filter((staple) => staple.leaf === leaf).flatMap(({ scts }) => scts);
  if (embedded >= needed || logsOf(stapled, asOfMs) >= STAPLED) return null;
  if (promise.sctsUnreadable) return 'has a list of timestamps that cannot be read';
  const future = promise.scts.length - promise.scts.filter((sct) => isPast(sct, asOfMs)).length;
  const ahead = future === 0 ? '' : `, and ${future} more of the future, which count for nothing`;
  const some =
    embedded === 0 ? 'no signed timestamp' : `signed timestamps of ${embedded} log${embedded === 1 ? '' : 's'}`;
  return `holds ${some}${ahead}; with its lifetime it needs ${needed}`;
}

/** Logs that differ. RFC 6962 5.2: a timestamp of the future is to be refused. */
function logsOf(scts: readonly SctRecord[], asOfMs: number): number {
  return new Set(scts.filter((sct) => isPast(sct, asOfMs)).map(({ logId }) => logId)).size;
}

function isPast({ timestamp }: SctRecord, asOfMs: number): boolean {
  return timestamp !== null && unixMs(timestamp) <= asOfMs + SKEW_MS;
}
