// Owns reading the data of SVCB and HTTPS records (RFC 9460), which dns-packet does not know, and their zone-file form.
// Never takes part of a record that breaks the format: clients must reject it whole (RFC 9460 2.2).
import type { Svcb } from '../../contract/net.ts';
import { ipAddress } from '../../model/target.ts';
import type { IpAddress } from '../../model/text.ts';
import { wireText } from '../../model/text.ts';
import { MalformedMessage, octetText, readName, spacedText } from './names.ts';

/** RFC 9460 14.3.2 */
const key = { mandatory: 0, alpn: 1, noDefaultAlpn: 2, port: 3, ipv4Hint: 4, ech: 5, ipv6Hint: 6 } as const;
const keyNames = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint'];
/** Entries kept of each list; more than any service needs. */
const MAX_ENTRIES = 32;

export interface SvcbRead {
  readonly svcb: Svcb;
  readonly presentation: string;
}

type Params = ReadonlyMap<number, Buffer>;

/** @throws MalformedMessage */
export function readSvcb(bytes: Buffer, start: number, end: number): SvcbRead {
  if (end - start < 3) throw new MalformedMessage('a service record that is too short');
  const priority = bytes.readUInt16BE(start);
  // RFC 9460 2.2: the target is never compressed, so that no hop is allowed.
  const target = readName(bytes.subarray(0, end), start + 2, { left: 0 });
  // RFC 9460 2.4.2: in alias mode parameters are ignored.
  const params = priority === 0 ? new Map<number, Buffer>() : readParams(bytes.subarray(target.end, end));
  const protocols = protocolsIn(params.get(key.alpn))
    .slice(0, MAX_ENTRIES)
    .map((protocol) => octetText(protocol, '\\'));
  const svcb: Svcb = {
    priority,
    target: wireText(target.text),
    mandatory: numbersIn(params.get(key.mandatory)).slice(0, MAX_ENTRIES),
    alpn: protocols.map((protocol) => wireText(protocol)),
    noDefaultAlpn: params.has(key.noDefaultAlpn),
    port: params.get(key.port)?.readUInt16BE(0) ?? null,
    ipv4Hint: addressesIn(params.get(key.ipv4Hint), 4),
    ipv6Hint: addressesIn(params.get(key.ipv6Hint), 16),
    ech: params.has(key.ech),
    otherKeys: [...params.keys()].filter((one) => one > key.ipv6Hint).slice(0, MAX_ENTRIES),
  };
  return { svcb, presentation: present(svcb, { target: target.text, protocols, params }) };
}

/** Keys in strictly rising order, each with the value its format asks for: RFC 9460 2.2. */
function readParams(bytes: Buffer): Params {
  const params = new Map<number, Buffer>();
  let last = -1;
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw new MalformedMessage('a service parameter that is cut');
    const number = bytes.readUInt16BE(at);
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) throw new MalformedMessage('a service parameter that is cut');
    if (number <= last) throw new MalformedMessage('service parameters out of order');
    const value = bytes.subarray(at + 4, end);
    if (!isWellFormed(number, value)) throw new MalformedMessage('a service parameter of the wrong form');
    params.set(number, value);
    last = number;
    at = end;
  }
  if (!isConsistent(params)) throw new MalformedMessage('service parameters that contradict each other');
  return params;
}

function isWellFormed(number: number, value: Buffer): boolean {
  switch (number) {
    case key.mandatory:
      return value.length > 0 && value.length % 2 === 0;
    case key.alpn:
      return value.length > 0 && protocolsIn(value).every((protocol) => protocol.length > 0);
    case key.noDefaultAlpn:
      return value.length === 0;
    case key.port:
      return value.length === 2;
    case key.ipv4Hint:
      return value.length > 0 && value.length % 4 === 0;
    case key.ech:
      return value.length > 0;
    case key.ipv6Hint:
      return value.length > 0 && value.length % 16 === 0;
    default:
      return true;
  }
}

/** RFC 9460 7.1.1 (no-default-alpn needs alpn) and 8 (mandatory keys rise, are there, and never name themselves). */
function isConsistent(params: Params): boolean {
  if (params.has(key.noDefaultAlpn) && !params.has(key.alpn)) return false;
  const mandatory = numbersIn(params.get(key.mandatory));
  return mandatory.every((one, index) => one !== key.mandatory && params.has(one) && one > (mandatory[index - 1] ?? 0));
}

function numbersIn(value: Buffer | undefined): readonly number[] {
  if (value === undefined) return [];
  return Array.from({ length: value.length / 2 }, (_, index) => value.readUInt16BE(index * 2));
}

/** Names behind their length octets. @throws MalformedMessage when one runs past the end */
export function protocolsIn(value: Buffer = Buffer.alloc(0)): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < value.length; ) {
    const end = at + 1 + (value[at] ?? 0);
    if (end > value.length) throw new MalformedMessage('a protocol name that is cut');
    found.push(value.subarray(at + 1, end));
    at = end;
  }
  return found;
}

function addressesIn(value: Buffer | undefined, size: 4 | 16): readonly IpAddress[] {
  if (value === undefined) return [];
  const count = Math.min(value.length / size, MAX_ENTRIES);
  return Array.from({ length: count }, (_, index) => {
    const octets = value.subarray(index * size, (index + 1) * size);
    const text =
      size === 4
        ? octets.join('.')
        : Array.from({ length: 8 }, (_part, part) => octets.readUInt16BE(part * 2).toString(16)).join(':');
    const address = ipAddress(text);
    if (address === null) throw new MalformedMessage('a hint that is no address');
    return address;
  });
}

/** RFC 9460 2.1. Long values are cut with an ellipsis: this is for reading, not for loading. */
function present(
  svcb: Svcb,
  { target, protocols, params }: { target: string; protocols: readonly string[]; params: Params },
): string {
  const written = [...params].slice(0, MAX_ENTRIES).map(([number, value]) => {
    const name = keyNames[number] ?? `key${number}`;
    switch (number) {
      case key.mandatory:
        return `${name}=${svcb.mandatory.map((one) => keyNames[one] ?? `key${one}`).join(',')}`;
      case key.alpn:
        return `${name}="${protocols.map((one) => one.replaceAll('"', '\\"')).join(',')}"`;
      case key.noDefaultAlpn:
        return name;
      case key.port:
        return `${name}=${svcb.port}`;
      case key.ipv4Hint:
        return `${name}=${svcb.ipv4Hint.join(',')}`;
      case key.ipv6Hint:
        return `${name}=${svcb.ipv6Hint.join(',')}`;
      case key.ech:
        return `${name}=${shortened(value.toString('base64'))}`;
      default:
        return value.length === 0 ? name : `${name}="${shortened(spacedText(value.subarray(0, 64), '"\\'))}"`;
    }
  });
  return [svcb.priority, target === '.' ? '.' : `${target}.`, ...written].join(' ');
}

function shortened(text: string): string {
  return text.length <= 48 ? text : `${text.slice(0, 47)}…`;
}
