// Owns drawing signals from the answers: what speaks for which layer, product and reach. Pure; concludes only from what adds up.
import { isNamed } from '../../src/model/fields.ts';
import type { EndpointId } from '../../src/model/text.ts';
import { interpret, matches } from '../../src/model/text.ts';
import type { HttpFacts, Lookup, RequestTrace } from '../../src/model/trace.ts';
import type { BalancerEvidence, EndpointRecord, Signal } from './evidence.ts';
import { type Fingerprint, fingerprints } from './fingerprints.ts';

/** Signals together must weigh this much before a layer is said. */
const ENOUGH = 2;
const STRONG = 3;

function shows(http: HttpFacts, print: Fingerprint): boolean {
  return http.headers.some(
    ([name, value]) => isNamed(name, print.header) && (print.pattern === null || matches(value, print.pattern)),
  );
}

function endpointsWhere(traces: readonly RequestTrace[], holds: (http: HttpFacts) => boolean): EndpointId[] {
  return [...new Set(traces.filter(({ http }) => http !== null && holds(http)).map(({ endpoint }) => endpoint))];
}

function fromHeaders(traces: readonly RequestTrace[]): readonly Signal[] {
  return fingerprints.flatMap((print) => {
    const endpoints = endpointsWhere(traces, (http) => shows(http, print));
    const { header, says, product, scope, shields, weight } = print;
    return endpoints.length === 0
      ? []
      : [{ signal: header, says, layer: 7, product, scope, shields, weight, endpoints }];
  });
}

/** HTTP/2 always sends lower case (RFC 9113 8.2), so that only HTTP/1 tells. Some applications do it too: weight 1. */
function fromHeaderStyle(traces: readonly RequestTrace[]): readonly Signal[] {
  const endpoints = endpointsWhere(
    traces,
    ({ version, headers }) =>
      version !== '2' &&
      headers.length > 0 &&
      headers.every(([name]) => interpret(name, (raw) => raw === raw.toLowerCase())),
  );
  if (endpoints.length === 0) return [];
  const says = 'header names are all in lower case, as HAProxy and Envoy send them';
  return [{ signal: 'header case', says, layer: 7, product: null, scope: null, shields: false, weight: 1, endpoints }];
}

/**
 * Different certificates by turns on one address: TLS ends on different machines, so what stands in front passes connections through.
 * One change from an old certificate to a new one is a renewal and says nothing.
 */
function fromCertificates(records: readonly EndpointRecord[]): readonly Signal[] {
  const endpoints = records
    .filter(
      ({ certificates, certificateSwitches }) => certificates.length > 1 && certificateSwitches > certificates.length,
    )
    .map(({ endpoint }) => endpoint);
  if (endpoints.length === 0) return [];
  const says = 'different certificates by turns on one address: TLS ends behind the balancer';
  return [{ signal: 'certificates', says, layer: 4, product: null, scope: null, shields: false, weight: 2, endpoints }];
}

/** Names under elb.amazonaws.com belong to Elastic Load Balancing; which kind they do not say for sure. */
function fromName(lookup: Lookup | null, endpoints: EndpointId[]): readonly Signal[] {
  if (lookup === null || !lookup.canonicalName.endsWith('.amazonaws.com')) return [];
  if (!lookup.canonicalName.split('.').includes('elb')) return [];
  const says = 'the name is an alias into AWS Elastic Load Balancing';
  const product = 'AWS Elastic Load Balancing';
  return [{ signal: 'alias', says, layer: null, product, scope: 'regional', shields: false, weight: 2, endpoints }];
}

export function signalsOf(
  traces: readonly RequestTrace[],
  records: readonly EndpointRecord[],
  lookup: Lookup | null,
): Signal[] {
  const all = records.map(({ endpoint }) => endpoint);
  return [...fromHeaders(traces), ...fromName(lookup, all), ...fromCertificates(records), ...fromHeaderStyle(traces)];
}

function weightFor(signals: readonly Signal[], layer: 4 | 7): number {
  return signals.filter((signal) => signal.layer === layer).reduce((sum, { weight }) => sum + weight, 0);
}

/** The layer, when the signals weigh enough and do not stand against each other. */
export function layerOf(signals: readonly Signal[]): Pick<BalancerEvidence, 'layer' | 'layerConfidence'> {
  const [four, seven] = [weightFor(signals, 4), weightFor(signals, 7)];
  const weight = Math.max(four, seven);
  if (weight < ENOUGH || four === seven) return { layer: null, layerConfidence: null };
  // An HTTP proxy behind a pass-through balancer shows both; the outer one is the balancer that the address belongs to.
  const layer = four >= ENOUGH ? 4 : 7;
  const contested = four > 0 && seven > 0;
  return { layer, layerConfidence: weight >= STRONG && !contested ? 'strong' : 'weak' };
}

/** Zonal when every zone has addresses of its own; else what the product is known for; else unknown. */
export function scopeOf(signals: readonly Signal[], zones: BalancerEvidence['zones']): BalancerEvidence['scope'] {
  const known = signals.find(({ scope }) => scope !== null)?.scope ?? null;
  if (known === 'global') return known;
  if (zones.length > 1 && zones.every(({ zone }) => zone !== null)) return 'zonal';
  return known;
}
