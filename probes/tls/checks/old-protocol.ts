// Owns the check for endpoints that agree on nothing newer than TLS 1.1, or still take it from who offers nothing newer.
import { type Check, foundOrPass, type Given, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { foundOrSeen, nothingToJudge } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { answering, offeredBy, protocolList } from '../posture-derive.ts';
import { isOld } from '../posture-words.ts';

const STILL_TAKEN =
  'TLS 1.0 and 1.1 are withdrawn, SSL 3.0 is broken (POODLE): an attacker on the way can hold a client that still knows them to them, and audits fail on them.';

export const oldProtocol: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'old-protocol',
  needs: ['tls'],
  severity: 'critical',
  title: 'Protocol older than TLS 1.2',
  soWhat: 'TLS 1.0 and 1.1 are withdrawn: browsers and current libraries refuse the endpoint.',
  nowWhat: [{ kind: 'change', text: ['Enable TLS 1.2 and 1.3 where this endpoint ends TLS.'] }],
  sources: ['RFC 8996', 'RFC 7568'],
  judge({ tls }, given) {
    const chosen = negotiated(tls);
    const offered = offeredOld(tls).filter(({ endpoint }) => chosen.every((one) => one.endpoint !== endpoint));
    const nothing = nothingToJudge(tls, given);
    // A server of SSL 3.0 alone finishes no handshake of the ride.
    if (nothing !== null && (chosen.length + offered.length === 0 || isPlain(given))) return nothing;
    return foundOrSeen(foundOrPass([...chosen, ...offered]), tls);
  },
};

function isPlain({ target }: Given<TlsPolicy>): boolean {
  return target.scheme === 'http';
}

function negotiated({ byEndpoint }: TlsEvidence): readonly Seen[] {
  return byEndpoint.flatMap(({ endpoint, protocols }, index): readonly Seen[] => {
    const old = protocols.filter(isOld);
    if (old.length === 0) return [];
    const what = [`Offered up to TLS 1.3, the server chose ${old.join(' or ')}.`];
    return [{ what, endpoint, evidence: [pointer('evidence', 'tls', 'byEndpoint', index, 'protocols')] }];
  });
}

function offeredOld(tls: TlsEvidence): readonly Seen[] {
  return answering(tls).flatMap(({ asked, at }): readonly Seen[] => {
    const all = offeredBy(asked);
    const old = all.filter(isOld);
    const newer = all.filter((protocol) => !isOld(protocol));
    if (old.length === 0) return [];
    const { endpoint } = asked;
    if (newer.length === 0) {
      return [
        { what: [`The server takes nothing newer than ${protocolList(old.slice(0, 1))}.`], endpoint, evidence: [at] },
      ];
    }
    const text = `Take ${protocolList(old)} out of the protocols where this endpoint ends TLS.`;
    return [
      {
        ...{ endpoint, evidence: [at], severity: 'warning', soWhat: STILL_TAKEN },
        what: [`The server still takes ${protocolList(old)}, beside ${protocolList(newer)}.`],
        nowWhat: [{ kind: 'change', text: [text] }],
      },
    ];
  });
}
