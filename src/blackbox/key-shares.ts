// Owns which servers took an elliptic curve when the hybrid group stood beside it: their next handshake makes no key for that one, a fifth of its cost.
// Never takes a group from the offer: a server that has learnt the hybrid one asks for it, once (RFC 8446 4.1.4), and is known by it from then on.
import type { TLSSocket } from 'node:tls';

/** All that Go offers, with a key for the first alone; OpenSSL's own list comes with keys for the hybrid one and X25519. */
export const CURVES_FIRST = 'X25519:P-256:?X25519MLKEM768:P-384:P-521';

const MOST_SERVERS = 20_000;
const taking = new Set<string>();

/** @param server its name and address */
export function takesCurve(server: string): boolean {
  return taking.has(server);
}

/** @param socket after its handshake */
export function learnShare(server: string, socket: TLSSocket): void {
  const group = socket.getEphemeralKeyInfo() as { readonly type?: string } | null;
  const isCurve = group?.type === 'ECDH';
  if (isCurve === taking.has(server)) return;
  if (!isCurve) taking.delete(server);
  else if (taking.size < MOST_SERVERS) taking.add(server);
}
