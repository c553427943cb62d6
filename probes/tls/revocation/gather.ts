// Owns what the record tells of revocation: staples of the ride always, answers of the issuers' servers when asked for. Judges nothing.
import type { GatherContext } from '../../../src/contract/probe.ts';
import type { Ride } from '../../../src/model/trace.ts';
import { type Certificate, readCertificate } from '../../../src/x509/certificate.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { RevocationEvidence } from '../evidence-revocation.ts';
import type { TlsOptions } from '../options.ts';
import { askAbout } from './ask.ts';
import { issuersAmong } from './issuers.ts';
import { readStaples } from './staples.ts';

/** Null over plain http, where there is no certificate. */
export async function revocationOf(
  record: Pick<TlsEvidence, 'byEndpoint' | 'certificates'>,
  context: GatherContext<TlsOptions>,
): Promise<RevocationEvidence | null> {
  const { target, endpoints, ride, options, net, startedAtMs: atMs, signal, trustedRoots } = context;
  if (target.scheme === 'http') return null;
  const certificateOf = reading(ride);
  const sent = (): readonly Certificate[] =>
    Object.keys(record.certificates).flatMap((fingerprint) => certificateOf(fingerprint) ?? []);
  const issuerOf = issuersAmong(sent, () => trustedRoots?.() ?? []);
  const stapled = readStaples({ endpoints, ride, certificateOf, issuerOf, atMs });
  if (!options.revocation || net.fetchNamed === undefined) return stapled;
  const onPaths = pathsOf(record).flatMap((fingerprint) => certificateOf(fingerprint) ?? []);
  const asking = { fetchNamed: net.fetchNamed, endpoints, issuerOf, atMs, signal };
  return { ...stapled, ...(await askAbout(onPaths, asking)) };
}

/** Each certificate is read when it is first asked for: in a sweep without staples that is one of a chain. */
function reading({ certificates }: Ride): (fingerprint: string) => Certificate | null {
  const read = new Map<string, Certificate>();
  return (fingerprint) => {
    const der = certificates.get(fingerprint);
    if (der === undefined) return null;
    const certificate = read.get(fingerprint) ?? readCertificate(der);
    read.set(fingerprint, certificate);
    return certificate;
  };
}

/** Certificates on a path, server certificates first; a root is trusted by its own name, and nobody asks about it. */
function pathsOf({ byEndpoint, certificates }: Pick<TlsEvidence, 'byEndpoint' | 'certificates'>): readonly string[] {
  const paths = byEndpoint.flatMap(({ shape, otherChains }) =>
    [shape, ...otherChains.map((other) => other.shape)].map((one) => one?.path ?? []),
  );
  const heads = paths.flatMap((path) => path.slice(0, 1));
  const all = new Set([...heads, ...paths.flat()]);
  return [...all].filter((fingerprint) => certificates[fingerprint]?.selfSigned === false);
}
