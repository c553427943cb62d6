// Owns the list of the probe-name checks and the answer to the question. Pure.
import type { Judgement, Reply } from '../../src/contract/probe.ts';
import type { Phrase } from '../../src/model/finding.ts';
import { serverVersionShown } from './checks/server-version-shown.ts';
import type { ProbeNameEvidence } from './evidence.ts';
import type { ProbeNamePolicy } from './options.ts';

/** What cannot be seen is said as such, never guessed. A Phrase keeps wire text apart until it is escaped. */
function answer(evidence: ProbeNameEvidence | null): Reply {
  const named = (evidence?.byEndpoint ?? []).flatMap(({ zone, endpoint, servers }) =>
    servers.slice(0, 1).map(({ value }) => ({ where: zone ?? endpoint, value })),
  );
  if (named.length === 0) {
    return { summary: ['No answer names its server.'], confidence: 'not-visible', facts: {} };
  }
  const names = named
    .slice(0, 4)
    .flatMap(({ where, value }, at): Phrase => [at === 0 ? '' : ', ', value, ` in ${where}`]);
  return {
    summary: ['Servers call themselves ', ...names, '.'],
    // Seen as sent; `inferred` would be a conclusion.
    confidence: 'observed',
    facts: { endpointsNamed: named.length },
  };
}

export const judgement: Judgement<ProbeNameEvidence, ProbeNamePolicy> = {
  checks: [serverVersionShown],
  answer,
};
