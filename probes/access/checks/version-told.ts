// Owns the check for answers that tell the version of the software behind them.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import type { AccessEvidence } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';

export const versionTold: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'version-told',
  needs: ['access'],
  severity: 'notice',
  title: 'Software version told to everybody',
  soWhat:
    'Whoever looks for servers with a known hole finds this one by its version; a hidden one is no less in need of updates.',
  nowWhat: [{ kind: 'change', text: ['Keep the version out (nginx: server_tokens off; Apache: ServerTokens Prod).'] }],
  sources: ['RFC 9110 10.2.4'],
  judge({ access: { manners } }) {
    if (manners === undefined) return { outcome: 'not-applicable', because: 'the journey did not look' };
    if (manners.answers === 0) return { outcome: 'not-judged', because: 'no request was answered' };
    const told = manners.versions.flatMap(
      ({ field, value }, at): Phrase => [at === 0 ? '' : ', ', `${field}: `, value],
    );
    const what: Phrase = ['Answers tell ', ...told, '.'];
    const evidence = [pointer('evidence', 'access', 'manners', 'versions')] as const;
    return foundOrPass(manners.versions.length === 0 ? [] : [{ what, evidence }]);
  },
};
