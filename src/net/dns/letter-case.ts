// Owns the random case of the letters in a question (draft-vixie-dnsext-dns0x20-00): a forger who cannot see the query must guess it.
// Never takes a name for another one: case means nothing in a name (RFC 4343).
import type { PlainDnsServer } from '../../contract/net.ts';
import { randomOctets } from './random-octets.ts';

const HEADER_BYTES = 12;
/** More servers than any journey asks; the oldest is forgotten. */
const MAX_SERVERS = 1_024;

/** The octets of the name in the question of a message of ours: uncompressed, right behind the header, root label included. */
export function questionName(message: Buffer): Buffer {
  let end = HEADER_BYTES;
  for (let length = message[end] ?? 0; length !== 0; length = message[end] ?? 0) end += length + 1;
  return message.subarray(HEADER_BYTES, end + 1);
}

/** Gives each letter of an uncompressed name a case by chance, in place. */
export function mixCase(name: Buffer): void {
  const chance = randomOctets(Math.ceil(name.length / 8));
  for (let at = 0; at < name.length; at++) {
    const octet = name[at] ?? 0;
    const small = octet | 0x20;
    // A length octet is at most 63, so that it is no letter.
    if (small < 0x61 || small > 0x7a || octet < 0x41) continue;
    const bit = ((chance[at >> 3] ?? 0) >> (at & 7)) & 1;
    name[at] = bit === 1 ? small & ~0x20 : small;
  }
}

/** The same message with its name in small letters. */
export function inPlainLetters({ bytes, mixed }: { readonly bytes: Buffer; readonly mixed: Buffer | null }): Buffer {
  if (mixed === null) return bytes;
  const plain = Buffer.from(bytes);
  const name = questionName(plain);
  for (let at = 0; at < name.length; at++) {
    const octet = name[at] ?? 0;
    if (octet >= 0x41 && octet <= 0x5a) name[at] = octet | 0x20;
  }
  return plain;
}

/** True when the reply repeats the name octet for octet, where RFC 1035 has it. */
export function repeatsName(reply: Buffer, name: Buffer): boolean {
  return reply.subarray(HEADER_BYTES, HEADER_BYTES + name.length).equals(name);
}

/** Which servers were found to write a question in letters of their own. */
export interface CaseLosers {
  has(server: PlainDnsServer): boolean;
  add(server: PlainDnsServer): void;
}

export function openCaseLosers(): CaseLosers {
  const known = new Set<string>();
  const keyOf = ({ address, port }: PlainDnsServer): string => `${address}#${port}`;
  return {
    has: (server) => known.has(keyOf(server)),
    add(server) {
      const [oldest] = known;
      if (known.size >= MAX_SERVERS && oldest !== undefined) known.delete(oldest);
      known.add(keyOf(server));
    },
  };
}
