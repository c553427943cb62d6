// Owns what is said of one target of a sweep: its looks are written down as a small journey, and judged by the tls probe's own checks,
// so that the cron job and the engineer are told the same in the same words. Pure but for the probe's reading of certificates.

import type { Handshake } from '../contract/handshake.ts';
import type { Net } from '../contract/net.ts';
import type { AnyProbe, GatherContext } from '../contract/probe.ts';
import { judge, type Policy } from '../journey/judge.ts';
import type { CertificateRecord } from '../model/certificate-schema.ts';
import type { CertsProblem, EndpointPlace } from '../model/certs.ts';
import { type Finding, severities } from '../model/finding.ts';
import { type Journey, type Observation, SCHEMA } from '../model/journey.ts';
import type { Json } from '../model/json.ts';
import { type Problem, problemCatalogue } from '../model/problem.ts';
import type { EndpointId } from '../model/text.ts';
import { visible } from '../model/text.ts';
import type { Fingerprint, RequestTrace, Ride } from '../model/trace.ts';
import type { Looked } from '../net/tls/look.ts';
import { keepOpened } from '../x509/certificate.ts';
import { type Explained, explainChain } from './explain-chain.ts';
import type { Swept } from './sweep.ts';

export interface JudgeTargetContext {
  /** The probe whose id is `tls`. */
  readonly tls: AnyProbe;
  /** Of its looking; what sends more than the looks is switched off. */
  readonly options: unknown;
  readonly policy: Policy;
  readonly asOfMs: number;
  readonly version: string;
  readonly quote: (argv: readonly string[]) => string;
  /** DER of the roots that the handshakes were verified against. */
  readonly trustedRoots: () => readonly Uint8Array[];
  /** True: each place says how its chain was judged. */
  readonly explain: boolean;
  readonly net: Net;
  /** Handshakes beyond the look, with the name and port of this target; null: none. */
  readonly handshakeWith: ((swept: Swept) => Handshake) | null;
  readonly signal: AbortSignal;
}

/** What one target adds to the report. */
export interface JudgedTarget {
  readonly places: readonly EndpointPlace[];
  readonly certificates: Readonly<Record<Fingerprint, CertificateRecord>>;
  readonly problems: readonly CertsProblem[];
}

/** The part of the tls probe's evidence that a report of certificates needs. */
interface TlsRecord {
  readonly byEndpoint: readonly {
    readonly endpoint: EndpointId;
    readonly chainSent: readonly Fingerprint[];
    readonly certificatesSent: number;
    readonly trusted: boolean | null;
    readonly hostnameMatches: boolean | null;
  }[];
  readonly certificates: Readonly<Record<Fingerprint, CertificateRecord>>;
}

export async function judgeTarget(swept: Swept, context: JudgeTargetContext): Promise<JudgedTarget> {
  const ride = rideOf(swept);
  const endpoints = swept.seen.map(({ endpoint }) => endpoint);
  const { target, lookup } = swept;
  const shared = { target, endpoints, lookup, ride, startedAtMs: context.asOfMs, earlier: {} };
  const gather = await context.tls.gather();
  const { options, net, signal, trustedRoots } = context;
  const asking = { ...shared, options, net, signal, trustedRoots };
  const beside = await besideOf(swept, asking, context);
  const gathered = endpoints.length === 0 ? null : await gather({ ...asking, ...beside });
  const evidence = gathered?.state === 'complete' ? (gathered.value as Json) : null;
  const journey = await judge(observationOf(swept, evidence, context), [context.tls], { ...context, answers: false });
  const record = (evidence ?? { byEndpoint: [], certificates: {} }) as unknown as TlsRecord;
  const explained = context.explain ? explainAll(swept, context) : new Map<EndpointId, Explained>();
  const places = placesOf(swept, record).map((place) => {
    const verdict = explained.get(place.endpoint ?? ('' as EndpointId))?.verdict;
    return verdict === undefined ? place : { ...place, verdict };
  });
  const roots = [...explained.values()].map(({ certificates }) => certificates);
  return {
    places,
    certificates: Object.assign({}, ...roots, record.certificates) as JudgedTarget['certificates'],
    problems: [...unseen(swept, places), ...problemsOf(journey, record, places)],
  };
}

/** What the probe looks at beside a ride; only where more than one handshake was asked for. */
async function besideOf(
  swept: Swept,
  asking: GatherContext<unknown>,
  { tls, handshakeWith, net }: JudgeTargetContext,
): Promise<Pick<GatherContext<unknown>, 'beside'>> {
  const look = await tls.beside?.();
  if (handshakeWith === null || look === undefined || asking.endpoints.length === 0) return {};
  return { beside: await look({ ...asking, net: { ...net, handshake: handshakeWith(swept) } }) };
}

function explainAll(
  { target, seen }: Swept,
  { asOfMs, trustedRoots }: JudgeTargetContext,
): ReadonlyMap<EndpointId, Explained> {
  const context = { roots: trustedRoots(), atMs: asOfMs, host: target };
  return new Map(
    seen.flatMap(({ endpoint, looked: { facts, certificates } }) => {
      const chain = (facts?.chainSent ?? []).flatMap((fingerprint) => certificates.get(fingerprint) ?? []);
      const explained = explainChain(chain, context);
      return explained === null ? [] : [[endpoint.id, explained] as const];
    }),
  );
}

function rideOf({ seen, lookup }: Swept): Ride {
  const traces = seen.map(
    ({ endpoint, looked }): RequestTrace => ({
      endpoint: endpoint.id,
      ...{ sequence: 0, startMs: 0, spans: {}, tcp: null, http: null },
      tls: looked.facts,
      problem: looked.problem,
    }),
  );
  const certificates = new Map(seen.flatMap(({ looked }) => [...looked.certificates]));
  const opened = new Map(seen.flatMap(({ looked }) => [...looked.opened]));
  for (const [fingerprint, x509] of opened) keepOpened(certificates.get(fingerprint) ?? x509.raw, x509);
  const staples = new Map(
    seen.flatMap(({ looked: { staple } }) => (staple === null ? [] : [[staple.fingerprint, staple.der] as const])),
  );
  return { traces, certificates, staples, lookups: lookup === null ? [] : [lookup] };
}

function observationOf({ target, seen }: Swept, evidence: Json, { asOfMs }: JudgeTargetContext): Observation {
  return {
    ...{ schema: SCHEMA, id: '', startedAt: new Date(asOfMs).toISOString(), durationMs: 0, complete: true },
    ...{ target, endpoints: seen.map(({ endpoint }) => endpoint), hops: [], riddenWith: {} },
    vantage: { name: '', zone: null, addresses: [] },
    budget: { dnsQueries: 0, connections: 0, requests: 0, bytesSent: 0, bytesReceived: 0 },
    probes: { tls: { state: 'complete', elapsedMs: 0, problem: null, because: null } },
    evidence: { tls: evidence },
  };
}

/** The same in every run: two spellings of one place are two places, as they were asked for. */
function placeId(target: string, endpoint: EndpointId | null): string {
  return endpoint === null || endpoint === target ? target : `${target} ${endpoint}`;
}

function placesOf({ target, lookup, servername, seen }: Swept, record: TlsRecord): readonly EndpointPlace[] {
  const head = { kind: 'endpoint', target: target.input, servername, starttls: target.starttls ?? null } as const;
  if (seen.length === 0) {
    const problem = lookup?.problem ?? null;
    const nothing = { chain: [], certificatesSent: 0, trusted: null, hostnameMatches: null, protocol: null };
    return [
      {
        ...head,
        ...nothing,
        id: target.input,
        endpoint: null,
        state: stateOf(problem),
        problem,
        elapsedMs: lookup?.durationMs ?? 0,
      },
    ];
  }
  return seen.map(({ endpoint, looked }) => {
    const chain = record.byEndpoint.find((one) => one.endpoint === endpoint.id);
    return {
      ...head,
      id: placeId(target.input, endpoint.id),
      endpoint: endpoint.id,
      state: looked.facts === null ? stateOf(looked.problem) : 'read',
      problem: looked.problem,
      elapsedMs: Math.round(looked.durationMs * 1000) / 1000,
      protocol: looked.facts?.protocol ?? null,
      chain: chain?.chainSent ?? [],
      certificatesSent: chain?.certificatesSent ?? 0,
      trusted: chain?.trusted ?? null,
      hostnameMatches: chain?.hostnameMatches ?? null,
    };
  });
}

function stateOf(problem: Problem | null): 'failed' | 'unfinished' {
  return problem?.code === 'cancelled' ? 'unfinished' : 'failed';
}

/** Of an address family that this machine lacks nothing is said while another family shows the certificates. */
function isOutOfReach({ problem }: Looked): boolean {
  return problem?.code === 'no-ipv6' || problem?.code === 'no-route';
}

/** What could not be looked at is not known to be well. */
function unseen({ target, lookup, seen, leftOut }: Swept, places: readonly EndpointPlace[]): readonly CertsProblem[] {
  const base = {
    id: 'unreachable',
    severity: 'unknown',
    target: target.input,
    certificate: null,
    atMs: null,
    soWhat: 'Whether its certificates are well is not known.',
  } as const;
  if (seen.length === 0) {
    const what = `No address to look at: ${wordsOf(lookup?.problem ?? null)}.`;
    const nowWhat = `Look the name up by hand: dig ${target.host}`;
    return [{ ...base, places: [target.input], what, nowWhat }];
  }
  const more = `${leftOut} more addresses were not looked at: ${seen.length} of one name are the most.`;
  const unlooked: readonly CertsProblem[] =
    leftOut === 0
      ? []
      : [
          {
            ...base,
            id: 'addresses-left-out',
            places: [places[0]?.id ?? target.input],
            what: more,
            nowWhat: 'Name the others by address, with --sni.',
          },
        ];
  const dark = seen.filter(({ looked }) => looked.facts === null);
  const reached = dark.filter(({ looked }) => !isOutOfReach(looked));
  // A service of this machine itself need not listen on both of its loopback addresses.
  const isOwn = lookup?.resolver === '' && dark.length < seen.length;
  const told = isOwn ? [] : reached.length === 0 && dark.length === seen.length ? dark : reached;
  const nowWhat = 'Try it by hand, or take the target off the list.';
  return [
    ...unlooked,
    ...[...Map.groupBy(told, ({ looked }) => wordsOf(looked.problem))].map(([words, same]) => ({
      ...base,
      places: places.filter(({ endpoint }) => same.some((one) => one.endpoint.id === endpoint)).map(({ id }) => id),
      what: `No certificate was shown: ${words}.`,
      nowWhat,
    })),
  ];
}

function wordsOf(problem: Problem | null): string {
  if (problem === null) return 'the server sent none';
  const { says } = problemCatalogue[problem.code];
  return problem.detail === null ? says : `${says} (${visible(problem.detail)})`;
}

/** One line for all endpoints of a target of which the same is to be said. */
function problemsOf(journey: Journey, record: TlsRecord, places: readonly EndpointPlace[]): readonly CertsProblem[] {
  const alike = Map.groupBy(journey.findings, ({ id, severity, what }) => `${id} ${severity} ${what}`);
  return [...alike.values()].flatMap((same): readonly CertsProblem[] => {
    const [finding] = same;
    if (finding === undefined) return [];
    const endpoints = new Set(same.map(({ endpoint }) => endpoint));
    const certificate = certificateOf(finding);
    const at = certificate === null ? null : (record.certificates[certificate]?.notAfter ?? null);
    return [
      {
        ...{ id: finding.id, severity: finding.severity, target: journey.target.input, certificate },
        places: places.filter((place) => endpoints.has(null) || endpoints.has(place.endpoint)).map(({ id }) => id),
        atMs: at === null ? null : Date.parse(at),
        ...{ what: finding.what, soWhat: finding.soWhat, nowWhat: finding.nowWhat },
      },
    ];
  });
}

const CERTIFICATE_POINTER = /^\/evidence\/tls\/certificates\/([0-9a-f]{64})$/;

function certificateOf({ evidence }: Finding): Fingerprint | null {
  return evidence.map((pointer) => CERTIFICATE_POINTER.exec(pointer)?.[1]).find((found) => found !== undefined) ?? null;
}

const RANK: readonly CertsProblem['severity'][] = [
  'critical',
  'unknown',
  ...severities.filter((one) => one !== 'critical'),
];

/** Worst first; of one severity what broke or will break first, then by name. */
export function byUrgency(a: CertsProblem, b: CertsProblem): number {
  const rank = RANK.indexOf(a.severity) - RANK.indexOf(b.severity);
  if (rank !== 0) return rank;
  const time = (a.atMs ?? Number.MAX_SAFE_INTEGER) - (b.atMs ?? Number.MAX_SAFE_INTEGER);
  if (time !== 0) return time;
  return a.target === b.target ? 0 : a.target < b.target ? -1 : 1;
}
