// Owns turning the ride's traces into the layers record. Sends nothing but what workflow.ts asks, judges nothing.
import type { Gather, GatherContext } from '../../src/contract/probe.ts';
import { fieldValues } from '../../src/model/fields.ts';
import { entriesOf } from '../../src/model/server-timing.ts';
import { type EndpointId, textKey, type WireText, wireText } from '../../src/model/text.ts';
import type { HttpFacts, RequestTrace } from '../../src/model/trace.ts';
import { quantile, quantileInterval } from '../../src/stats/quantile.ts';
import type { HostsEvidence } from '../hosts/evidence.ts';
import { afterFailureOf } from './after-failure.ts';
import { breakerOf } from './breaker.ts';
import { ageOf, cacheOf } from './caches.ts';
import { chainOf, proxiesOf } from './chain.ts';
import { type Claim, claimsOf } from './claims.ts';
import type { LayerRecord, LayersEvidence, SpanRecord } from './evidence.ts';
import { marksOf } from './marks.ts';
import type { LayersOptions } from './options.ts';
import { retryHintsOf } from './retry-hints.ts';
import { stackOf } from './stack.ts';
import { isFailure, timeOutsOf } from './time-outs.ts';
import { workflowOf } from './workflow.ts';

const MAX_SPANS = 256;
const MAX_KINDS = 16;

export const gather: Gather<LayersEvidence, LayersOptions> = async (context) => {
  const beganMs = context.net.now();
  const value = { ...recordOf(context), workflow: await workflowOf(context) };
  return { state: 'complete', value, elapsedMs: context.net.now() - beganMs };
};

interface Answer {
  readonly endpoint: EndpointId;
  readonly http: HttpFacts;
  readonly waitMs: number | null;
  readonly receiveMs: number;
  readonly claims: readonly Claim[];
}

function answerOf({ endpoint, http, spans }: RequestTrace): readonly Answer[] {
  if (http === null) return [];
  const waitMs = spans.wait?.durationMs ?? null;
  return [{ endpoint, http, waitMs, receiveMs: spans.receive?.durationMs ?? 0, claims: claimsOf(http) }];
}

function recordOf({ endpoints, ride, earlier }: GatherContext<LayersOptions>): LayersEvidence {
  const hosts = earlier['hosts'] as HostsEvidence | undefined;
  const answers = ride.traces.flatMap(answerOf);
  const byEndpoint = endpoints.map(({ id, zone }) => {
    const own = answers.filter(({ endpoint }) => endpoint === id);
    const seen = { endpoint: id, zone, answered: own.length, chain: usualChain(own), ...timesOf(own) };
    const traces = ride.traces.filter(({ endpoint }) => endpoint === id);
    return {
      ...seen,
      ...stackOf(traces),
      ...strainOf(
        traces,
        hosts?.byEndpoint.find(({ endpoint }) => endpoint === id),
      ),
      cache: cachesOf(own),
    };
  });
  const headers = answers.map(({ http }) => http.headers);
  return {
    byEndpoint,
    spans: endpoints
      .flatMap(({ id }) =>
        spansOf(
          id,
          answers.filter(({ endpoint }) => endpoint === id),
        ),
      )
      .slice(0, MAX_SPANS),
    proxies: kinds(headers.flatMap(proxiesOf), ({ protocol, receivedBy }) => [protocol, receivedBy]),
    cacheStatus: ['cache-status', 'x-cache'].flatMap((header) =>
      kinds(
        headers.flatMap((each) => fieldValues(each, header)).map((value) => ({ header, value })),
        ({ value }) => [value],
      ),
    ),
    retryHints: retryHintsOf(answers),
    marks: marksOf(ride.traces),
    notes: kinds(headers.flatMap(notesIn), ({ name, description }) => [name, description ?? wireText('')]),
  };
}

/** What failures and late answers show of time-outs, retries and breakers behind one endpoint. */
function strainOf(
  traces: readonly RequestTrace[],
  hosts: HostsEvidence['byEndpoint'][number] | undefined,
): Pick<LayersEvidence['byEndpoint'][number], 'failures' | 'timeOuts' | 'lateByHosts' | 'breaker' | 'afterFailure'> {
  return {
    failures: traces.filter(({ http }) => http !== null && isFailure(http.status)).length,
    timeOuts: timeOutsOf(traces),
    ...(hosts?.late == null ? {} : { lateByHosts: true }),
    breaker: breakerOf(traces),
    afterFailure: afterFailureOf(traces, hosts?.identifiedBy ?? null),
  };
}

function notesIn(headers: HttpFacts['headers']) {
  return entriesOf(headers).flatMap(({ name, ms, description }) => (ms === null ? [{ name, description }] : []));
}

function cachesOf(answers: readonly Answer[]): LayersEvidence['byEndpoint'][number]['cache'] {
  const told = answers.flatMap(({ http }) => cacheOf(http) ?? []);
  if (told.length === 0) return null;
  const hits = told.filter((each) => each === 'hit').length;
  return { hits, misses: told.length - hits, ageMaxSeconds: largest(answers.flatMap(({ http }) => ageOf(http) ?? [])) };
}

/** The chain that most answers show. */
function usualChain(answers: readonly Answer[]): LayerRecord[] {
  const chains = answers.map(({ http }) => chainOf(http));
  const shape = (chain: LayerRecord[]): string => JSON.stringify(chain);
  const groups = [...Map.groupBy(chains, shape).values()].toSorted((a, b) => b.length - a.length);
  return groups[0]?.[0] ?? [];
}

function timesOf(answers: readonly Answer[]): {
  readonly waitP50Ms: number | null;
  readonly unexplainedMs: number | null;
} {
  const waits = answers.flatMap(({ waitMs }) => waitMs ?? []);
  const unexplained = answers.flatMap(({ waitMs, claims }) => {
    const headers = claims.filter(({ inTrailer }) => !inTrailer);
    if (waitMs === null || headers.length === 0) return [];
    return [Math.max(0, waitMs - Math.max(...headers.map(({ ms }) => ms)))];
  });
  return { waitP50Ms: median(waits), unexplainedMs: median(unexplained) };
}

function median(values: readonly number[]): number | null {
  return values.length === 0
    ? null
    : quantile(
        values.toSorted((a, b) => a - b),
        0.5,
      );
}

/** Not by spreading: a server may name one span many times in each answer, and arguments are limited. */
function largest(values: readonly number[]): number | null {
  return values.reduce<number | null>((most, value) => (most === null || value > most ? value : most), null);
}

function spansOf(endpoint: EndpointId, answers: readonly Answer[]): readonly SpanRecord[] {
  const claims = answers.flatMap(({ claims: own, waitMs, receiveMs }) =>
    own.map((claim) => {
      const limit = waitMs === null ? Number.POSITIVE_INFINITY : waitMs + (claim.inTrailer ? receiveMs : 0);
      return { ...claim, beyondMs: Math.max(0, claim.ms - limit) };
    }),
  );
  const groups = Map.groupBy(
    claims,
    ({ source, name }) => (source === 'header' ? 'header ' : 'timing ') + JSON.stringify(name),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const sorted = group.map(({ ms }) => ms).toSorted((a, b) => a - b);
    const beyond = group.filter(({ beyondMs }) => beyondMs > 0);
    return {
      ...{ name: first.name, source: first.source, endpoint, n: group.length },
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantileInterval(sorted, 0.99) === null ? null : quantile(sorted, 0.99),
      maxMs: largest(sorted) ?? 0,
      beyondWait: beyond.length,
      beyondWaitMaxMs: largest(beyond.map(({ beyondMs }) => beyondMs)) ?? 0,
    };
  });
}

/** Each kind once with its number, most frequent first. */
function kinds<T>(items: readonly T[], keyOf: (item: T) => readonly WireText[]): (T & { readonly n: number })[] {
  const groups = Map.groupBy(items, (item) => JSON.stringify(keyOf(item).map(textKey)));
  return [...groups.values()]
    .flatMap((group) => (group[0] === undefined ? [] : [{ ...group[0], n: group.length }]))
    .toSorted((a, b) => b.n - a.n)
    .slice(0, MAX_KINDS);
}
