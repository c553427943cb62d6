// Owns the list of the layers' checks and the answer to the question.
import type { Judgement, Reply } from '../../src/contract/probe.ts';
import type { Phrase } from '../../src/model/finding.ts';
import { type EndpointId, sameText } from '../../src/model/text.ts';
import { breakerOpen } from './checks/breaker-open.ts';
import { gatewayTimeOut } from './checks/gateway-time-out.ts';
import { layerClaimsMoreThanSeen } from './checks/layer-claims-more-than-seen.ts';
import { retriesVisible } from './checks/retries-visible.ts';
import { slowAfterFailure } from './checks/slow-after-failure.ts';
import { timeOutHiddenByRetry } from './checks/time-out-hidden-by-retry.ts';
import { workflowFailed } from './checks/workflow-failed.ts';
import type { LayersEvidence } from './evidence.ts';
import type { LayersPolicy } from './options.ts';
import { seconds } from './words.ts';

const ms = (value: number): string => `${Math.round(value * 10) / 10} ms`;

/** The largest claims of the endpoint where most time is claimed: small enough to be read. */
function spansSaid({ byEndpoint, spans }: LayersEvidence): Phrase {
  const largest = spans.toSorted((a, b) => b.p50Ms - a.p50Ms)[0];
  if (largest === undefined) return ['no layer says how long it took'];
  const same = spans.filter(({ endpoint }) => endpoint === largest.endpoint).slice(0, 4);
  const zone = byEndpoint.find(({ endpoint }) => endpoint === largest.endpoint)?.zone ?? largest.endpoint;
  return [
    `behind ${zone} the layers claim `,
    ...same.flatMap(({ name, p50Ms }, at) => [at === 0 ? '' : ', ', name, ` ${ms(p50Ms)}`]),
  ];
}

/** The parts of the endpoint with the longest waits, where a layer says its own. */
function partsSaid({ byEndpoint, spans }: LayersEvidence): Phrase | null {
  const divided = byEndpoint.filter(({ stack = [] }) => stack.some(({ confidence }) => confidence === 'said'));
  const longest = divided.toSorted((a, b) => (b.waitP50Ms ?? 0) - (a.waitP50Ms ?? 0))[0];
  if (longest === undefined || longest.waitP50Ms === null) return null;
  const { stack = [], zone, endpoint, waitP50Ms } = longest;
  // Parts that no clock can tell from nothing are left to the table.
  const parts = stack.filter(({ p50Ms, confidence }) => confidence === 'said' || p50Ms >= 1).slice(0, 6);
  return [
    `of ${ms(waitP50Ms)} behind ${zone ?? endpoint}: `,
    ...parts.flatMap(({ name, p50Ms }, at) => [at === 0 ? '' : ', ', name, ` ${ms(p50Ms)}`]),
    ' (medians)',
    ...entriesSaid(
      spans.filter(({ source, name }) => source === 'server-timing' && !stack.some((row) => sameText(row.name, name))),
      endpoint,
    ),
  ];
}

/** Whether entries of Server-Timing lie within the largest or beside it, nobody says. */
function entriesSaid(spans: LayersEvidence['spans'], endpoint: EndpointId): Phrase {
  const own = spans.filter((span) => span.endpoint === endpoint).toSorted((a, b) => b.p50Ms - a.p50Ms);
  if (own.length === 0) return [];
  const said = own.slice(0, 3).flatMap(({ name, p50Ms }, at) => [at === 0 ? '' : ', ', name, ` ${ms(p50Ms)}`]);
  return ['; the service also names ', ...said, ', within its figure or beside it'];
}

/** What is seen of retries, time-outs and breakers; what is not is said, too. */
function retriesSaid({ byEndpoint, retryHints }: LayersEvidence): string {
  const { counted, retried, retriedP50Ms, unavailable = 0, withRetryAfter = 0 } = retryHints;
  const found = byEndpoint.flatMap(({ timeOuts = [] }) => timeOuts);
  const failed = found.filter(({ after }) => after === 'failed').toSorted((a, b) => b.waitMs - a.waitMs)[0];
  const late = found.filter(({ after }) => after === 'late').toSorted((a, b) => b.extraMs - a.extraMs)[0];
  const breaker = byEndpoint.flatMap((one) => one.breaker ?? [])[0];
  const slower = retriedP50Ms == null ? '' : ` (median wait ${seconds(retriedP50Ms)})`;
  const said = [
    ...(counted === 0 ? [] : [`${retried} of ${counted} answers needed a retry${retried === 0 ? '' : slower}`]),
    ...(late === undefined
      ? []
      : [`${late.answers} of ${late.of} successes came as after a time-out of ${seconds(late.extraMs)} and a retry`]),
    ...(failed === undefined
      ? []
      : [`${failed.answers} of ${failed.of} answers failed as after a time-out of ${seconds(failed.waitMs)}`]),
    ...(breaker === undefined
      ? []
      : [`${breaker.fast} fast failures follow ${breaker.slow} slow ones, as when a circuit breaker opens`]),
    ...(unavailable === 0 ? [] : [`${withRetryAfter} of ${unavailable} answers 503 say when to come back`]),
  ];
  const unseen = [
    ...(counted === 0 && late === undefined ? ['retries'] : []),
    ...(breaker === undefined ? ['circuit breakers'] : []),
  ].join(' and ');
  if (unseen !== '') said.push(`${unseen} are not visible from outside`);
  return said.map((one, at) => (at === 0 ? one.charAt(0).toUpperCase() + one.slice(1) : one)).join('; ');
}

/** Work that goes on after the answer. */
function workflowSaid({ workflow }: LayersEvidence): Phrase {
  if (workflow === null || workflow === undefined) return [];
  const { outcome, stages, endedAfterMs, polls, because } = workflow;
  if (outcome === null)
    return [` An answer 202 begins work that goes on after it; ${because ?? 'it was not asked for'}.`];
  const names = stages.slice(0, 5).flatMap(({ state }, at): Phrase => (at === 0 ? [state] : [', ', state]));
  const end =
    endedAfterMs === null
      ? `still at work ${seconds(polls.at(-1)?.afterMs ?? 0)} after the request`
      : `${outcome} between ${seconds(endedAfterMs[0])} and ${seconds(endedAfterMs[1])} after the request`;
  return [' Work goes on after the answer 202 (', ...names, `): ${end}.`];
}

function isSilent({ byEndpoint, spans, retryHints, workflow }: LayersEvidence): boolean {
  const hasStrain = byEndpoint.some(({ timeOuts = [], breaker }) => timeOuts.length > 0 || breaker != null);
  const isShown = byEndpoint.some(({ chain }) => chain.length > 0) || spans.length > 0 || retryHints.counted > 0;
  return !isShown && !hasStrain && workflow == null;
}

function answer(evidence: LayersEvidence | null): Reply {
  const longest = [...(evidence?.byEndpoint ?? [])].toSorted((a, b) => b.chain.length - a.chain.length)[0];
  if (evidence === null || longest === undefined || isSilent(evidence)) {
    return { summary: ['Layers behind the address do not show themselves.'], confidence: 'not-visible', facts: {} };
  }
  const hops = longest.chain.filter(({ kind }) => kind === 'edge' || kind === 'proxy');
  const names = hops.flatMap(({ name }, at): Phrase => (at === 0 ? [name] : [', ', name]));
  const passed: Phrase =
    hops.length === 0
      ? ['No proxy names itself']
      : [
          `At least ${hops.length} HTTP ${hops.length === 1 ? 'layer' : 'layers'} in front of the service (`,
          ...names,
          ')',
        ];
  const facts = {
    layers: hops.length,
    spans: evidence.spans.slice(0, 16).map(({ name, endpoint, p50Ms }) => ({ name, endpoint, p50Ms })),
    retried: evidence.retryHints.counted === 0 ? null : evidence.retryHints.retried,
    timeOuts: evidence.byEndpoint.reduce((sum, { timeOuts = [] }) => sum + timeOuts.length, 0),
    workflow: evidence.workflow?.outcome ?? null,
    breakers: evidence.byEndpoint.filter(({ breaker }) => breaker != null).length,
  };
  return {
    summary: [
      ...passed,
      '; ',
      ...(partsSaid(evidence) ?? spansSaid(evidence)),
      `. ${retriesSaid(evidence)}.`,
      ...workflowSaid(evidence),
    ],
    confidence: 'inferred',
    facts,
  };
}

export const judgement: Judgement<LayersEvidence, LayersPolicy> = {
  checks: [
    retriesVisible,
    layerClaimsMoreThanSeen,
    gatewayTimeOut,
    timeOutHiddenByRetry,
    breakerOpen,
    slowAfterFailure,
    workflowFailed,
  ],
  answer,
};
