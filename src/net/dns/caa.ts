// Owns reading the data of CAA records (RFC 8659 4.1) and their zone-file form. Never interprets a property.
import type { Caa } from '../../contract/net.ts';
import { wireText } from '../../model/text.ts';
import { MalformedMessage, spacedText } from './names.ts';

/** Longest value that is kept, bytes; a domain name with parameters needs fewer. */
const MAX_VALUE_BYTES = 1_024;
const CRITICAL = 0x80;

export interface CaaRead {
  readonly caa: Caa;
  readonly presentation: string;
}

/** @throws MalformedMessage */
export function readCaa(data: Buffer): CaaRead {
  const [flags, tagLength] = data;
  if (flags === undefined || tagLength === undefined || tagLength === 0 || 2 + tagLength > data.length) {
    throw new MalformedMessage('a CAA property without tag');
  }
  const tag = data
    .subarray(2, 2 + tagLength)
    .toString('latin1')
    .toLowerCase();
  if (!/^[a-z0-9]+$/.test(tag)) throw new MalformedMessage('a CAA tag of other characters than letters and digits');
  const octets = data.subarray(2 + tagLength, 2 + tagLength + MAX_VALUE_BYTES);
  const value = wireText(spacedText(octets, '\\'));
  const caa: Caa = { flags, critical: (flags & CRITICAL) !== 0, tag: wireText(tag), value };
  return { caa, presentation: `${flags} ${tag} "${spacedText(octets, '"\\')}"` };
}
