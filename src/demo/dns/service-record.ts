// Owns writing HTTPS records (RFC 9460 2.2), which dns-packet has no name for. Never reads one.
import type { Answer } from 'dns-packet';
import type { ServiceScript } from '../script.ts';

const HTTPS = 65;
const key = { alpn: 1, port: 3, ipv4Hint: 4 } as const;

export function serviceRecord(script: ServiceScript, ttl: number): Answer {
  const { alpn, port, ipv4Hint } = script;
  const head = Buffer.concat([uint16(script.priority), nameOctets(script.target)]);
  const protocols = alpn.flatMap((one) => [Buffer.from([Buffer.byteLength(one)]), Buffer.from(one)]);
  const params = [
    ...(alpn.length > 0 ? [param(key.alpn, Buffer.concat(protocols))] : []),
    ...(port === null ? [] : [param(key.port, uint16(port))]),
    ...(ipv4Hint.length > 0 ? [param(key.ipv4Hint, addressOctets(ipv4Hint))] : []),
  ];
  const data = Buffer.concat([head, ...(script.priority === 0 ? [] : params)]);
  // RFC 3597: dns-packet takes the data of a type that it does not know as it is.
  return { type: `UNKNOWN_${HTTPS}`, name: script.name, ttl, data } as unknown as Answer;
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function param(number: number, value: Buffer): Buffer {
  return Buffer.concat([uint16(number), uint16(value.length), value]);
}

function nameOctets(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]), Buffer.of(0)]);
}

function addressOctets(addresses: readonly string[]): Buffer {
  return Buffer.from(addresses.flatMap((address) => address.split('.').map(Number)));
}
