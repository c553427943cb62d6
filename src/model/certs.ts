// Owns the words of `probe certs`: where certificates were looked for, what was there, and what is wrong with it.
// The document is `certs/1`; every report, metric and notification of the command is made from it.
import type { CertificateRecord } from './certificate-schema.ts';
import type { Severity } from './finding.ts';
import type { Verdict } from './journey.ts';
import type { Json } from './json.ts';
import type { Problem } from './problem.ts';
import type { Starttls } from './target.ts';
import type { DnsName, EndpointId, WireText } from './text.ts';
import type { Fingerprint } from './trace.ts';

export const certFileFormats = ['pem', 'der', 'pkcs7', 'pkcs12', 'jks', 'secret', 'kubeconfig'] as const;
export type CertFileFormat = (typeof certFileFormats)[number];

/** How a chain leads to a trusted root, or all that is wrong with it. */
export interface ChainVerdict {
  readonly valid: boolean;
  /** What `faults` speak of, leaf first; the root at its end need not have been sent. */
  readonly path: readonly Fingerprint[];
  /** What programs refuse first. */
  readonly faults: readonly {
    readonly code: string;
    /** False: a rule is broken that few programs enforce. */
    readonly fatal: boolean;
    readonly certificate: Fingerprint;
    /** A clause to stand behind "The certificate". */
    readonly says: string;
    /** What a stranger wrote and the fault is about: the name of the missing issuer. */
    readonly about: WireText | null;
  }[];
  /** Every path that holds, the longest-lived first. */
  readonly paths: readonly {
    readonly certificates: readonly Fingerprint[];
    /** RFC 3339. */
    readonly endsAt: string;
    readonly endsBy: Fingerprint;
  }[];
}

interface PlaceBase {
  /** Unique in the document, and the same in every run for the same place: `kms.example 192.0.2.1:443`, `/etc/ssl/a.pem#2`. */
  readonly id: string;
  /** `failed`: nothing could be read, `problem` or `because` says why. */
  readonly state: 'read' | 'failed' | 'unfinished';
  /** As sent, or in the order of the file; look them up in `certificates`. */
  readonly chain: readonly Fingerprint[];
  /** With --explain; `certificates` then holds the roots that were not sent, too. */
  readonly verdict?: ChainVerdict;
}

/** One address behind a target. */
export interface EndpointPlace extends PlaceBase {
  readonly kind: 'endpoint';
  /** As typed. */
  readonly target: string;
  /** Null when the name could not be looked up. */
  readonly endpoint: EndpointId | null;
  readonly servername: DnsName | null;
  readonly starttls: Starttls | null;
  readonly problem: Problem | null;
  /** From the first byte sent to the end of the handshake. */
  readonly elapsedMs: number;
  readonly protocol: string | null;
  readonly certificatesSent: number;
  /** Null when there was no chain to judge. */
  readonly trusted: boolean | null;
  /** RFC 9525; null without a readable leaf. */
  readonly hostnameMatches: boolean | null;
}

/** One certificate store, or one entry of it. */
export interface FilePlace extends PlaceBase {
  readonly kind: 'file';
  readonly path: string;
  /** Alias of a key store, `namespace/name` of a Secret, user of a kubeconfig; null when the file is the entry. */
  readonly entry: WireText | null;
  readonly format: CertFileFormat | null;
  /** Why nothing could be read; null otherwise. */
  readonly because: string | null;
}

export type Place = EndpointPlace | FilePlace;

/** Everything that looking gave, before it is judged. */
export interface CertsEvidence {
  readonly places: readonly Place[];
  /** By fingerprint: every certificate of every place, once. */
  readonly certificates: Readonly<Record<Fingerprint, CertificateRecord>>;
}

/** One thing that is wrong at one place. */
export interface CertsProblem {
  /** Noun of the failing state: `certificate-expiry`, `chain-untrusted`, `unreachable`. */
  readonly id: string;
  /** `unknown`: it could not be looked at, which is not health. */
  readonly severity: Severity | 'unknown';
  /** As typed, or the path. */
  readonly target: string;
  /** `Place.id` of each place where it was found. */
  readonly places: readonly string[];
  readonly certificate: Fingerprint | null;
  /** What orders problems of one severity: when it broke or will break, Unix ms; null when it has no time. */
  readonly atMs: number | null;
  /** One line, flattened. */
  readonly what: string;
  readonly soWhat: string;
  readonly nowWhat: string;
}

export interface CertsReport extends CertsEvidence {
  readonly schema: 'certs/1';
  readonly startedAt: string;
  /** The time that everything was judged against. */
  readonly asOf: string;
  readonly durationMs: number;
  readonly verdict: Verdict;
  /** False when the sweep was stopped before its end. */
  readonly complete: boolean;
  readonly counts: {
    readonly targets: number;
    readonly places: number;
    readonly failed: number;
    readonly certificates: number;
  };
  /** Policy of the tls probe, and severities by check id. */
  readonly judgedWith: { readonly [name: string]: Json };
  /** Worst first. */
  readonly problems: readonly CertsProblem[];
}

const DAY_MS = 86_400_000;

/** Whole days until the first certificate of a place ends, negative after it; null when none was seen or it cannot be read. */
export function daysLeft({ chain }: Place, { certificates, asOf }: CertsReport): number | null {
  return daysUntil(certificates[chain[0] ?? '']?.notAfter ?? null, asOf);
}

/** Whole days from one time to another (RFC 3339), negative when it has passed; null when it is not known. */
export function daysUntil(notAfter: string | null, asOf: string): number | null {
  return notAfter === null ? null : Math.trunc((Date.parse(notAfter) - Date.parse(asOf)) / DAY_MS);
}
