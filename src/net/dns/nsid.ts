// Owns reading the name that a server's node gives itself (RFC 5001) out of the data of an OPT record.
// Never believes a length that the bytes do not bear out.
import { type WireText, wireText } from '../../model/text.ts';
import { NSID } from './registry.ts';

/** Longest name that is kept, in bytes; those in use have a dozen. */
const MAX_BYTES = 128;

/** Null when there is none, when it is empty, or when it stands behind an option that runs past the end. */
export function nsidIn(options: Buffer): WireText | null {
  for (let at = 0; at + 4 <= options.length; ) {
    const end = at + 4 + options.readUInt16BE(at + 2);
    if (end > options.length) return null;
    if (options.readUInt16BE(at) === NSID) return named(options.subarray(at + 4, Math.min(end, at + 4 + MAX_BYTES)));
    at = end;
  }
  return null;
}

/** RFC 5001 2.3: the bytes mean what the operator says; most write ASCII. */
function named(bytes: Buffer): WireText | null {
  if (bytes.length === 0) return null;
  const printable = bytes.every((octet) => octet >= 0x20 && octet < 0x7f);
  return wireText(printable ? bytes.toString('latin1') : `0x${bytes.toString('hex')}`);
}
