// Owns the list of the layers' checks and the answer to the question.
import type { Judgement, Reply } from '../../src/contract/probe.ts';
import type { Phrase } from '../../src/model/finding.ts';
import { type EndpointId, sameText } from '../../src/model/text.ts';
import { layerClaimsMoreThanSeen } from './checks/layer-claims-more-than-seen.ts';
import { retriesVisible } from './checks/retries-visible.ts';
import type { LayersEvidence } from './evidence.ts';
import type { LayersPolicy } from './options.ts';

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

function retriesSaid({ retryHints: { counted, retried } }: LayersEvidence): string {
  if (counted === 0) return 'Retries and circuit breakers are not visible from outside';
  return `${retried} of ${counted} answers needed a retry; circuit breakers are not visible from outside`;
}

function isSilent({ byEndpoint, spans, retryHints }: LayersEvidence): boolean {
  return byEndpoint.every(({ chain }) => chain.length === 0) && spans.length === 0 && retryHints.counted === 0;
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
  };
  return {
    summary: [...passed, '; ', ...(partsSaid(evidence) ?? spansSaid(evidence)), `. ${retriesSaid(evidence)}.`],
    confidence: 'inferred',
    facts,
  };
}

export const judgement: Judgement<LayersEvidence, LayersPolicy> = {
  checks: [retriesVisible, layerClaimsMoreThanSeen],
  answer,
};
