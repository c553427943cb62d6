// Owns when the chain that a server showed ends: its own certificate, the first of all that it served, the longest-lived path that holds,
// and the day it breaks with the certificate that breaks it (#340, #442, #589, #637). Told of every handshake, whatever the module made of it.

import { labelValue } from '../metrics/labels.ts';
import { BoundedMap } from '../model/bounded-map.ts';
import type { SentChain } from '../net/sample/chain-walk.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { type FaultCode, faultCodes } from '../x509/fault.ts';
import { unixMs } from '../x509/instant.ts';
import { judgePath, type PathQuestion } from '../x509/path.ts';
import { type TrustStore, trustStore } from '../x509/trust-store.ts';
import type { Gauges } from './gauges.ts';
import { goName } from './go/name.ts';
import { mayBeKept } from './shown-chains.ts';
import { holdsFor } from './tls-state.ts';

/** What a handshake showed, and whom it was for. */
export interface SeenChain {
  readonly sent: SentChain;
  /** The name or address that the certificate must hold; empty: any. */
  readonly servername: string;
  /** DER of the roots that the module trusts; the same list every time. */
  readonly roots: () => readonly Uint8Array[];
}

type Position = 'leaf' | 'intermediate' | 'root';

interface Break {
  /** Unix seconds. */
  readonly at: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Unix seconds; null: cannot be read, or there is none. */
export interface ChainLife {
  readonly leafFrom: number | null;
  readonly leafUntil: number | null;
  readonly servedUntil: number | null;
  /** End of the longest-lived path that holds now. */
  readonly pathUntil: number | null;
  /** When the last path ends, or when it did; null where none ever held. */
  readonly breaks: Break | null;
  readonly faults: readonly FaultCode[];
}

interface Kept {
  readonly life: ChainLife;
  /** Names of the server's own certificate. */
  readonly names: Certificate['extensions']['names'];
  /** Between these the verdict is the same. Unix ms. */
  readonly fromMs: number;
  readonly untilMs: number;
}

const MOST_KEPT = 5000;
/** At the latest: what has no boundary, such as a root that was not looked at, is looked at again. */
const STALE_MS = 3_600_000;
/** By roots, then by chain: the same chains come again and again, and a path costs as much as the handshake. */
const kept = new WeakMap<readonly Uint8Array[], BoundedMap<string, Kept>>();

/** @param atMs Unix ms. @returns null for a chain without a certificate */
export function lifeOf({ sent, servername, roots }: SeenChain, atMs: number): ChainLife | null {
  const known = keptOf(sent, roots(), atMs);
  if (known === null) return null;
  const { life, names } = known;
  if (servername === '' || holdsFor(names, servername)) return life;
  return { ...life, pathUntil: null, breaks: null, faults: [...life.faults, 'name-mismatch'] };
}

function keptOf(sent: SentChain, roots: readonly Uint8Array[], atMs: number): Kept | null {
  const { fingerprints, certificates } = sent;
  const byChain = kept.get(roots) ?? new BoundedMap<string, Kept>(MOST_KEPT);
  kept.set(roots, byChain);
  const key = fingerprints.join(' ');
  const known = byChain.get(key);
  if (known !== undefined && atMs >= known.fromMs && atMs < known.untilMs) return known;
  const [leaf, ...others] = fingerprints.flatMap((fingerprint) => {
    const der = certificates.get(fingerprint);
    return der === undefined ? [] : [readCertificate(der)];
  });
  if (leaf === undefined) return null;
  const fresh = judged(leaf, others, trustStore(roots), atMs);
  if (!mayBeKept(sent)) return fresh;
  byChain.set(key, fresh);
  return fresh;
}

function judged(leaf: Certificate, others: readonly Certificate[], store: TrustStore, atMs: number): Kept {
  const all = [leaf, ...others];
  const question: PathQuestion = { leaf, sent: others, store, atMs, host: null, purpose: 'serverAuth' };
  const verdict = judgePath(question);
  const find = finder(all, store);
  const fatal = verdict.faults.map(({ code }) => code).filter(isFaultCode);
  const [now] = verdict.paths;
  const lastly = now ?? lastPath(question, verdict.path.map(find), fatal);
  const onPaths = verdict.paths.flatMap(({ certificates }) => certificates.slice(-1).map(find));
  const boundaries = [...all, ...onPaths].flatMap((one) => [msOf(one?.notBefore), endMs(one?.notAfter)]);
  const next = boundaries.filter((ms): ms is number => ms !== null && ms > atMs);
  const ends = all.flatMap(({ notAfter }) => secondsOf(notAfter) ?? []);
  const culprit = lastly === null ? null : find(lastly.endsBy);
  return {
    names: leaf.extensions.names,
    fromMs: atMs,
    untilMs: Math.min(atMs + STALE_MS, ...next),
    life: {
      leafFrom: secondsOf(leaf.notBefore),
      leafUntil: secondsOf(leaf.notAfter),
      servedUntil: ends.length === 0 ? null : Math.min(...ends),
      pathUntil: now === undefined ? null : secondsOf(now.endsAt),
      breaks:
        lastly === null || culprit === null
          ? null
          : {
              at: Math.trunc(unixMs(lastly.endsAt) / 1000),
              labels: labelsOf(culprit, positionOf(lastly.endsBy, lastly.certificates)),
            },
      faults: [...new Set(fatal)],
    },
  };
}

const isFaultCode = (code: string): code is FaultCode => (faultCodes as readonly string[]).includes(code);

/** What some clients refuse and others take: it does not make the end of the path meaningless. */
const WEAKNESSES: ReadonlySet<FaultCode> = new Set(['weak-key', 'weak-signature']);

type LastPath = Pick<ReturnType<typeof judgePath>['paths'][number], 'certificates' | 'endsAt' | 'endsBy'>;

/**
 * The longest-lived of the paths that held when this one did: what is wrong with it now is that time has passed, or that it is weak.
 * @param path the one that lacks least, to a trusted root
 */
function lastPath(
  question: PathQuestion,
  path: readonly (Certificate | null)[],
  faults: readonly FaultCode[],
): LastPath | null {
  if (faults.length === 0 || faults.some((code) => code !== 'expired' && !WEAKNESSES.has(code))) return null;
  const ends = path.flatMap((one) => (one?.notAfter == null ? [] : [{ at: unixMs(one.notAfter), one }]));
  const [first] = ends.toSorted((a, b) => a.at - b.at);
  if (first === undefined) return null;
  const held = judgePath({ ...question, atMs: first.at }).paths[0];
  if (held !== undefined || faults.every((code) => code === 'expired')) return held ?? null;
  const certificates = path.flatMap((one) => (one === null ? [] : [one.fingerprint]));
  return { certificates, endsAt: first.one.notAfter ?? '', endsBy: first.one.fingerprint };
}

/** A certificate on a path by its fingerprint: it was sent, or it is a root of ours. */
function finder(sent: readonly Certificate[], store: TrustStore): (fingerprint: string) => Certificate | null {
  return (fingerprint) => {
    const own = sent.find((one) => one.fingerprint === fingerprint);
    if (own !== undefined) return own;
    const names = sent.flatMap(({ issuer }) => issuer ?? []);
    return names.flatMap((name) => store.named(name)).find((root) => root.fingerprint === fingerprint) ?? null;
  };
}

/** A certificate that is trusted itself, and was sent as the server's own, is the leaf. */
function positionOf(fingerprint: string, path: readonly string[]): Position {
  const at = path.indexOf(fingerprint);
  return at === 0 ? 'leaf' : at === path.length - 1 ? 'root' : 'intermediate';
}

/** The names of `probe_ssl_last_chain_info`, cut: whoever serves the certificate wrote them. */
function labelsOf(
  { fingerprint, subject, issuer, serialHex }: Certificate,
  position: Position,
): Readonly<Record<string, string>> {
  return {
    position,
    fingerprint_sha256: fingerprint,
    subject: labelValue(goName(subject?.node)),
    issuer: labelValue(goName(issuer?.node)),
    serialnumber: labelValue(serialHex.replace(/^(?:00)+(?=..)/, '')),
  };
}

const msOf = (instant: string | null | undefined): number | null => (instant == null ? null : unixMs(instant));
/** Valid through the whole of its last second (RFC 5280 4.1.2.5). */
const endMs = (instant: string | null | undefined): number | null => (instant == null ? null : unixMs(instant) + 1000);
const secondsOf = (instant: string | null): number | null =>
  instant === null ? null : Math.trunc(unixMs(instant) / 1000);

export const CHAIN_HELP = {
  probe_ssl_leaf_not_before_timestamp_seconds:
    "Begin of the server's own certificate, whether or not it was accepted, Unix time",
  probe_ssl_leaf_not_after_timestamp_seconds:
    "End of the server's own certificate, whether or not it was accepted, Unix time",
  probe_ssl_served_not_after_timestamp_seconds:
    'End of whichever served certificate ends first, needed by a path or not, Unix time',
  probe_ssl_chain_not_after_timestamp_seconds:
    'End of the longest-lived path that now holds from the certificate to a trusted root, for the name that was asked for, Unix time; absent where none holds',
  probe_ssl_breaks_timestamp_seconds:
    'When the last path that holds ends and clients begin to refuse, or when it did, Unix time; absent where none ever held',
  probe_ssl_breaks_info: 'Always 1; the certificate whose end breaks the last path',
  probe_ssl_chain_fault_info: 'Always 1; why no path holds now, also where the module does not verify',
} as const;

export function tellChainLife(gauges: Gauges, life: ChainLife): void {
  const tell = (name: keyof typeof CHAIN_HELP, value: number | null): void => {
    if (value !== null) gauges.gauge(name, CHAIN_HELP[name]).set(value);
  };
  tell('probe_ssl_leaf_not_before_timestamp_seconds', life.leafFrom);
  tell('probe_ssl_leaf_not_after_timestamp_seconds', life.leafUntil);
  tell('probe_ssl_served_not_after_timestamp_seconds', life.servedUntil);
  tell('probe_ssl_chain_not_after_timestamp_seconds', life.pathUntil);
  tell('probe_ssl_breaks_timestamp_seconds', life.breaks?.at ?? null);
  const info = (name: keyof typeof CHAIN_HELP, labels: Readonly<Record<string, string>>): void =>
    gauges.labelled(name, CHAIN_HELP[name], labels).set(1);
  if (life.breaks !== null) info('probe_ssl_breaks_info', life.breaks.labels);
  for (const fault of life.faults) info('probe_ssl_chain_fault_info', { fault });
}
