// Owns drawing signals from the ride: what speaks for which layer, product and reach, each with its weight. Pure; concludes nothing.
import { isNamed } from '../../src/model/fields.ts';
import type { ProblemCode } from '../../src/model/problem.ts';
import { type EndpointId, matches } from '../../src/model/text.ts';
import type { HttpFacts, RequestTrace } from '../../src/model/trace.ts';
import type { HostsEvidence } from '../hosts/evidence.ts';
import { errorPages } from './error-pages.ts';
import type { EndpointRecord, ReuseRecord, Signal } from './evidence.ts';
import { type Fingerprint, fingerprints } from './fingerprints.ts';
import { headerStyles } from './header-style.ts';
import { ACCIDENT, WITH_TURNS } from './reuse.ts';

type ByEndpoint = ReadonlyMap<EndpointId, readonly RequestTrace[]>;

const HANG_UP: ReadonlySet<ProblemCode> = new Set(['reset', 'closed']);
const LEAST_HANG_UPS = 3;
/** Fewer tickets of one key say little: two hosts by turns would have shown the other one. */
const LEAST_KEYS = 6;

export function shows(http: Pick<HttpFacts, 'headers'>, print: Pick<Fingerprint, 'header' | 'pattern'>): boolean {
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
    const { header, says, product, scope, shields, weight, source } = print;
    return endpoints.length === 0
      ? []
      : [{ signal: header, says, layer: 7, product, scope, shields, weight, endpoints, source }];
  });
}

function fromErrorPages(traces: readonly RequestTrace[]): readonly Signal[] {
  return errorPages.flatMap(({ statuses, pattern, source, ...page }): readonly Signal[] => {
    const endpoints = endpointsWhere(
      traces,
      ({ status, bodyStart }) => statuses.includes(status) && matches(bodyStart, pattern),
    );
    return endpoints.length === 0 ? [] : [{ signal: 'error page', layer: 7, ...page, endpoints, source }];
  });
}

function fromHeaderStyle(traces: readonly RequestTrace[]): readonly Signal[] {
  return headerStyles.flatMap(({ signal, says, weight, holds, source }) => {
    const endpoints = endpointsWhere(traces, ({ version, headers }) => version !== '2' && holds(headers));
    return plain({ signal, says, layer: 7, weight }, endpoints).map((one) => ({ ...one, source }));
  });
}

function plain(signal: Pick<Signal, 'signal' | 'says' | 'layer' | 'weight'>, endpoints: EndpointId[]): Signal[] {
  return endpoints.length === 0 ? [] : [{ ...signal, product: null, scope: null, shields: false, endpoints }];
}

/** Changes from one to the next: more than there are kinds means turns; as many or fewer may be one change from old to new. */
function takesTurns(values: readonly string[]): boolean {
  const switches = values.filter((value, index) => index > 0 && value !== values[index - 1]).length;
  const kinds = new Set(values).size;
  return kinds > 1 && switches > kinds;
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
  const says = 'different certificates by turns on one address: TLS ends behind the balancer';
  return plain({ signal: 'certificates', says, layer: 4, weight: 2 }, endpoints);
}

/** In the order of the samples; a name that came once may be no name of a key but made up for each ticket. */
function ticketKeysOf(own: readonly RequestTrace[]): readonly string[] {
  const names = inOrder(own).flatMap(({ tls }) => tls?.ticketKeyName ?? []);
  const seen = new Map<string, number>();
  for (const name of names) seen.set(name, (seen.get(name) ?? 0) + 1);
  return names.filter((name) => (seen.get(name) ?? 0) > 1);
}

function inOrder(own: readonly RequestTrace[]): readonly RequestTrace[] {
  return own.toSorted((a, b) => a.sequence - b.sequence);
}

/** Each process seals tickets with keys of its own (RFC 5077 4): several by turns behind one address end TLS themselves. */
function fromTicketKeys(byEndpoint: ByEndpoint): readonly Signal[] {
  const turning = [...byEndpoint].filter(([, own]) => takesTurns(ticketKeysOf(own)));
  const says = 'several session keys by turns on one address: TLS ends behind the balancer';
  return plain(
    { signal: 'session keys', says, layer: 4, weight: 3 },
    turning.map(([endpoint]) => endpoint),
  );
}

/** TLS ends before it is chosen which host answers: what chooses has the request in clear. A balancer that ends TLS and reads no HTTP looks alike. */
function fromTlsInFront(byEndpoint: ByEndpoint, hosts: HostsEvidence | undefined): readonly Signal[] {
  const endpoints = (hosts?.byEndpoint ?? []).flatMap(({ endpoint, seen }) => {
    const keys = ticketKeysOf(byEndpoint.get(endpoint) ?? []);
    return (seen ?? 0) > 1 && keys.length >= LEAST_KEYS && new Set(keys).size === 1 ? [endpoint] : [];
  });
  const says = 'one session key before several hosts: TLS ends at the balancer, unless the hosts share the key';
  return plain({ signal: 'session key', says, layer: 7, weight: 2 }, endpoints);
}

/** Who answers SYN says how large its segments may be; several answers by turns are several TCP stacks behind one address. */
function fromSegments(byEndpoint: ByEndpoint): readonly Signal[] {
  const endpoints = [...byEndpoint].flatMap(([endpoint, own]) => {
    const sizes = inOrder(own).flatMap(({ tcp }) => tcp?.mssBytes ?? []);
    return takesTurns(sizes.map(String)) ? [endpoint] : [];
  });
  const says = 'connections to one address agree on different segment sizes by turns: several machines answer them';
  return plain({ signal: 'segment size', says, layer: 4, weight: 2 }, endpoints);
}

/**
 * Each connection is taken and closed before TLS begins: so does a balancer that passes connections on and has no host left. A server
 * that refuses a handshake says so in an alert (RFC 8446 6.2); a filter that resets looks alike, so that this alone is not enough.
 */
function fromHangUp(byEndpoint: ByEndpoint): readonly Signal[] {
  const endpoints = [...byEndpoint].flatMap(([endpoint, own]) => {
    const tried = own.filter(({ problem }) => problem?.code !== 'cancelled');
    const hung = tried.filter(({ problem }) => problem?.step === 'tls' && HANG_UP.has(problem.code));
    return hung.length >= LEAST_HANG_UPS && hung.length === tried.length ? [endpoint] : [];
  });
  const says = 'connections are taken and closed before TLS begins, as a TCP balancer without hosts does';
  return plain({ signal: 'hang-up', says, layer: 4, weight: 1 }, endpoints);
}

/**
 * A balancer that passes connections on never changes the host within one. One that reads requests gives each to any host, as a rule:
 * F5 BIG-IP and HAProxy can be told to keep a connection with its host, so that this alone is no strong sign.
 */
function fromReuse(reuse: readonly ReuseRecord[], hosts: HostsEvidence | undefined): readonly Signal[] {
  const changing = reuse.filter(({ hosts: seen }) => seen > 1).map(({ endpoint }) => endpoint);
  const staying = reuse.filter(({ hosts: seen, chance, named, endpoint }) => {
    const order = hosts?.byEndpoint.find((one) => one.endpoint === endpoint)?.order;
    const isNoAccident = (chance ?? 1) <= ACCIDENT || (order?.period != null && named >= WITH_TURNS);
    // Beside an endpoint that showed to read requests one host throughout is an accident all the same: one in 200 is.
    return seen === 1 && isNoAccident && changing.length === 0;
  });
  const set = new Set((hosts?.byEndpoint ?? []).filter(setsCookie).map(({ endpoint }) => endpoint));
  const each = 'requests on one connection go to different hosts: each request is given to a host by itself';
  const stays = 'all requests on one connection go to one host, other connections to others';
  const [byCookie, plainly] = [true, false].map((is) => staying.filter(({ endpoint }) => set.has(endpoint) === is));
  const says = (records: readonly ReuseRecord[] = []): EndpointId[] => records.map(({ endpoint }) => endpoint);
  return [
    ...plain({ signal: 'connection reuse', says: each, layer: 7, weight: 3 }, changing),
    ...plain({ signal: 'connection reuse', says: stays, layer: 4, weight: 2 }, says(plainly)),
    // Who sets the cookie that names the host reads HTTP, and keeps a caller with its host by other means too.
    ...plain({ signal: 'connection reuse', says: stays, layer: 4, weight: 1 }, says(byCookie)),
  ];
}

const setsCookie = ({ affinityCookie }: HostsEvidence['byEndpoint'][number]): boolean => affinityCookie != null;

export function signalsOf(
  traces: readonly RequestTrace[],
  records: readonly EndpointRecord[],
  hosts: HostsEvidence | undefined,
  reuse: readonly ReuseRecord[] = [],
): readonly Signal[] {
  const byEndpoint = Map.groupBy(traces, ({ endpoint }) => endpoint);
  return [
    ...fromHeaders(traces),
    ...fromErrorPages(traces),
    ...fromCertificates(records),
    ...fromReuse(reuse, hosts),
    ...fromTicketKeys(byEndpoint),
    ...fromTlsInFront(byEndpoint, hosts),
    ...fromSegments(byEndpoint),
    ...fromHangUp(byEndpoint),
    ...fromHeaderStyle(traces),
  ];
}
