// Owns the check for cipher suites that protect little or nothing and are taken from who offers them.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { enumeration } from '../../../src/model/finding.ts';
import { isLit } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';
import { answering, isNewestOnly, nothingAsked, olderCiphers } from '../posture-derive.ts';
import { isBroken, isWeak } from '../posture-words.ts';

/** Names in one sentence. */
const MAX_NAMES = 4;

export const weakCipher: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'weak-cipher',
  needs: ['tls'],
  severity: 'warning',
  title: 'Weak cipher suites accepted',
  soWhat: 'What is sent with RC4 or a cipher of 64-bit blocks (3DES) can be read in part by who records enough of it.',
  nowWhat: [{ kind: 'change', text: ['Take these cipher suites out where the endpoint ends TLS.'] }],
  sources: ['RFC 9325 4.1', 'RFC 7465', 'CVE-2016-2183', 'CVE-2015-0204'],
  judge(facts, given) {
    const { tls } = facts;
    const nothing = nothingAsked(tls, given);
    if (nothing !== null) return nothing;
    const asked = answering(tls);
    const seen = asked.flatMap(({ asked: one, at }): readonly Seen[] => {
      const weak = olderCiphers(one).filter(isWeak);
      if (weak.length === 0) return [];
      const broken = weak.filter(isBroken);
      const named = [...broken, ...weak.filter((name) => !isBroken(name))];
      return [
        {
          what: ['The server takes ', ...enumeration(named, MAX_NAMES), '.'],
          endpoint: one.endpoint,
          evidence: [at],
          ...(broken.length === 0 ? {} : { severity: 'critical', soWhat: BROKEN_SAYS }),
        },
      ];
    });
    const found = foundOrPass(seen);
    const unknown = asked.filter(({ asked: one }) => isUntold(one, tls)).length;
    if (found.outcome !== 'pass' || unknown === 0) return found;
    return { outcome: 'not-judged', because: `${unknown} of ${asked.length} endpoints did not tell` };
  },
};

const BROKEN_SAYS =
  'Without encryption, without authentication or with a key made for export, who sits on the way reads and changes everything of a client that can be led to it.';

/** Endpoints that were meant to be asked, and did not answer. */
function isUntold(one: ReturnType<typeof answering>[number]['asked'], { byEndpoint }: TlsEvidence): boolean {
  const lit = byEndpoint.some((record) => record.endpoint === one.endpoint && isLit(record));
  return lit && one.cutShort !== null && one.weakCipher.offered === null && !isNewestOnly(one);
}
