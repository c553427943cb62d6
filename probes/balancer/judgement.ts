// Owns the list of the balancer's checks and the answer to its question.
import type { Judgement, Reply } from '../../src/contract/probe.ts';
import type { Confidence } from '../../src/model/finding.ts';
import { endpointDown } from './checks/endpoint-down.ts';
import { endpointFailures } from './checks/endpoint-failures.ts';
import { singleEndpoint } from './checks/single-endpoint.ts';
import { zoneSlow } from './checks/zone-slow.ts';
import { zonesDisagree } from './checks/zones-disagree.ts';
import type { BalancerEvidence } from './evidence.ts';
import type { BalancerPolicy } from './options.ts';

const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : noun.endsWith('s') ? 'es' : 's'}`;

function placeOf({ byEndpoint, zones, scope }: BalancerEvidence): string {
  const addresses = plural(byEndpoint.length, 'address');
  if (scope === 'zonal') return `One balancer for each of ${zones.length} zones (${addresses})`;
  if (scope !== null) return `A ${scope} balancer with ${addresses}`;
  return `${addresses}; whether they are per zone or per region is not visible from outside`;
}

function layerOf({ layer, product, signals }: BalancerEvidence): string {
  const name = product === null ? '' : ` (${product})`;
  if (layer === null) return `TCP or HTTP level cannot be told${name}`;
  const why = signals.find((signal) => signal.layer === layer)?.says ?? '';
  return `${layer === 7 ? 'HTTP level (7)' : 'TCP level (4)'}${name}: ${why}`;
}

function algorithmsOf({ byEndpoint }: BalancerEvidence): string {
  const known = [...new Set(byEndpoint.flatMap(({ algorithm }) => algorithm ?? []))];
  if (known.length === 0) return 'the algorithm cannot be told';
  const some = byEndpoint.some(({ algorithm }) => algorithm === null) ? ' where it can be told' : '';
  return `hosts by ${known.join(', ')}${some}`;
}

function shieldOf({ signals }: BalancerEvidence): string {
  const shield = signals.find(({ shields }) => shields)?.product ?? null;
  return shield === null ? 'no CDN or firewall shows itself' : `shielded by ${shield}`;
}

function answer(evidence: BalancerEvidence | null): Reply {
  if (evidence === null)
    return { summary: ['Nothing answered, so nothing can be said.'], confidence: 'not-visible', facts: {} };
  const { layer, layerConfidence, scope, product, byEndpoint, zones, signals } = evidence;
  const summary = `${placeOf(evidence)}; ${layerOf(evidence)}; ${algorithmsOf(evidence)}; ${shieldOf(evidence)}.`;
  const nothing = layer === null && scope === null && product === null;
  const confidence: Confidence = nothing ? 'not-visible' : 'inferred';
  const algorithms = [...new Set(byEndpoint.flatMap(({ algorithm }) => algorithm ?? []))];
  const shield = signals.find(({ shields }) => shields)?.product ?? null;
  const facts = {
    layer,
    layerConfidence,
    scope,
    product,
    algorithms,
    shield,
    endpoints: byEndpoint.length,
    zones: zones.length,
  };
  return { summary: [summary], confidence, facts };
}

export const judgement: Judgement<BalancerEvidence, BalancerPolicy> = {
  checks: [endpointDown, endpointFailures, zoneSlow, zonesDisagree, singleEndpoint],
  answer,
};
