// Owns running a probe's checks over recorded cases, for tests: evidence in, outcomes out.
import { readdirSync, readFileSync } from 'node:fs';
import type { AnyProbe } from '../../src/contract/probe.ts';
import { flatten } from '../../src/journey/flatten.ts';
import type { Hop } from '../../src/model/latency.ts';
import { type Endpoint, parseTarget } from '../../src/model/target.ts';
import { follow } from './pointer.ts';

/** A file of `cases/`: what was recorded, and the outcome of each check that does not simply pass. */
export interface Case {
  readonly name: string;
  readonly target?: string;
  readonly endpoints: readonly Endpoint[];
  readonly hops: readonly Hop[];
  readonly evidence: unknown;
  /** By check: `not-judged`, `not-applicable`, or the severity and endpoint of each sight. Absent: pass. */
  readonly expected: Readonly<Record<string, string | readonly string[]>>;
}

export function casesIn(folder: URL): readonly Case[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ ...(JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Case), name }));
}

/** Outcomes of all checks of a probe, as a case writes them; sentences beside them. @throws when a pointer leads nowhere */
export async function outcomesOf(probe: AnyProbe, { evidence, target, endpoints, hops }: Case) {
  const [judgement, policySchema, schema] = await Promise.all([probe.judgement(), probe.policy(), probe.evidence()]);
  const record: unknown = schema.parse(evidence);
  const given = {
    policy: policySchema.parse({}),
    asOfMs: 0,
    target: parseTarget(target ?? 'kms.example'),
    endpoints,
    hops,
  };
  const outcomes: Record<string, string | readonly string[]> = {};
  const sentences: string[] = [];
  for (const check of judgement.checks) {
    const judged = check.judge({ [probe.id]: record }, given);
    if (judged.outcome === 'pass') continue;
    if (judged.outcome !== 'found') {
      outcomes[check.id] = judged.outcome;
      continue;
    }
    outcomes[check.id] = judged.seen.map((seen) => `${seen.severity ?? check.severity} ${seen.endpoint ?? '-'}`);
    for (const seen of judged.seen) {
      sentences.push(flatten(seen.what));
      for (const pointer of seen.evidence) {
        const found = follow({ evidence: { [probe.id]: record }, endpoints, hops }, pointer);
        if (found === undefined) throw new Error(`${check.id}: ${pointer} leads nowhere`);
      }
    }
  }
  const answer = judgement.answer(record, given);
  return { outcomes, sentences, answer: { ...answer, summary: flatten(answer.summary) } };
}
