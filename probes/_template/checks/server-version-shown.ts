// Owns the check for endpoints that tell their version to everybody.
// Never knows the clock or the network: evidence, policy and the time to judge by come as arguments.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { interpret, type WireText } from '../../../src/model/text.ts';
import type { ProbeNameEvidence } from '../evidence.ts';
import type { ProbeNamePolicy } from '../options.ts';

/** Dotted parts of the longest product version in the value, 0 without one: `nginx/1.29.3` has 3. RFC 9110 10.1.5. */
function versionPartsOf(value: WireText): number {
  return interpret(value, (raw) => {
    const versions = [...raw.matchAll(/\/(\d+(?:\.\d+)*)/g)].map(([, version = '']) => version.split('.').length);
    return Math.max(0, ...versions);
  });
}

export const serverVersionShown: Check<{ 'probe-name': ProbeNameEvidence }, ProbeNamePolicy> = {
  id: 'server-version-shown',
  needs: ['probe-name'],
  severity: 'notice',
  title: 'Server tells its version',
  soWhat: 'Whoever looks for hosts with a known hole finds this one by its answer, without trying.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Leave the version out (nginx: server_tokens off; Apache: ServerTokens Prod), and keep it patched.'],
    },
  ],
  sources: ['RFC 9110 10.2.4'],
  judge({ 'probe-name': { byEndpoint } }, { policy }) {
    if (byEndpoint.every(({ answered }) => answered === 0)) {
      return { outcome: 'not-judged', because: 'no request was answered' };
    }
    if (byEndpoint.every(({ servers }) => servers.length === 0)) {
      return { outcome: 'not-applicable', because: 'no answer names its server' };
    }
    const seen = byEndpoint.flatMap(({ endpoint, servers }, index): readonly Seen[] => {
      const at = servers.findIndex(({ value }) => versionPartsOf(value) >= policy.versionParts);
      const told = servers[at];
      if (told === undefined) return [];
      return [
        {
          what: ['Answers say ', told.value, ` (${told.n} of them).`],
          endpoint,
          evidence: [pointer('evidence', 'probe-name', 'byEndpoint', index, 'servers', at, 'value')],
        },
      ];
    });
    return foundOrPass(seen);
  },
};
