// Owns what the OPT record of a reply tells (RFC 6891): extended errors and the scope of a client subnet.
// Never lets an option that cannot be read spoil the reply: it counts as not sent.
import type { ClientSubnet, ExtendedError } from '../../contract/net.ts';
import { ipAddress } from '../../model/target.ts';
import { wireText } from '../../model/text.ts';
import { extendedErrorName } from './registry.ts';

/** https://www.iana.org/assignments/dns-parameters, "DNS EDNS0 Option Codes (OPT)". */
const option = { clientSubnet: 8, cookie: 10, extendedError: 15 } as const;
/** Options read of one reply, extended errors kept of it, and bytes of each text. */
const MAX_OPTIONS = 64;
const MAX_ERRORS = 8;
const MAX_TEXT_BYTES = 512;

export interface OptRead {
  readonly ede?: readonly ExtendedError[];
  readonly clientSubnet?: ClientSubnet;
  /** Ours and the server's: RFC 7873 4.2. */
  readonly cookie?: Buffer;
}

/** The options in the data of an OPT record; those behind one that runs past the end are lost. */
export function readOptions(data: Buffer): OptRead {
  const ede: ExtendedError[] = [];
  let clientSubnet: ClientSubnet | null = null;
  let cookie: Buffer | null = null;
  for (const [code, value] of optionsIn(data)) {
    if (code === option.extendedError && value.length >= 2 && ede.length < MAX_ERRORS) ede.push(extendedError(value));
    if (code === option.clientSubnet) clientSubnet ??= subnetOf(value);
    if (code === option.cookie) cookie ??= Buffer.from(value);
  }
  return {
    ...(ede.length > 0 && { ede }),
    ...(clientSubnet !== null && { clientSubnet }),
    ...(cookie !== null && { cookie }),
  };
}

function* optionsIn(data: Buffer): Iterable<readonly [code: number, value: Buffer]> {
  for (let at = 0, count = 0; at + 4 <= data.length && count < MAX_OPTIONS; count++) {
    const end = at + 4 + data.readUInt16BE(at + 2);
    if (end > data.length) return;
    yield [data.readUInt16BE(at), data.subarray(at + 4, end)];
    at = end;
  }
}

/** RFC 7873 4. */
export function cookieOption(cookie: Buffer): { readonly code: number; readonly data: Buffer } {
  return { code: option.cookie, data: cookie };
}

/** RFC 8914 2: the text may end with a NUL. */
function extendedError(value: Buffer): ExtendedError {
  const code = value.readUInt16BE(0);
  const text = value
    .subarray(2, 2 + MAX_TEXT_BYTES)
    .toString('utf8')
    .replace(/\0+$/, '');
  return { code, name: extendedErrorName(code), text: wireText(text) };
}

/** RFC 7871 6: family, source prefix, scope prefix, and as many octets of the address as the source prefix needs. */
function subnetOf(value: Buffer): ClientSubnet | null {
  if (value.length < 4) return null;
  const size = { 1: 4, 2: 16 }[value.readUInt16BE(0)];
  const [source = 0, scopePrefix = 0] = value.subarray(2);
  if (size === undefined || source > size * 8 || scopePrefix > size * 8) return null;
  if (value.length !== 4 + Math.ceil(source / 8)) return null;
  const octets = Buffer.alloc(size);
  value.copy(octets, 0, 4);
  const groups = Array.from({ length: size / 2 }, (_, index) => octets.readUInt16BE(index * 2).toString(16));
  const address = ipAddress(size === 4 ? octets.join('.') : groups.join(':'));
  return address === null ? null : { subnet: `${address}/${source}`, scopePrefix };
}

/**
 * The option that asks on behalf of a network, RFC 7871 6. Bits behind the length are cleared: a server may answer FORMERR when
 * they are not.
 * @throws RangeError when it is no `address/length`
 */
export function subnetOption(subnet: string): { readonly code: number; readonly data: Buffer } {
  const [text = '', bits = ''] = subnet.split('/');
  const address = ipAddress(text);
  const octets = address === null ? [] : octetsOf(address);
  const length = /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (octets.length === 0 || !(length <= octets.length * 8)) throw new RangeError(`"${subnet}" is no network`);
  const kept = octets
    .slice(0, Math.ceil(length / 8))
    .map((octet, at) => octet & (0xff00 >> Math.min(8, length - at * 8)));
  return { code: option.clientSubnet, data: Buffer.from([0, octets.length === 4 ? 1 : 2, length, 0, ...kept]) };
}

/** The canonical text of an address as its 4 or 16 octets. */
function octetsOf(address: string): readonly number[] {
  if (!address.includes(':')) return address.split('.').map(Number);
  const [head = '', tail = ''] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail)];
  const middle = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...middle, ...after].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
