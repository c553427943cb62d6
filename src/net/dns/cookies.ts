// Owns the DNS cookies of one journey (RFC 7873): one of ours for each server, and the newest that each server gave.
// Never shows one server what another one was shown, and never outlives the journey.
import { randomBytes } from 'node:crypto';
import type { PlainDnsServer } from '../../contract/net.ts';

/** RFC 7873 4: octets of a client cookie, and of a server cookie. */
const CLIENT_COOKIE_BYTES = 8;
const SERVER_COOKIE_BYTES = { least: 8, most: 32 } as const;
/** More servers than any journey asks; the oldest is forgotten. */
const MAX_SERVERS = 1_024;

export interface Cookies {
  /** What a query to this server carries. */
  of(server: PlainDnsServer): Buffer;
  /** Takes the cookie of a reply that was found to be the server's. */
  keep(server: PlainDnsServer, cookie: Buffer): void;
}

export function openCookies(): Cookies {
  const kept = new Map<string, Buffer>();
  const of = (server: PlainDnsServer): Buffer => {
    const key = `${server.address}#${server.port}`;
    const cookie = kept.get(key) ?? randomBytes(CLIENT_COOKIE_BYTES);
    const [oldest] = kept.keys();
    if (kept.size >= MAX_SERVERS && !kept.has(key) && oldest !== undefined) kept.delete(oldest);
    kept.set(key, cookie);
    return cookie;
  };
  return {
    of,
    keep(server, cookie) {
      if (isWhole(cookie) && isOurs(of(server), cookie)) kept.set(`${server.address}#${server.port}`, cookie);
    },
  };
}

/** True when the first half of the cookie is the one that was sent: RFC 7873 5.3. */
export function isOurs(sent: Buffer, cookie: Buffer): boolean {
  return (
    cookie.length >= CLIENT_COOKIE_BYTES &&
    cookie.subarray(0, CLIENT_COOKIE_BYTES).equals(sent.subarray(0, CLIENT_COOKIE_BYTES))
  );
}

/** With a server's half, and neither cut nor overlong. */
function isWhole({ length }: Buffer): boolean {
  const server = length - CLIENT_COOKIE_BYTES;
  return server >= SERVER_COOKIE_BYTES.least && server <= SERVER_COOKIE_BYTES.most;
}
