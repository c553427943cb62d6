// Owns the check for answers to requests with credentials that caches may hand to others.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import type { AccessEvidence } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';

export const privateAnswerInSharedCache: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'private-answer-in-shared-cache',
  needs: ['access'],
  severity: 'notice',
  title: 'Caches may share answers to credentials',
  soWhat:
    'A cache on the way may give what one caller was answered to the next, whatever the credentials of that one are.',
  nowWhat: [
    { kind: 'change', text: ['Send Cache-Control: private or no-store, unless the answer is the same for everybody.'] },
  ],
  sources: ['RFC 9111 3.5', 'RFC 9111 5.2.2.9'],
  judge({ access: { manners } }) {
    if (manners === undefined) return { outcome: 'not-applicable', because: 'the journey did not look' };
    if (!manners.withCredentials) return { outcome: 'not-applicable', because: 'the request carried no credentials' };
    if (manners.answers === 0) return { outcome: 'not-judged', because: 'no request was answered' };
    const what = [
      `${manners.sharedCache} answers to requests with credentials allow shared caches to keep them (public or s-maxage).`,
    ];
    const seen: readonly Seen[] = [{ what, evidence: [pointer('evidence', 'access', 'manners', 'sharedCache')] }];
    return foundOrPass(manners.sharedCache === 0 ? [] : seen);
  },
};
