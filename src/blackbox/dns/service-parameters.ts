// Owns the text of the parameters of SVCB and HTTPS records (RFC 9460) as github.com/miekg/dns writes it. A record that breaks the format is refused.
import { MalformedMessage } from '../../net/dns/names.ts';
import { protocolsIn } from '../../net/dns/svcb.ts';
import { addressText, escaped, type Rdata } from './rdata.ts';

/** By number: RFC 9460 14.3.2, RFC 9461 5, RFC 9540 8. */
const KEYS = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint', 'dohpath', 'ohttp'];
const RESERVED = 65_535;
const SPECIAL = new Set([0x20, 0x22, 0x3b, 0x5c]);
const SPECIAL_IN_ALPN = new Set([0x20, 0x22, 0x3b]);

const keyName = (key: number): string => KEYS[key] ?? `key${key}`;

/** Each with a blank before it. @throws MalformedMessage */
export function serviceParameters(data: Rdata): string {
  let text = '';
  let last = -1;
  while (data.left > 0) {
    if (data.left < 4) throw new MalformedMessage('a service parameter that is cut');
    const key = data.number(2);
    const value = data.take(data.number(2));
    if (key <= last || key === RESERVED) throw new MalformedMessage('service parameters out of order');
    last = key;
    text += ` ${keyName(key)}="${valueText(KEYS[key], value)}"`;
  }
  return text;
}

function valueText(key: string | undefined, value: Buffer): string {
  switch (key) {
    case 'mandatory':
      return parts(value, 2)
        .map((part) => keyName(part.readUInt16BE(0)))
        .join(',');
    case 'alpn':
      return protocolsIn(value).map(protocolText).join(',');
    case 'no-default-alpn':
    case 'ohttp':
      if (value.length > 0) throw new MalformedMessage('a service parameter with a value that has none');
      return '';
    case 'port':
      if (value.length !== 2) throw new MalformedMessage('a port of the wrong length');
      return String(value.readUInt16BE(0));
    case 'ipv4hint':
      return parts(value, 4).map(addressText).join(',');
    case 'ipv6hint':
      return parts(value, 16).map(addressText).join(',');
    case 'ech':
      return value.toString('base64');
    default:
      return escaped(value, SPECIAL);
  }
}

function parts(value: Buffer, size: number): readonly Buffer[] {
  if (value.length % size !== 0) throw new MalformedMessage('a service parameter of the wrong length');
  return Array.from({ length: value.length / size }, (_, at) => value.subarray(at * size, (at + 1) * size));
}

/** Commas and backslashes are escaped twice: once for the list, once for the zone file (RFC 9460 A.1). */
function protocolText(octets: Buffer): string {
  return [...octets]
    .map((octet) => {
      if (octet === 0x2c) return String.raw`\\\044`;
      return octet === 0x5c ? String.raw`\\\092` : escaped(Uint8Array.of(octet), SPECIAL_IN_ALPN);
    })
    .join('');
}
