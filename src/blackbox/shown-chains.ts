// Owns the chains that servers have shown: who shows the same certificate of its own in a handshake of the same length is taken to have shown the
// same chain, for a minute. To read a chain from OpenSSL makes a new object of each certificate, which costs a tenth of a probe and memory besides.
import type { TLSSocket } from 'node:tls';
import { BoundedMap } from '../model/bounded-map.ts';
import { type SentChain, walkChain } from '../net/sample/chain-walk.ts';

interface Shown {
  readonly sent: SentChain;
  /** Of the server's half of the handshake. */
  readonly bytes: number;
  readonly readMs: number;
}

const MOST_SERVERS = 2000;
/** An intermediate that was renewed within the bytes of the old one is noticed this late at most, ms. */
const GOOD_MS = 60_000;
/** By which handshakes with the same certificates differ: signatures of ECDSA leave leading zeros out (RFC 3279 2.2.3). */
const SIGNATURE_BYTES = 8;

/** Honest chains have some kilobytes. Thousands of the largest that OpenSSL takes would fill the memory, and whoever is probed makes a new one each time. */
const MOST_KEPT_BYTES = 16_384;

const shown = new BoundedMap<string, Shown>(MOST_SERVERS);

/** Of what is known of chains: in memory from one probe to the next. */
export function mayBeKept({ certificates }: Pick<SentChain, 'certificates'>): boolean {
  let bytes = 0;
  for (const { byteLength } of certificates.values()) bytes += byteLength;
  return bytes <= MOST_KEPT_BYTES;
}

/** @param server its name and address @param socket right after its handshake @param nowMs monotonic */
export function chainShown(server: string, socket: TLSSocket, nowMs: number): SentChain {
  const bytes = bytesRead(socket);
  const known = shown.get(server);
  if (known !== undefined && bytes !== null && isSame(known, bytes, socket, nowMs)) return known.sent;
  const { fingerprints, certificates } = walkChain(socket);
  const sent: SentChain = { fingerprints, certificates, opened: new Map() };
  if (bytes === null || fingerprints.length === 0 || !mayBeKept(sent)) return sent;
  shown.set(server, { sent, bytes, readMs: nowMs });
  return sent;
}

function isSame({ sent, bytes, readMs }: Shown, nowBytes: number, socket: TLSSocket, nowMs: number): boolean {
  if (nowMs - readMs > GOOD_MS || Math.abs(nowBytes - bytes) > SIGNATURE_BYTES) return false;
  const leaf = sent.certificates.get(sent.fingerprints[0] ?? '');
  // The session holds the server's own certificate as it came, and is at hand without an object.
  return leaf !== undefined && socket.getSession()?.includes(leaf) === true;
}

/** Undocumented, and null where this Node has no such door: then every chain is read. */
function bytesRead(socket: TLSSocket): number | null {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Over | null };
  const { _parent: below } = handle ?? {};
  const bytes = below?.bytesRead;
  return typeof bytes === 'number' && bytes > 0 ? bytes : null;
}

interface Over {
  readonly _parent?: { readonly bytesRead?: unknown } | null;
}
