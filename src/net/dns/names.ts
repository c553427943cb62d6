// Owns reading a domain name out of a message: bounded in bytes and pointer hops, every byte kept readable.
// Never follows a pointer forwards and never reads outside the message.

/** The one failure of the decoder: the bytes are no DNS message that can be read. */
export class MalformedMessage extends Error {}

/** Pointer hops that one whole message may still cost; shared by all its names. */
export interface HopBudget {
  left: number;
}

/** A 64 KiB reply can hold chains of thousands of pointers; honest messages of that size need fewer than one hop a name. */
export const HOPS_PER_MESSAGE = 2_000;

/** RFC 1035 2.3.4: octets of a name, length bytes and root included. */
const MAX_NAME_OCTETS = 255;

export interface NameRead {
  /** Lower case (RFC 4343), no final dot, `.` for the root; unprintable bytes as `\DDD`, dots and backslashes in a label escaped. */
  readonly text: string;
  /** Offset behind the name where it stands. */
  readonly end: number;
}

/**
 * Reads the name at `start`. Pointers go strictly backwards (RFC 1035 4.1.4), so that no chain can loop.
 * @throws MalformedMessage
 */
export function readName(bytes: Uint8Array, start: number, hops: HopBudget): NameRead {
  const { labels, end } = readLabels(bytes, start, hops);
  const text = labels.map((label) => octetText(label, '.\\').toLowerCase()).join('.');
  return { text: labels.length === 0 ? '.' : text, end };
}

/**
 * The octets of a name's labels as they stand, without the root. As `readName` otherwise.
 * @throws MalformedMessage
 */
export function readLabels(
  bytes: Uint8Array,
  start: number,
  hops: HopBudget,
): { readonly labels: readonly Uint8Array[]; readonly end: number } {
  const labels: Uint8Array[] = [];
  let octets = 1;
  let offset = start;
  let segment = start;
  let end: number | null = null;
  for (;;) {
    const length = octetAt(bytes, offset);
    if (length === 0) return { labels, end: end ?? offset + 1 };
    if (length >= 0xc0) {
      const target = (length & 0x3f) * 256 + octetAt(bytes, offset + 1);
      end ??= offset + 2;
      if (target >= segment) throw new MalformedMessage('a name points forwards');
      if (hops.left <= 0) throw new MalformedMessage('too many name pointers');
      hops.left -= 1;
      offset = target;
      segment = target;
      continue;
    }
    if (length > 63) throw new MalformedMessage('unknown kind of label');
    octets += length + 1;
    if (octets > MAX_NAME_OCTETS) throw new MalformedMessage('a name is longer than 255 octets');
    if (offset + 1 + length > bytes.length) throw new MalformedMessage('a name runs past the end');
    labels.push(bytes.subarray(offset + 1, offset + 1 + length));
    offset += length + 1;
  }
}

function octetAt(bytes: Uint8Array, offset: number): number {
  const octet = bytes[offset];
  if (octet === undefined) throw new MalformedMessage('a name runs past the end');
  return octet;
}

/** Master-file form of octets: unprintable ones and spaces as `\DDD`, those of `escaped` behind a backslash. RFC 1035 5.1. */
export function octetText(octets: Uint8Array, escaped: string): string {
  let text = '';
  for (const octet of octets) {
    const character = String.fromCharCode(octet);
    if (octet <= 0x20 || octet >= 0x7f) text += `\\${octet.toString().padStart(3, '0')}`;
    else text += escaped.includes(character) ? `\\${character}` : character;
  }
  return text;
}

/** A character string as between quotes in a master file: spaces stay as they are. RFC 1035 5.1. */
export function spacedText(octets: Uint8Array, escaped: string): string {
  return octetText(octets, escaped).replaceAll(/\\\\|\\032/g, (escape) => (escape === '\\032' ? ' ' : escape));
}
