// Owns the step from an observation to a journey: every check in isolation, answers, verdict. Pure: time is an argument.
import type { AnyCheck, Given, Judged, Seen } from '../contract/check.ts';
import type { AnyProbe, Judgement, Reply } from '../contract/probe.ts';
import type { Answer, CheckResult, Finding, Severity } from '../model/finding.ts';
import { severities } from '../model/finding.ts';
import { type Journey, type Observation, verdictOf } from '../model/journey.ts';
import type { Json } from '../model/json.ts';
import { problemCatalogue } from '../model/problem.ts';
import { visible } from '../model/text.ts';
import { flatten, visibleJson, writeStep } from './flatten.ts';
import { NO_ENDPOINT } from './observation-words.ts';

/** What changes the judging: by probe id its policy, and severities by check id. */
export interface Policy {
  readonly probes: { readonly [probe: string]: unknown };
  readonly severities: { readonly [check: string]: Severity };
}

export interface JudgeContext {
  readonly policy: Policy;
  /** Unix ms; expiry is measured against it. */
  readonly asOfMs: number;
  readonly version: string;
  /** Prints a command so that it can be pasted. */
  readonly quote: (argv: readonly string[]) => string;
}

/** Judges an observation, new or old. @throws UsageError-like errors of the policy schemas for a policy that cannot be read */
export async function judge(
  observation: Observation,
  probes: readonly AnyProbe[],
  context: JudgeContext,
): Promise<Journey> {
  const checks: CheckResult[] = [];
  const findings: Finding[] = [];
  const answers: Answer[] = [];
  const policies: Record<string, Json> = {};
  let criticalNotJudged = false;
  for (const probe of probes) {
    const [judgement, policySchema] = await Promise.all([probe.judgement(), probe.policy()]);
    const policy = policySchema.parse(context.policy.probes[probe.id] ?? {});
    policies[probe.id] = policy as Json;
    const given = givenOf(observation, context, policy);
    for (const check of judgement.checks) {
      const severity = context.policy.severities[check.id] ?? check.severity;
      const judged = runCheck(check, observation, given);
      const because = judged.outcome === 'pass' || judged.outcome === 'found' ? null : visible(judged.because);
      checks.push({ id: check.id, probe: probe.id, outcome: judged.outcome, because });
      if (judged.outcome === 'not-judged' && severity === 'critical') criticalNotJudged = true;
      if (judged.outcome !== 'found') continue;
      const overridden = context.policy.severities[check.id];
      findings.push(
        ...judged.seen.map((seen) =>
          findingOf(probe, check, seen, overridden ?? seen.severity ?? severity, observation, context),
        ),
      );
    }
    if (probe.question !== null) answers.push(answerOf(probe, judgement, observation, given));
  }
  findings.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  answers.sort((a, b) => a.question - b.question);
  const judgedWith = {
    policy: { ...policies, severities: context.policy.severities },
    asOf: new Date(context.asOfMs).toISOString(),
    version: context.version,
  };
  return { ...observation, verdict: verdictOf(findings, criticalNotJudged), checks, judgedWith, answers, findings };
}

function givenOf<P>(observation: Observation, context: JudgeContext, policy: P): Given<P> {
  const { target, endpoints, hops } = observation;
  return { policy, asOfMs: context.asOfMs, target, endpoints, hops };
}

function runCheck(check: AnyCheck, observation: Observation, given: Given<unknown>): Judged {
  const missing = check.needs.find((id) => (observation.evidence[id] ?? null) === null);
  if (missing !== undefined) return withoutEvidence(missing, observation);
  try {
    const facts = Object.fromEntries(check.needs.map((id) => [id, observation.evidence[id]]));
    return check.judge(facts, given);
  } catch (error) {
    const words = error instanceof Error ? error.message : 'unknown error';
    return { outcome: 'not-judged', because: `the check itself failed: ${words}` };
  }
}

/** A probe that had no reason to look (left out, or nothing to resolve) is not applicable; absence for any other reason never passes. */
function withoutEvidence(probe: string, observation: Observation): Judged {
  const state = observation.probes[probe];
  const because = state?.because ?? null;
  if (state?.state === 'skipped' && because !== null && because !== NO_ENDPOINT) {
    return { outcome: 'not-applicable', because: `probe ${probe}: ${because}` };
  }
  const why = because ?? (state?.problem == null ? null : problemCatalogue[state.problem.code].says);
  return { outcome: 'not-judged', because: `no evidence from probe ${probe}${why === null ? '' : `: ${why}`}` };
}

function findingOf(
  probe: AnyProbe,
  check: AnyCheck,
  seen: Seen,
  severity: Severity,
  observation: Observation,
  context: JudgeContext,
): Finding {
  const endpoint = seen.endpoint ?? null;
  const steps = (seen.nowWhat ?? check.nowWhat).map(writeStep);
  return {
    id: check.id,
    severity,
    probe: probe.id,
    endpoint,
    zone: observation.endpoints.find(({ id }) => id === endpoint)?.zone ?? null,
    what: flatten(seen.what),
    soWhat: check.soWhat,
    nowWhat: steps.map((step) => (step.kind === 'change' ? step.text : context.quote(step.argv))).join('; '),
    steps,
    evidence: seen.evidence,
  };
}

function answerOf(
  probe: AnyProbe,
  judgement: Judgement<unknown, unknown>,
  observation: Observation,
  given: Given<unknown>,
): Answer {
  const reply = replyOf(judgement, observation.evidence[probe.id] ?? null, given);
  return {
    question: probe.question ?? 1,
    probe: probe.id,
    title: probe.title,
    summary: flatten(reply.summary),
    confidence: reply.confidence,
    facts: visibleJson(reply.facts) as Answer['facts'],
  };
}

function replyOf(judgement: Judgement<unknown, unknown>, evidence: Json, given: Given<unknown>): Reply {
  try {
    return judgement.answer(evidence, given);
  } catch (error) {
    const words = error instanceof Error ? error.message : 'unknown error';
    return { summary: ['could not be answered: ', words], confidence: 'not-visible', facts: {} };
  }
}
