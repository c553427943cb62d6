// Owns the reading of the ride's traces into the tls record. Sends nothing, judges nothing.
import type { Gather, GatherContext } from '../../src/contract/probe.ts';
import type { Endpoint, Target } from '../../src/model/target.ts';
import type { Fingerprint, RequestTrace, TlsFacts } from '../../src/model/trace.ts';
import { publicRoots } from '../../src/net/sample/roots.ts';
import { type Certificate, loaded } from '../../src/x509/certificate.ts';
import { type RecordedCertificate, recordCertificate } from '../../src/x509/certificate-record.ts';
import { hostMatches } from '../../src/x509/hostname.ts';
import { issuanceOf } from '../../src/x509/issuance.ts';
import type { Beside } from './beside.ts';
import { shapeOf } from './chain-shape.ts';
import { clockOf } from './clock.ts';
import { earlierOf } from './earlier.ts';
import { clientOf } from './ends/client.ts';
import type { LookedAt } from './ends/look.ts';
import { endsOf, shownBeside, twinOf } from './ends/record.ts';
import type { TlsCertificate, TlsChain, TlsEndpoint, TlsEvidence, TlsVerdict } from './evidence.ts';
import type { TlsOptions } from './options.ts';
import { revocationOf } from './revocation/gather.ts';
import { trustErrorOf, trustErrorSays } from './trust-words.ts';
import { verdictOf } from './verdict.ts';

/** Real chains have 2 to 5 certificates. The record keeps this many of one chain, and this many chains of one endpoint. */
const MAX_CHAIN = 16;
const MAX_OTHER_CHAINS = 8;

/** All handshakes of one endpoint that showed the same list of certificates. */
interface SameChain {
  readonly facts: TlsFacts;
  readonly count: number;
}

type DescribeChain = (same: SameChain) => TlsChain;

export const gather: Gather<TlsEvidence, TlsOptions> = async (context) => {
  const beganMs = context.net.now();
  const record = recordOf(context);
  const revocation = await revocationOf(record, context);
  const value = withPosture(revocation === null ? record : { ...record, revocation }, context);
  return { state: 'complete', value, elapsedMs: context.net.now() - beganMs };
};

/** What the survey beside the ride found; a certificate that the ride saw too is told as the ride saw it. */
function withPosture(record: TlsEvidence, { beside }: GatherContext<TlsOptions>): TlsEvidence {
  const surveyed = besideOf(beside)?.surveyed ?? null;
  if (surveyed === null) return record;
  const { posture, certificates } = surveyed;
  return { ...record, certificates: { ...certificates, ...record.certificates }, posture };
}

function besideOf(beside: GatherContext<TlsOptions>['beside']): Beside | null {
  return beside?.state === 'complete' ? (beside.value as unknown as Beside) : null;
}

function recordOf(context: GatherContext<TlsOptions>): TlsEvidence {
  const { target, endpoints, ride, startedAtMs, trustedRoots, before, beside } = context;
  // Over http there is nothing to read; the checks say so.
  if (target.scheme === 'http') return { byEndpoint: [], certificates: {} };
  const lookedAt: readonly LookedAt[] = besideOf(beside)?.lookedAt ?? [];
  const byEndpoint = endpoints.map((endpoint) => {
    const traces = ride.traces.filter((trace) => trace.endpoint === endpoint.id);
    const chains = chainsOf(traces);
    return { endpoint, traces, chains, twin: twinOf(lookedAt, endpoint.id, chains) };
  });
  const chainsSeen = byEndpoint.flatMap(({ chains, twin }) => [...chains, ...twin]);
  const kept = chainsSeen.flatMap(({ facts }) => facts.chainSent.slice(0, MAX_CHAIN));
  const { leaves, ders } = shownBeside(lookedAt);
  const read = readAll(new Set([...kept, ...leaves]), new Map([...ders, ...ride.certificates]), startedAtMs);
  const records = new Map([...read].map(([fingerprint, { record }]) => [fingerprint, record]));
  const issued = issuanceOf(
    new Map([...read].map(([fingerprint, { certificate }]) => [fingerprint, loaded(certificate).x509])),
  );
  const sentBy = ({ chainSent }: TlsFacts): readonly Certificate[] =>
    chainSent.slice(0, MAX_CHAIN).flatMap((fingerprint) => read.get(fingerprint)?.certificate ?? []);
  const describe: DescribeChain = (same) =>
    chainOf(same, {
      shape: shapeFor(same.facts, records, issued),
      hostnameMatches: leafMatches(sentBy(same.facts)[0], target),
      verdict:
        trustedRoots === undefined
          ? null
          : verdictOf(sentBy(same.facts), {
              roots: trustedRoots(),
              publicRoots: publicRoots(),
              atMs: startedAtMs,
              host: target,
            }),
    });
  const ownTime = clockOf(ride.traces, startedAtMs);
  return {
    byEndpoint: byEndpoint.map(({ endpoint, traces, chains, twin }) => ({
      ...endpointOf(endpoint, traces, chains, describe),
      ...twin.map((same) => ({ twin: describe(same) }))[0],
    })),
    certificates: Object.fromEntries(records),
    ...(lookedAt.length === 0 ? {} : { ends: endsOf(lookedAt, context) }),
    ...clientOf(context),
    ...(ownTime === null ? {} : { clock: ownTime }),
    ...(before === undefined ? {} : { earlier: earlierOf(before) }),
  };
}

/** Most frequent first; equals in the order seen. */
function chainsOf(traces: readonly RequestTrace[]): readonly SameChain[] {
  const handshakes = traces.map((trace) => trace.tls).filter((facts) => facts !== null);
  return [...Map.groupBy(handshakes, (facts) => facts.chainSent.join(' ')).values()]
    .flatMap((same) => (same[0] === undefined ? [] : [{ facts: same[0], count: same.length }]))
    .toSorted((a, b) => b.count - a.count)
    .slice(0, MAX_OTHER_CHAINS + 1);
}

function readAll(
  fingerprints: ReadonlySet<Fingerprint>,
  ders: ReadonlyMap<Fingerprint, Uint8Array>,
  startedAtMs: number,
): ReadonlyMap<Fingerprint, RecordedCertificate> {
  const nothing = new Uint8Array();
  return new Map(
    [...fingerprints].map((fingerprint) => [
      fingerprint,
      recordCertificate(ders.get(fingerprint) ?? nothing, startedAtMs),
    ]),
  );
}

function shapeFor(
  facts: TlsFacts,
  certificates: ReadonlyMap<Fingerprint, TlsCertificate>,
  issued: (child: string, issuer: string) => boolean,
) {
  const chainSent = facts.chainSent.slice(0, MAX_CHAIN);
  return shapeOf({ chainSent, trustError: trustErrorOf(facts.verifyError), certificates, issued });
}

function leafMatches(leaf: Certificate | undefined, target: Target): boolean | null {
  return leaf?.subject == null ? null : hostMatches(target, leaf.extensions.names);
}

interface Judged extends Pick<TlsChain, 'shape' | 'hostnameMatches'> {
  readonly verdict: TlsVerdict | null;
}

function chainOf({ facts, count }: SameChain, { shape, hostnameMatches, verdict }: Judged): TlsChain {
  const trustError = trustErrorOf(facts.verifyError);
  return {
    chainSent: facts.chainSent.slice(0, MAX_CHAIN),
    certificatesSent: facts.chainSent.length,
    count,
    trusted: trustError === null,
    trustError,
    trustErrorSays: trustError === null ? null : trustErrorSays(trustError),
    ...{ hostnameMatches, shape },
    ...(verdict === null ? {} : { verdict }),
  };
}

const NO_CHAIN: TlsChain = {
  chainSent: [],
  certificatesSent: 0,
  count: 0,
  trusted: null,
  trustError: null,
  trustErrorSays: null,
  hostnameMatches: null,
  shape: null,
};

function endpointOf(
  { id, zone }: Endpoint,
  traces: readonly RequestTrace[],
  chains: readonly SameChain[],
  describe: DescribeChain,
): TlsEndpoint {
  // A failed handshake may have shown certificates all the same: a server that wants one of ours sends its own first.
  const failures = traces.filter(({ problem }) => problem?.step === 'tls').length;
  const handshakes = traces.filter(({ tls, problem }) => tls !== null && problem?.step !== 'tls').length;
  const outOfReach = traces.filter(({ problem }) => problem?.code === 'no-ipv6' || problem?.code === 'no-route').length;
  const [main, ...others] = chains;
  const facts = main?.facts ?? null;
  return {
    endpoint: id,
    zone,
    handshakes,
    failures,
    unreached: traces.length - handshakes - failures - outOfReach,
    protocol: facts?.protocol ?? null,
    protocols: [...new Set(traces.flatMap(({ tls }) => (tls === null ? [] : [tls.protocol])))].toSorted(),
    cipher: facts?.cipher ?? null,
    group: facts?.group ?? null,
    alpn: facts?.alpn ?? null,
    servername: facts?.servername ?? null,
    ocspStapled: facts?.ocspStapled ?? null,
    ...(main === undefined ? NO_CHAIN : describe(main)),
    otherChains: others.map(describe),
  };
}
