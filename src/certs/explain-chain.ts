// Owns why a chain is trusted or not, in full, for one place that somebody asked about: faults, ways to a root, and the roots that were
// not sent. A sweep does without it.
import type { CertificateRecord } from '../model/certificate-schema.ts';
import type { ChainVerdict } from '../model/certs.ts';
import { visible } from '../model/text.ts';
import type { Fingerprint } from '../model/trace.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { recordCertificate } from '../x509/certificate-record.ts';
import { type Fault, faultSays, isFatal } from '../x509/fault.ts';
import { judgePath, type PathQuestion } from '../x509/path.ts';
import { trustStore } from '../x509/trust-store.ts';

export interface ExplainContext extends Pick<PathQuestion, 'atMs' | 'host'> {
  /** DER. */
  readonly roots: readonly Uint8Array[];
}

export interface Explained {
  readonly verdict: ChainVerdict;
  /** Of everything on a path, sent or not. */
  readonly certificates: Readonly<Record<Fingerprint, CertificateRecord>>;
}

const MAX_CHAIN = 200;
const MAX_FAULTS = 32;

/** Null without a certificate. @param chain DER as sent, the server's own first */
export function explainChain(chain: readonly Uint8Array[], { roots, atMs, host }: ExplainContext): Explained | null {
  const [leaf, ...sent] = chain.slice(0, MAX_CHAIN).map(readCertificate);
  if (leaf === undefined) return null;
  const judged = judgePath({ leaf, sent, store: trustStore(roots), atMs, host, purpose: 'serverAuth' });
  const onPath = new Set([...judged.path, ...judged.paths.flatMap(({ certificates }) => certificates)]);
  const verdict: ChainVerdict = {
    valid: judged.valid,
    path: judged.path,
    faults: judged.faults
      .toSorted((a, b) => Number(isFatal(b)) - Number(isFatal(a)))
      .slice(0, MAX_FAULTS)
      .map(faultOf),
    paths: judged.paths,
  };
  const ders = [...[leaf, ...sent, ...judged.roots].map(({ der }) => der), ...others(onPath, [leaf, ...sent], roots)];
  const records = ders.map((der) => recordCertificate(der, atMs));
  const kept = records.filter(({ certificate }) => onPath.has(certificate.fingerprint));
  return {
    verdict,
    certificates: Object.fromEntries(kept.map(({ certificate, record }) => [certificate.fingerprint, record])),
  };
}

function faultOf(fault: Fault): ChainVerdict['faults'][number] {
  const { code, certificate, about } = fault;
  return { code, fatal: isFatal(fault), certificate, says: visible(faultSays(fault)), about };
}

/** The roots at the ends of the other paths. */
function others(
  onPath: ReadonlySet<string>,
  sent: readonly Certificate[],
  roots: readonly Uint8Array[],
): readonly Uint8Array[] {
  const known = new Set(sent.map(({ fingerprint }) => fingerprint));
  if ([...onPath].every((fingerprint) => known.has(fingerprint))) return [];
  return roots.filter((root) => onPath.has(readCertificate(root).fingerprint));
}
