// Owns our own verdict on a chain, as the record has it: all that is wrong with it, where OpenSSL names one thing. Asks no network.
import { visible } from '../../src/model/text.ts';
import type { Certificate } from '../../src/x509/certificate.ts';
import { nameText } from '../../src/x509/distinguished-name.ts';
import { type Fault, faultSays, isFatal } from '../../src/x509/fault.ts';
import { judgePath, type PathQuestion } from '../../src/x509/path.ts';
import { trustStore } from '../../src/x509/trust-store.ts';
import type { TlsVerdict } from './evidence.ts';

export interface VerdictContext extends Pick<PathQuestion, 'atMs' | 'host'> {
  readonly roots: readonly Uint8Array[];
  /** Fingerprints of the roots that everybody has. */
  readonly publicRoots: ReadonlySet<string>;
}

const MAX_FAULTS = 32;

/** Null for a chain without a certificate. @param chain as sent */
export function verdictOf(
  chain: readonly Certificate[],
  { roots, publicRoots, atMs, host }: VerdictContext,
): TlsVerdict | null {
  const [leaf, ...sent] = chain;
  if (leaf === undefined) return null;
  const store = trustStore(roots);
  const verdict = judgePath({ leaf, sent, store, atMs, host, purpose: 'serverAuth' });
  const subjects = subjectsOf([...chain, ...verdict.roots]);
  const fault = (one: Fault): TlsVerdict['faults'][number] => ({
    code: one.code,
    fatal: isFatal(one),
    certificate: one.certificate,
    subject: subjects.get(one.certificate) ?? null,
    says: visible(faultSays(one)),
    about: one.about,
  });
  return {
    valid: verdict.valid,
    path: [...verdict.path],
    // What refuses the chain comes first: nothing of it is cut.
    faults: verdict.faults
      .toSorted((a, b) => Number(isFatal(b)) - Number(isFatal(a)))
      .slice(0, MAX_FAULTS)
      .map(fault),
    paths: verdict.paths.map(({ certificates, endsAt, endsBy }) => ({
      certificates: [...certificates],
      endsAt,
      endsBy,
    })),
    publicRoot: [verdict.path, ...verdict.paths.map(({ certificates }) => certificates)].some((path) =>
      publicRoots.has(path.at(-1) ?? ''),
    ),
  };
}

function subjectsOf(certificates: readonly Certificate[]) {
  return new Map(
    certificates.map(({ fingerprint, subject }) => [fingerprint, subject === null ? null : nameText(subject.node)]),
  );
}
