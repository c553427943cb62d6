// Owns reading an earlier report of `probe certs` back from JSON, in what a later one is compared with. Never judges.
import type { CertificateRecord } from '../model/certificate-schema.ts';
import { reportSchema } from '../model/certs-schema.ts';
import { visible } from '../model/text.ts';
import type { Fingerprint } from '../model/trace.ts';
import { UsageError } from '../model/usage-error.ts';

/** What was at one place. */
export interface EarlierPlace {
  readonly id: string;
  /** As typed; null for a file. */
  readonly target: string | null;
  readonly leaf: Fingerprint;
}

export interface EarlierReport {
  /** RFC 3339. */
  readonly startedAt: string;
  /** Those that showed a certificate. */
  readonly places: readonly EarlierPlace[];
  readonly certificates: Readonly<Record<Fingerprint, CertificateRecord>>;
  /** `id fingerprint` of each problem that was told of a certificate. */
  readonly told: ReadonlySet<string>;
}

const REMEDY = 'give a file written by `probe certs ... -f json -o FILE`';

/** @param name of the file, for messages. @throws UsageError when the text is no such report */
export function readReport(text: string, name: string): EarlierReport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${name} is not JSON`, REMEDY);
  }
  const parsed = reportSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined ? '' : `/${issue.path.map(String).join('/')}: ${issue.message}`;
    throw new UsageError(`${name} is no report of certificates: ${visible(where).slice(0, 300)}`, REMEDY);
  }
  const { startedAt, places, certificates, problems } = parsed.data;
  return {
    ...{ startedAt, certificates },
    places: places.flatMap(({ id, target = null, chain }) =>
      chain[0] === undefined ? [] : [{ id, target, leaf: chain[0] }],
    ),
    told: new Set(problems.flatMap(({ id, certificate }) => (certificate === null ? [] : [`${id} ${certificate}`]))),
  };
}
