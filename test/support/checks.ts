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
  /** File of the same folder that this case starts from: what is not said here is as there. */
  readonly from?: string;
  /** What is different from there, by JSON Pointer. */
  readonly changed?: Readonly<Record<string, unknown>>;
  readonly target?: string;
  /** Part of the policy; defaults elsewhere. */
  readonly policy?: unknown;
  /** The time of judging, RFC 3339; the epoch when absent. */
  readonly asOf?: string;
  readonly endpoints: readonly Endpoint[];
  readonly hops: readonly Hop[];
  readonly evidence: unknown;
  /** By check: `not-judged`, `not-applicable`, or the severity and endpoint of each sight. Absent: pass. */
  readonly expected: Readonly<Record<string, string | readonly string[]>>;
}

export function casesIn(folder: URL): readonly Case[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => caseIn(folder, name));
}

/** @throws when a changed pointer leads nowhere */
function caseIn(folder: URL, name: string): Case {
  const said = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Case;
  if (said.from === undefined) return { ...said, name };
  return withChanges({ ...caseIn(folder, said.from), ...said, name }, said.changed ?? {});
}

/** A copy of the case with values set by JSON Pointer: the place must exist, its last step may be new. */
export function withChanges(original: Case, changed: Readonly<Record<string, unknown>>): Case {
  const copy = structuredClone(original);
  for (const [at, value] of Object.entries(changed)) {
    const parent = follow(copy, at.slice(0, at.lastIndexOf('/')));
    if (typeof parent !== 'object' || parent === null) throw new Error(`${original.name}: ${at} leads nowhere`);
    Object.assign(parent, { [at.slice(at.lastIndexOf('/') + 1)]: value });
  }
  return copy;
}

/** Outcomes of all checks of a probe, as a case writes them; sentences beside them. @throws when a pointer leads nowhere */
export async function outcomesOf(probe: AnyProbe, { evidence, target, endpoints, hops, policy, asOf }: Case) {
  const [judgement, policySchema, schema] = await Promise.all([probe.judgement(), probe.policy(), probe.evidence()]);
  const record: unknown = schema.parse(evidence);
  const given = {
    policy: policySchema.parse(policy ?? {}),
    asOfMs: asOf === undefined ? 0 : Date.parse(asOf),
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
