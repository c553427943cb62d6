// Owns concluding from signals: the layer, the product, the reach and the stickiness of the balancer. Pure; says nothing that the signals do not carry.
import type { RequestTrace } from '../../src/model/trace.ts';
import type { HostsEvidence } from '../hosts/evidence.ts';
import type { BalancerEvidence, Signal } from './evidence.ts';
import { fingerprints } from './fingerprints.ts';
import { shows } from './signals.ts';

/** Signals together must weigh this much before a layer or a product is said. */
const ENOUGH = 2;
const STRONG = 3;
/** Of one host, before more are thought unlikely: with two hosts by turns or at random, 6 answers of one come once in 32. */
const ENOUGH_ANSWERS = 6;

function weightFor(signals: readonly Signal[], layer: 4 | 7): number {
  return signals.filter((signal) => signal.layer === layer).reduce((sum, { weight }) => sum + weight, 0);
}

/** The layer, when the signals weigh enough. */
export function layerOf(signals: readonly Signal[]): Pick<BalancerEvidence, 'layer' | 'layerConfidence'> {
  const [four, seven] = [weightFor(signals, 4), weightFor(signals, 7)];
  if (Math.max(four, seven) < ENOUGH) return { layer: null, layerConfidence: null };
  // An HTTP proxy behind a pass-through balancer shows both; the outer one is the balancer that the address belongs to. An edge is
  // many machines behind one address, and still the one that reads the request.
  const isEdge = signals.some(({ shields, layer }) => shields && layer === 7);
  const layer = four >= ENOUGH && !isEdge ? 4 : 7;
  const weight = layer === 4 ? four : seven;
  const contested = four > 0 && seven > 0;
  return { layer, layerConfidence: weight >= STRONG && !contested ? 'strong' : 'weak' };
}

/** Why the layer is not said, by what the hosts probe met; null where it is said. */
export function layerBecause(
  { layer }: Pick<BalancerEvidence, 'layer'>,
  hosts: HostsEvidence | undefined,
): string | null {
  if (layer !== null || hosts === undefined) return null;
  const counts = hosts.byEndpoint.flatMap(({ seen, answered }) => (answered > 0 ? [seen] : []));
  if (counts.length === 0) return 'nothing answered';
  if (counts.some((seen) => (seen ?? 0) > 1))
    return 'several hosts answer, and nothing shows whether TLS or HTTP ends before them';
  return counts.every((seen) => seen === null)
    ? 'nothing tells hosts apart, so that what stands in front of them shows nothing of itself either'
    : 'one host answered all of it, which is what a service without any balancer looks like too';
}

/** The outermost that is told for sure enough: what shields stands in front, else what weighs most, of equal ones the first. */
export function productOf(signals: readonly Signal[]): string | null {
  const told = signals.filter(({ product, weight }) => product !== null && weight >= ENOUGH);
  const rank = ({ shields, weight }: Signal): number => (shields ? 10 : 0) + weight;
  return told.toSorted((a, b) => rank(b) - rank(a))[0]?.product ?? null;
}

type Scope = Pick<BalancerEvidence, 'scope'> & { readonly scopeBecause: string | null };

/** A global edge; else whether the addresses lead to the same hosts; else zones with addresses of their own; else what the product is known for. */
export function scopeOf(
  signals: readonly Signal[],
  zones: BalancerEvidence['zones'],
  hosts: HostsEvidence | undefined,
): Scope {
  const known = signals.filter(({ scope }) => scope !== null).toSorted((a, b) => b.weight - a.weight);
  const world = known.find(({ scope }) => scope === 'global');
  if (world !== undefined) return { scope: 'global', scopeBecause: world.says };
  const zonal = zones.length > 1 && zones.every(({ zone }) => zone !== null);
  if (zonal) return ofZones(zones, hosts);
  const [first] = known;
  return first === undefined
    ? { scope: null, scopeBecause: null }
    : { scope: first.scope, scopeBecause: `${first.product ?? 'it'} is known to be` };
}

/** Of addresses that each belong to a zone. A balancer that reaches hosts of other zones than its own is one for them all. */
function ofZones(zones: BalancerEvidence['zones'], hosts: HostsEvidence | undefined): Scope {
  const { pools = [], says = null, because } = hosts?.sharing ?? {};
  const reaches = (pool: (typeof pools)[number]): number =>
    zones.filter(({ endpoints }) => endpoints.some((endpoint) => pool.endpoints.includes(endpoint))).length;
  const widest = Math.max(0, ...pools.map(reaches));
  if (widest === zones.length) {
    const which = says === 'same' ? 'the same hosts' : 'hosts that they share';
    return { scope: 'regional', scopeBecause: `the addresses of all zones lead to ${which}` };
  }
  if (widest > 1) {
    return {
      scope: null,
      scopeBecause: `the addresses of ${widest} of ${zones.length} zones lead to hosts that they share`,
    };
  }
  const apart = says === 'separate' ? ', and hosts of its own' : '';
  const untold =
    says === null && because !== undefined ? ` (whether its hosts are its own cannot be told: ${because})` : '';
  return { scope: 'zonal', scopeBecause: `each zone has an address of its own${apart}${untold}` };
}

/** What keeps a caller with its host: an affinity cookie, its address, or nothing; one host looks like the second. */
export function stickinessOf(
  traces: readonly RequestTrace[],
  hosts: HostsEvidence | undefined,
): NonNullable<BalancerEvidence['stickiness']> {
  const cookies = fingerprints.flatMap((print) =>
    print.sticky !== undefined && traces.some(({ http }) => http !== null && shows(http, print)) ? [print.sticky] : [],
  );
  const records = hosts?.byEndpoint ?? [];
  const bySource = sourceOf(records.filter(({ seen }) => seen !== null && seen > 0));
  const byCookie = cookieTried(records);
  return {
    cookies: [...new Set(cookies)],
    bySource,
    byCookie,
    says: stickyWords([...new Set(cookies)], bySource, byCookie),
  };
}

/** Every endpoint that sets a cookie has to keep callers by it. An answer that names no host took the cookie, where the cookie is the name. */
function cookieTried(records: HostsEvidence['byEndpoint']): 'stays' | 'moves' | null {
  const told = records.flatMap(({ stay, identifiedBy }) => {
    if (stay == null) return [];
    const kept = identifiedBy === `cookie ${stay.cookie}` ? stay.answered - stay.other : stay.same;
    return kept + stay.other < ENOUGH_ANSWERS ? [] : [{ kept, other: stay.other }];
  });
  if (told.length === 0) return null;
  // One that moved may have found its host gone.
  return told.every(({ kept, other }) => other * 4 <= kept) ? 'stays' : 'moves';
}

function sourceOf(named: HostsEvidence['byEndpoint']): 'no' | 'cannot-tell' | 'unknown' {
  if (named.some(({ seen }) => (seen ?? 0) > 1)) return 'no';
  return named.some(({ answered }) => answered >= ENOUGH_ANSWERS) ? 'cannot-tell' : 'unknown';
}

const TRIED = {
  stays: (name: string) => `callers who send the cookie ${name} back stay with their host, as was tried`,
  moves: (name: string) => `the cookie ${name} is set, but callers who send it back meet other hosts all the same`,
} as const;

function stickyWords(
  cookies: readonly string[],
  bySource: 'no' | 'cannot-tell' | 'unknown',
  byCookie: 'stays' | 'moves' | null,
): string {
  const name = cookies.join(', ');
  const untried = `callers who send the cookie ${name} back stay with their host by its design (--infer tries it)`;
  const cookie = cookies.length === 0 ? '' : `${byCookie === null ? untried : TRIED[byCookie](name)}; `;
  switch (bySource) {
    case 'no':
      return `${cookie}connections from one address go to several hosts`;
    case 'cannot-tell':
      return `${cookie}this address met one host behind each address: there is only one, or callers are kept by their address; a ride from another machine tells`;
    case 'unknown':
      return `${cookie}whether callers are kept by their address cannot be told`;
  }
}
