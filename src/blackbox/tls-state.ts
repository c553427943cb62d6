// Owns what a probe says about the TLS of its connection: version, cipher, certificates as served, and the chain that was verified.
import { isIP } from 'node:net';
import type { DetailedPeerCertificate, SecureContext, TLSSocket } from 'node:tls';
import { BoundedMap } from '../model/bounded-map.ts';
import { sameText, visible } from '../model/text.ts';
import type { SentChain } from '../net/sample/chain-walk.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import type { PresentedNames } from '../x509/general-names.ts';
import { dnsMatches } from '../x509/hostname.ts';
import { unixMs } from '../x509/instant.ts';
import type { Gauges } from './gauges.ts';
import { goName } from './go/name.ts';
import { mayBeKept } from './shown-chains.ts';

/** Go's zero time in Unix seconds: what the exporter says where nothing was verified (its quirk 4, #653). */
const NO_TIME = -62_135_596_800;

/** Of one served chain; kept, because the same certificates come again and again. */
export interface ChainFacts {
  /** Unix seconds; null: no certificate has an end that can be read. */
  readonly earliestExpiry: number | null;
  readonly leaf: { readonly certificate: Certificate; readonly labels: Readonly<Record<string, string>> } | null;
  /** Unix seconds at which the path that was verified ends, by the context that verified it: found once, because Node takes long to tell it. */
  readonly pathEnds: WeakMap<SecureContext, number | null>;
}

const MOST_KEPT = 5000;
const kept = new BoundedMap<string, ChainFacts>(MOST_KEPT);

const VERSIONS: Readonly<Record<string, string>> = {
  TLSv1: 'TLS 1.0',
  'TLSv1.1': 'TLS 1.1',
  'TLSv1.2': 'TLS 1.2',
  'TLSv1.3': 'TLS 1.3',
};

/** What a handshake showed; read at once, because a socket that is closed says nothing any more. */
export interface TlsState {
  readonly version: string;
  /** IANA's name. */
  readonly cipher: string;
  readonly served: ChainFacts;
  /** Unix seconds at which the verified chain ends; null where none was. */
  readonly lastChainExpiry: number | null;
}

/** @param expiry of what was verified; null: it was not, and there is none to tell the end of */
export function readTls(socket: TLSSocket, served: ChainFacts, expiry: number | null): TlsState {
  return {
    version: VERSIONS[socket.getProtocol() ?? ''] ?? 'unknown',
    cipher: socket.getCipher().standardName,
    served,
    lastChainExpiry: expiry,
  };
}

/** Whether the server's certificate holds for a name or address (RFC 9525). */
export function holdsFor({ dns, ip }: PresentedNames, servername: string): boolean {
  // Names are told by their letters: what tells an address of IPv6 exactly is slow, and asked for last.
  const isName = !/^[\d.]+$|:/.test(servername) || isIP(servername) === 0;
  return isName
    ? dns.some((name) => dnsMatches(servername, name))
    : ip.some((address) => sameText(address, servername));
}

/**
 * End of a path that OpenSSL took and we would not: one of a weak key. Node tells it by what was sent wherever names fit, though a root of
 * ours may have ended the path earlier.
 */
export function pathEnd(socket: TLSSocket, context: SecureContext, { pathEnds }: ChainFacts): number | null {
  const known = pathEnds.get(context);
  if (known !== undefined) return known;
  const end = endAsLinked(socket);
  pathEnds.set(context, end);
  return end;
}

/** @param tells the cipher only the http prober does */
export function tellTls(
  gauges: Gauges,
  { version, cipher, served, lastChainExpiry: last }: TlsState,
  tells: { readonly chain: boolean; readonly cipher: boolean },
): void {
  gauges
    .gauge('probe_ssl_earliest_cert_expiry', 'Returns last SSL chain expiry in unixtime')
    .setOr(served.earliestExpiry, NO_TIME);
  gauges.labelled('probe_tls_version_info', 'Returns the TLS version used or NaN when unknown', { version }).set(1);
  if (tells.cipher)
    gauges.labelled('probe_tls_cipher_info', 'Returns the TLS cipher negotiated during handshake', { cipher }).set(1);
  if (tells.chain)
    gauges
      .gauge('probe_ssl_last_chain_expiry_timestamp_seconds', 'Returns last SSL chain expiry in timestamp')
      .setOr(last, NO_TIME);
  if (served.leaf !== null)
    gauges
      .labelled('probe_ssl_last_chain_info', 'Contains SSL leaf certificate information', served.leaf.labels)
      .set(1);
}

export function factsOf(sent: SentChain): ChainFacts {
  const { fingerprints, certificates } = sent;
  const key = fingerprints.join(' ');
  const known = kept.get(key);
  if (known !== undefined) return known;
  const read = fingerprints.flatMap((fingerprint) => {
    const der = certificates.get(fingerprint);
    return der === undefined ? [] : [{ fingerprint, certificate: readCertificate(der) }];
  });
  const ends = read.map(({ certificate }) => seconds(certificate.notAfter)).filter((end) => end !== null);
  const [leaf] = read;
  const facts: ChainFacts = {
    earliestExpiry: ends.length === 0 ? null : Math.min(...ends),
    leaf:
      leaf === undefined
        ? null
        : { certificate: leaf.certificate, labels: labelsOf(leaf.fingerprint, leaf.certificate) },
    pathEnds: new WeakMap(),
  };
  if (!mayBeKept(sent)) return facts;
  kept.set(key, facts);
  return facts;
}

function labelsOf(
  fingerprint: string,
  { subject, issuer, serialHex, extensions }: Certificate,
): Readonly<Record<string, string>> {
  return {
    fingerprint_sha256: fingerprint,
    issuer: goName(issuer?.node),
    serialnumber: serialHex.replace(/^(?:00)+(?=..)/, ''),
    subject: goName(subject?.node),
    subjectalternative: extensions.names.dns.map(visible).join(','),
  };
}

/** The end of one path, as Node links what was sent with a root of ours. */
function endAsLinked(socket: TLSSocket): number | null {
  const ends: number[] = [];
  const seen = new Set<string>();
  let at: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (at?.fingerprint256 !== undefined && !seen.has(at.fingerprint256)) {
    seen.add(at.fingerprint256);
    ends.push(Math.trunc(Date.parse(at.valid_to) / 1000));
    at = at.issuerCertificate;
  }
  return ends.length === 0 ? null : Math.min(...ends);
}

function seconds(instant: string | null): number | null {
  return instant === null ? null : Math.trunc(unixMs(instant) / 1000);
}
