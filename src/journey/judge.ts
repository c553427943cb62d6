// Owns the step from an observation to a journey: every check in isolation, answers, verdict. Pure: time is an argument.
import type { AnyCheck, Given, Judged, Seen } from '../contract/check.ts';
import type { AnyProbe, Judgement } from '../contract/probe.ts';
import { driftChecks } from '../expect/drift.ts';
import type { Contract } from '../expect/expected.ts';
import { sectionsOf } from '../expect/sections.ts';
import type { Answer, CheckResult, Finding, Severity } from '../model/finding.ts';
import { severities } from '../model/finding.ts';
import { type Journey, type Observation, verdictOf } from '../model/journey.ts';
import type { Json } from '../model/json.ts';
import { NO_ENDPOINT } from '../model/observation-words.ts';
import { problemCatalogue } from '../model/problem.ts';
import { visible } from '../model/text.ts';
import { flatten, visibleJson, writeStep } from './flatten.ts';

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
  /** What the journey is held to; absent where nothing is expected. */
  readonly expectations?: Contract;
  /** False leaves the answers out: a sweep of thousands of targets reads only what was found. */
  readonly answers?: boolean;
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
    const [judgement, policy] = await Promise.all([probe.judgement(), policyOf(probe, context.policy)]);
    policies[probe.id] = policy as Json;
    const given = givenOf(observation, context, policy);
    for (const check of judgement.checks) {
      const ran = runCheck(probe, check, observation, given, context);
      checks.push({ id: check.id, probe: probe.id, outcome: ran.outcome, because: ran.because });
      findings.push(...ran.findings);
      const severity = context.policy.severities[check.id] ?? check.severity;
      if (ran.outcome === 'not-judged' && severity === 'critical') criticalNotJudged = true;
    }
    if (probe.question !== null && context.answers !== false)
      answers.push(answerOf(probe, judgement, observation, given));
  }
  const drift = await driftOf(observation, probes, context);
  checks.push(...drift.checks);
  findings.push(...drift.findings);
  findings.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  answers.sort((a, b) => a.question - b.question);
  const judgedWith = {
    policy: { ...policies, severities: context.policy.severities },
    asOf: new Date(context.asOfMs).toISOString(),
    version: context.version,
    ...(context.expectations === undefined ? {} : { expectations: context.expectations }),
  };
  return {
    ...observation,
    verdict: verdictOf(findings, criticalNotJudged || drift.blind || isEmpty(checks)),
    checks,
    judgedWith,
    answers,
    findings,
  };
}

/** The section of facts that no probe owns. */
const RIDE = { id: 'ride' };

/** `blind`: something that a person expects could not be seen, though it is worth more than a notice. */
async function driftOf(observation: Observation, probes: readonly AnyProbe[], context: JudgeContext) {
  const checks: CheckResult[] = [];
  const findings: Finding[] = [];
  let blind = false;
  const { expectations } = context;
  const sections = expectations === undefined ? [] : await sectionsOf(probes);
  const given = givenOf(observation, context, {});
  for (const section of sections) {
    const probe = section.probe === null ? RIDE : { id: section.probe };
    for (const check of driftChecks(section, sections, expectations ?? {})) {
      const isMissing = check.needs.some((id) => (observation.evidence[id] ?? null) === null);
      const ran = runCheck(probe, check, observation, given, context);
      // A person who expects something wants it looked at: what was left out is no less unseen.
      const outcome = isMissing ? 'not-judged' : ran.outcome;
      checks.push({ id: check.id, probe: probe.id, outcome, because: ran.because });
      findings.push(...ran.findings);
      const severity = context.policy.severities[check.id] ?? check.severity;
      if (outcome === 'not-judged' && severity !== 'notice') blind = true;
    }
  }
  return { checks, findings, blind };
}

/** @throws for a policy that the probe's schema refuses */
async function policyOf(probe: AnyProbe, { probes }: Policy): Promise<unknown> {
  const given = probes[probe.id];
  return given === undefined ? (await probe.defaults()).policy : (await probe.policy()).parse(given);
}

/** True when no check came to a judgement at all: that is not health. */
function isEmpty(checks: readonly CheckResult[]): boolean {
  return !checks.some(({ outcome }) => outcome === 'pass' || outcome === 'found');
}

function givenOf<P>(observation: Observation, context: JudgeContext, policy: P): Given<P> {
  const { target, endpoints, hops } = observation;
  return { policy, asOfMs: context.asOfMs, target, endpoints, hops };
}

interface Ran {
  readonly outcome: CheckResult['outcome'];
  readonly because: string | null;
  readonly findings: readonly Finding[];
}

/** Judges and writes down. A throw in either is this check's own `not-judged`, never a lost journey. */
function runCheck(
  probe: Pick<AnyProbe, 'id'>,
  check: AnyCheck,
  observation: Observation,
  given: Given<unknown>,
  context: JudgeContext,
): Ran {
  const missing = check.needs.find((id) => (observation.evidence[id] ?? null) === null);
  try {
    const facts = Object.fromEntries(check.needs.map((id) => [id, observation.evidence[id]]));
    const judged = missing === undefined ? check.judge(facts, given) : withoutEvidence(missing, observation);
    if (judged.outcome === 'pass') return { outcome: 'pass', because: null, findings: [] };
    if (judged.outcome !== 'found') return { ...judged, because: visible(judged.because), findings: [] };
    const findings = judged.seen.map((seen) => findingOf(probe, check, seen, observation, context));
    return { outcome: 'found', because: null, findings };
  } catch (error) {
    return { outcome: 'not-judged', because: visible(`the check itself failed: ${wordsOf(error)}`), findings: [] };
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}

/** A probe that had no reason to look (left out, or nothing to resolve) is not applicable; absence for any other reason never passes. */
function withoutEvidence(probe: string, observation: Observation): Judged {
  const state = observation.probes[probe];
  const because = state?.because ?? null;
  // Written before there was such a probe.
  if (state === undefined) return { outcome: 'not-applicable', because: `probe ${probe}: the journey did not look` };
  if (state.state === 'skipped' && because !== null && because !== NO_ENDPOINT) {
    return { outcome: 'not-applicable', because: `probe ${probe}: ${because}` };
  }
  const why = because ?? (state.problem === null ? null : problemCatalogue[state.problem.code].says);
  return { outcome: 'not-judged', because: `no evidence from probe ${probe}${why === null ? '' : `: ${why}`}` };
}

function findingOf(
  probe: Pick<AnyProbe, 'id'>,
  check: AnyCheck,
  seen: Seen,
  observation: Observation,
  context: JudgeContext,
): Finding {
  const endpoint = seen.endpoint ?? null;
  const steps = (seen.nowWhat ?? check.nowWhat).map(writeStep);
  return {
    id: check.id,
    severity: context.policy.severities[check.id] ?? seen.severity ?? check.severity,
    probe: probe.id,
    endpoint,
    zone: observation.endpoints.find(({ id }) => id === endpoint)?.zone ?? null,
    what: flatten(seen.what),
    soWhat: seen.soWhat ?? check.soWhat,
    nowWhat: steps.map((step) => (step.kind === 'change' ? step.text : context.quote(step.argv))).join('; '),
    steps,
    evidence: seen.evidence,
    ...(seen.change === undefined ? {} : { change: seen.change }),
  };
}

function answerOf(
  probe: AnyProbe,
  judgement: Judgement<unknown, unknown>,
  observation: Observation,
  given: Given<unknown>,
): Answer {
  const evidence = observation.evidence[probe.id] ?? null;
  const head = { question: probe.question ?? 1, probe: probe.id, title: probe.title };
  const state = observation.probes[probe.id];
  if (state?.state === 'skipped' && state.because !== null && state.because !== NO_ENDPOINT) {
    const summary = flatten(['Not looked at: ', state.because, '.']);
    return { ...head, summary, confidence: 'not-visible', facts: {} };
  }
  try {
    const { summary, confidence, facts } = judgement.answer(evidence, given);
    return { ...head, summary: flatten(summary), confidence, facts: visibleJson(facts) as Answer['facts'] };
  } catch (error) {
    const summary = flatten(['could not be answered: ', wordsOf(error)]);
    return { ...head, summary, confidence: 'not-visible', facts: {} };
  }
}
