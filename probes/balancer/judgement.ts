// Owns the list of the balancer's checks and the answer to its question.
import type { Judgement, Reply } from '../../src/contract/probe.ts';
import type { Confidence } from '../../src/model/finding.ts';
import { connectionAttemptsLost } from './checks/connection-attempts-lost.ts';
import { endpointDown } from './checks/endpoint-down.ts';
import { endpointFailures } from './checks/endpoint-failures.ts';
import { singleEndpoint } from './checks/single-endpoint.ts';
import { zoneSlow } from './checks/zone-slow.ts';
import { zonesDisagree } from './checks/zones-disagree.ts';
import type { BalancerEvidence } from './evidence.ts';
import type { BalancerPolicy } from './options.ts';

const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : noun.endsWith('s') ? 'es' : 's'}`;

function placeOf({ byEndpoint, zones, scope, scopeBecause }: BalancerEvidence): string {
  const addresses = plural(byEndpoint.length, 'address');
  const why = scopeBecause == null ? '' : `, because ${scopeBecause}`;
  if (scope === 'zonal') return `One balancer for each of ${zones.length} zones (${addresses})`;
  if (scope !== null) return `A ${scope} balancer with ${addresses}${why}`;
  const unless = scopeBecause == null ? '' : `: ${scopeBecause}`;
  return `${addresses}; whether they are per zone or per region is not visible from outside${unless}`;
}

function layerOf({ layer, layerBecause, product, signals }: BalancerEvidence): string {
  const name = product === null ? '' : ` (${product})`;
  if (layer === null)
    return `TCP or HTTP level cannot be told${name}${layerBecause == null ? '' : `: ${layerBecause}`}`;
  const why = signals.find((signal) => signal.layer === layer)?.says ?? '';
  return `${layer === 7 ? 'HTTP level (7)' : 'TCP level (4)'}${name}: ${why}`;
}

function algorithmsOf({ byEndpoint }: BalancerEvidence): string {
  const told = [...new Set(byEndpoint.flatMap(({ algorithm }) => algorithm ?? []))];
  // Which host a client is kept with says nothing of how it was chosen.
  const known = told.filter((algorithm) => algorithm !== 'one host for one client');
  if (known.length === 0) return 'the algorithm cannot be told';
  const some = byEndpoint.some(({ algorithm }) => algorithm === null || !known.includes(algorithm))
    ? ' where it can be told'
    : '';
  return `hosts by ${known.join(', ')}${some}`;
}

function shieldOf({ signals, challenges = 0 }: BalancerEvidence): string {
  const shield = signals.find(({ shields }) => shields)?.product ?? null;
  if (shield === null) return 'no CDN or firewall shows itself';
  const walls = challenges === 0 ? '' : ` (${plural(challenges, 'answer')} by itself: a challenge or a refusal)`;
  return `shielded by ${shield}${walls}`;
}

function stickyOf({ stickiness }: BalancerEvidence): string {
  const cookies = stickiness?.cookies ?? [];
  if (cookies.length === 0) return '';
  const isKept = stickiness?.byCookie !== 'moves';
  return isKept
    ? `; sticky by the cookie ${cookies.join(', ')}`
    : `; not sticky in spite of the cookie ${cookies.join(', ')}`;
}

/** A balancer that grows adds addresses: said where their number was another one at some time. */
function growthOf({ growth }: BalancerEvidence): string {
  if (growth == null) return '';
  const other = growth.earlier.findLast(({ addresses }) => addresses !== growth.addresses);
  if (other === undefined) return '';
  const verb = other.addresses < growth.addresses ? 'grown' : 'shrunk';
  return `; ${verb} from ${other.addresses} to ${plural(growth.addresses, 'address')} since ${other.startedAt.slice(0, 10)}`;
}

function answer(evidence: BalancerEvidence | null): Reply {
  if (evidence === null)
    return { summary: ['Nothing answered, so nothing can be said.'], confidence: 'not-visible', facts: {} };
  const { layer, layerConfidence, scope, product, byEndpoint, zones, signals } = evidence;
  const parts = [
    placeOf(evidence),
    layerOf(evidence),
    `${algorithmsOf(evidence)}${stickyOf(evidence)}`,
    shieldOf(evidence),
  ];
  const summary = `${parts.join('; ')}${growthOf(evidence)}.`;
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
    ...factsSince(evidence),
  };
  return { summary: [summary], confidence, facts };
}

/** Of what journeys of 0.1.0 did not look at. */
function factsSince({ scopeBecause, stickiness, growth, spread, challenges }: BalancerEvidence): Reply['facts'] {
  if (stickiness === undefined) return {};
  const { cookies, bySource, byCookie, says } = stickiness;
  return {
    scopeBecause: scopeBecause ?? null,
    ...{ stickyCookies: cookies, stickyBySource: bySource, stickyByCookie: byCookie ?? null, stickiness: says },
    ...{ challenges: challenges ?? 0, addressesInDns: growth?.addresses ?? null },
    ...{ addressesEarlier: growth?.earlier.map(({ addresses }) => addresses) ?? [] },
    ...{ spreadConnectMs: spread?.connectMs ?? null, spreadWaitMs: spread?.waitMs ?? null },
  };
}

export const judgement: Judgement<BalancerEvidence, BalancerPolicy> = {
  checks: [endpointDown, endpointFailures, connectionAttemptsLost, zoneSlow, zonesDisagree, singleEndpoint],
  answer,
};
