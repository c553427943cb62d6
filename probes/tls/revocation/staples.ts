// Owns the reading of stapled OCSP responses out of the ride, and of what the certificates at the head of chains promise. Sends nothing.
import type { Endpoint } from '../../../src/model/target.ts';
import type { EndpointId } from '../../../src/model/text.ts';
import type { Fingerprint, Ride, TlsFacts } from '../../../src/model/trace.ts';
import type { Certificate } from '../../../src/x509/certificate.ts';
import { extension } from '../../../src/x509/extensions.ts';
import { readOcspResponse } from '../../../src/x509/ocsp.ts';
import type { RevocationEvidence, StapleRecord } from '../evidence-revocation.ts';
import type { IssuerOf } from './issuers.ts';
import { fromOcsp, recordScts } from './statement.ts';

const MAX_STAPLES = 256;
/** status_request, RFC 6066 8. */
const STATUS_REQUEST = 5;

export interface StapleContext {
  readonly endpoints: readonly Endpoint[];
  readonly ride: Ride;
  /** Null for one that the ride does not hold. */
  readonly certificateOf: (fingerprint: Fingerprint) => Certificate | null;
  readonly issuerOf: IssuerOf;
  readonly atMs: number;
}

export function readStaples(context: StapleContext): Pick<RevocationEvidence, 'staples' | 'leaves'> {
  const staples = context.endpoints.flatMap(({ id }) => staplesOf(id, context)).slice(0, MAX_STAPLES);
  const leaves = new Set(
    context.ride.traces.flatMap(({ tls }) => (tls?.chainSent[0] === undefined ? [] : [tls.chainSent[0]])),
  );
  const promises = [...leaves].flatMap((fingerprint) => {
    const certificate = context.certificateOf(fingerprint);
    return certificate === null ? [] : [[fingerprint, promiseOf(certificate)] as const];
  });
  return { staples, leaves: Object.fromEntries(promises) };
}

function promiseOf({ extensions }: Certificate): RevocationEvidence['leaves'][string] {
  return {
    mustStaple: extensions.tlsFeatures.includes(STATUS_REQUEST),
    crlUrls: [...extensions.crlUrls],
    scts: recordScts(extensions.scts),
    sctsUnreadable: extensions.unreadable.includes(extension.scts),
  };
}

interface Same {
  readonly facts: TlsFacts;
  handshakes: number;
}

function staplesOf(endpoint: EndpointId, context: StapleContext): readonly StapleRecord[] {
  const groups = new Map<string, Same>();
  for (const { tls, endpoint: where } of context.ride.traces) {
    if (tls === null || where !== endpoint || tls.chainSent[0] === undefined) continue;
    const key = `${tls.chainSent[0]} ${tls.ocspResponse ?? String(tls.ocspStapled)}`;
    const same = groups.get(key);
    if (same === undefined) groups.set(key, { facts: tls, handshakes: 1 });
    else same.handshakes++;
  }
  return [...groups.values()].map((same) => recordOf(endpoint, same, context));
}

function recordOf(
  endpoint: EndpointId,
  { facts, handshakes }: Same,
  { ride, certificateOf, issuerOf, atMs }: StapleContext,
): StapleRecord {
  const { ocspResponse: response = null, ocspStapled } = facts;
  const leaf = facts.chainSent[0] ?? '';
  const base = { endpoint, leaf, handshakes, response, tooLarge: ocspStapled && response === null };
  const der = response === null ? undefined : ride.staples?.get(response);
  const certificate = der === undefined ? null : certificateOf(leaf);
  if (der === undefined || certificate === null) return { ...base, statement: null, producedAt: null, scts: [] };
  const read = readOcspResponse(der);
  const statement = fromOcsp(read, certificate, issuerOf(certificate), atMs);
  const single = read?.basic?.singles.find(({ serialHex }) => serialHex === certificate.serialHex);
  return { ...base, statement, producedAt: read?.basic?.producedAt ?? null, scts: recordScts(single?.scts ?? []) };
}
